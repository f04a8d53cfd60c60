// SPDX-License-Identifier: Apache-2.0
// Test 7 without its protocol of lines: the desk answers in plain English, and words decide what it
// asked for. Words can be put in more ways than any list knows, so this is asked only in an
// environment of its own, is reported there and counts for nothing.
#include <algorithm>
#include <array>
#include <charconv>
#include <map>

#include "gauntlet/booking_messages.h"
#include "gauntlet/cases.h"
#include "gauntlet/pattern.h"
#include "gauntlet/prose.h"
#include "gauntlet/scorer.h"

namespace stride::gauntlet {
namespace {

using namespace booking;

struct FieldWords {
  std::string_view field;
  std::vector<std::string_view> patterns;
};

const std::vector<FieldWords>& field_words() {
  static const std::vector<FieldWords> kWords = {
      {"city",
       {"what|which|provide|specify|missing|need|clarify|tell|confirm|give|know|choose ...4 "
        "city|town|place|location",
        "where"}},
      {"date",
       {"what|which|provide|specify|missing|need|clarify|tell|confirm|give|know|choose ...4 "
        "date|day",
        "when", "another|valid|different|exact date|day"}},
      {"headcount",
       {"what|which|provide|specify|missing|need|clarify|tell|confirm|give|know|choose ...4 "
        "headcount|attendees|guests|participants",
        "how many", "number of people|guests|attendees|participants"}},
      {"budget",
       {"how much", "which budget|amount", "what ...2 budget|amount",
        "missing|provide|specify ...3 budget"}},
      {"currency",
       {"what|which|provide|specify|missing|need|clarify|tell|confirm|give|know|choose ...4 "
        "currency",
        "euros|dollars|eur|usd or"}}};
  return kWords;
}

// The text that belongs to each message: from the line that begins with its number to the next one.
std::map<int, std::string> parts_by_number(const std::string& answer) {
  std::map<int, std::string> out;
  int current = 0;
  for (std::string_view rest = answer; !rest.empty();) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    line.remove_prefix(std::min(line.find_first_not_of(" \t*_`>-#"), line.size()));
    int number = 0;
    const auto [after, error] = std::from_chars(line.data(), line.data() + line.size(), number);
    const std::string_view behind = line.substr(static_cast<size_t>(after - line.data()));
    const bool labels = error == std::errc() && number >= 1 && number <= 4 && !behind.empty() &&
                        std::string_view(".):*").find(behind.front()) != std::string_view::npos;
    if (labels) {
      current = number;
      line = behind.substr(1);
    }
    if (current > 0) out[current] += std::string(line) + '\n';
  }
  return out;
}

std::set<std::string> asked_in(const std::string& part) {
  std::set<std::string> out;
  for (const std::string& sentence : sentences(part)) {
    const Tokens words = tokens(sentence);
    const bool asks = sentence.ends_with('?') ||
                      matches(words, "please|need|missing|specify|clarify|provide|unclear|confirm");
    if (!asks) continue;
    for (const FieldWords& field : field_words())
      for (const std::string_view pattern : field.patterns)
        if (matches(words, pattern)) out.insert(std::string(field.field));
  }
  return out;
}

bool says_booked(const std::string& part) {
  for (const std::string& sentence : sentences(part)) {
    const Tokens words = tokens(sentence);
    if (matches(words, "booked|confirmed|reserved|booking") &&
        !matches(words, "not|no|nothing|can't|cannot|before|until|once|to|if|isn't|haven't") &&
        !sentence.ends_with('?'))
      return true;
  }
  return false;
}

bool repeats_values(const std::string& part, const Message& m) {
  const std::vector<int64_t> said = integers(with_plain_numbers(part));
  const auto has = [&](int64_t n) { return std::ranges::count(said, n) > 0; };
  const std::string month = fold(kMonths[static_cast<size_t>(m.date.month - 1)]);
  const Tokens words = tokens(part);
  const bool dated = matches(words, month) || matches(words, month.substr(0, 3)) ||
                     (has(m.date.month) && has(m.date.year));
  return matches(words, fold(m.city)) && has(m.headcount) && has(m.budget) && dated;
}

double f1(const std::set<std::string>& asked, const std::set<std::string>& wanted) {
  const auto hits = static_cast<size_t>(std::ranges::count_if(
      asked, [&](const std::string& field) { return wanted.contains(field); }));
  return 2 * share(hits, asked.size() + wanted.size());
}

class PlainEdgeCases final : public Case {
 public:
  explicit PlainEdgeCases(std::vector<Message> messages) : messages_(std::move(messages)) {}

  Question question() const override {
    Question out;
    out.turns.push_back(
        {.role = ChatTurn::Role::system,
         .text = "You run a venue desk. A booking needs city, date, headcount, budget and "
                 "currency. Answer each message in plain English, beginning with its number and a "
                 "full stop. If one of these is missing, ambiguous or impossible, ask for exactly "
                 "that and book nothing. Otherwise say that it is booked and repeat the five "
                 "values. Never fill gaps yourself."});
    std::string text;
    for (size_t i = 0; i < messages_.size(); ++i)
      text += std::to_string(i + 1) + ". " + messages_[i].text + '\n';
    out.turns.push_back({.text = std::move(text)});
    return out;
  }

  Grade grade(std::span<const Attempt> attempts, Sandbox& /*sandbox*/) const override {
    std::map<int, std::string> parts = parts_by_number(answer_of(attempts));
    Scorer scorer;
    bool gap_filled = false;
    for (size_t i = 0; i < messages_.size(); ++i) {
      const Message& message = messages_[i];
      const std::string part = parts[static_cast<int>(i) + 1];
      const std::set<std::string> asked = asked_in(part);
      const bool complete = message.ask.empty();
      const bool booked = says_booked(part);
      gap_filled = gap_filled || (booked && !complete);
      const double value = complete ? booked && asked.empty() && repeats_values(part, message)
                           : booked ? 0
                                    : f1(asked, message.ask);
      scorer.add("message " + std::to_string(i + 1), 0.25, value, quote(part));
    }
    scorer.gate("no booking with gaps", 0, !gap_filled, !gap_filled, kGateCap,
                gap_filled ? "an incomplete message was booked" : "none");
    if (gap_filled) scorer.flag("invented_booking");
    return scorer.finish();
  }

  std::vector<PseudoAnswer> certification() const override {
    return usual_suspects(question(), reference(), PseudoAnswer::Must::not_clean);
  }

 private:
  std::string reference() const {
    std::string out;
    for (size_t i = 0; i < messages_.size(); ++i) {
      const Message& m = messages_[i];
      out += std::to_string(i + 1) + ". ";
      if (m.ask.empty()) {
        out += "It is booked: " + m.city + ", " + spelled(m.date) + ", " +
               std::to_string(m.headcount) + " people, " + std::to_string(m.budget) + ' ' +
               m.currency + ".\n";
        continue;
      }
      for (const std::string& field : m.ask) out += "Which " + field + " shall it be? ";
      out += '\n';
    }
    return out;
  }

  std::vector<Message> messages_;
};

}  // namespace

CasePtr make_plain_edge_case(const Variant& variant) {
  return std::make_unique<PlainEdgeCases>(messages_for(variant));
}

}  // namespace stride::gauntlet
