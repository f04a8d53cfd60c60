// SPDX-License-Identifier: Apache-2.0
// Test 7: a booking desk that must ask for exactly what is missing and never fill a gap itself.
#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <set>

#include "gauntlet/booking_messages.h"
#include "gauntlet/cases.h"
#include "gauntlet/pattern.h"
#include "gauntlet/prose.h"
#include "gauntlet/scorer.h"

namespace stride::gauntlet {
namespace {

using namespace booking;

// "3 June 2027", "June 3, 2027", "2027-06-03", "03.06.2027".
std::optional<Date> read_date(const std::string& value) {
  Date date;
  std::vector<int> small;
  std::string flat = fold(value);
  for (char& c : flat) {
    if (c == '-' || c == '.' || c == '/' || c == ',') c = ' ';
  }
  for (const std::string& token : tokens(flat)) {
    int n = 0;
    const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), n);
    if (error == std::errc() && n >= 1000) {
      date.year = n;
    } else if (error == std::errc() && end != token.data()) {
      small.push_back(n);
    } else {
      for (size_t m = 0; m < kMonths.size(); ++m) {
        const std::string name = fold(kMonths[m]);
        if (token == name || (token.size() >= 3 && name.starts_with(token))) {
          date.month = static_cast<int>(m) + 1;
        }
      }
    }
  }
  if (date.month != 0 && small.size() == 1) {
    date.day = small[0];
  } else if (date.month == 0 && small.size() == 2) {
    const bool iso = trim(value).size() >= 5 && tokens(flat)[0].size() == 4;  // the year first
    date.month = small[iso ? 0 : 1];
    date.day = small[iso ? 1 : 0];
  }
  if (date.year == 0 || date.month == 0 || date.day == 0) return std::nullopt;
  return date;
}

std::string currency_code(const std::string& value) {
  const Tokens all = tokens(value);
  static const std::map<std::string, std::string> kCodes = {
      {"eur", "EUR"}, {"euro", "EUR"},   {"euros", "EUR"}, {"chf", "CHF"}, {"francs", "CHF"},
      {"gbp", "GBP"}, {"pounds", "GBP"}, {"sek", "SEK"},   {"pln", "PLN"}, {"dkk", "DKK"}};
  for (const std::string& token : all) {
    const auto it = kCodes.find(token);
    if (it != kCodes.end()) return it->second;
  }
  if (value.find("\xe2\x82\xac") != std::string::npos) return "EUR";
  return {};
}

// What the answer says about one message.
struct Reply {
  std::set<std::string> asks{};
  std::vector<std::map<std::string, std::string>> bookings{};
};

std::string field_name(std::string_view word) {
  const std::string flat = fold(word);
  if (flat == "location" || flat == "town") return "city";
  if (flat == "people" || flat == "attendees" || flat == "guests") return "headcount";
  return flat;
}

// "city", "city, currency", "<date>", "date (it does not exist)", "date - it does not exist".
void read_asks(std::string_view rest, Reply& reply) {
  static constexpr std::array<std::string_view, 7> kReasons = {"(",        " -",     ". ", ";",
                                                               " because", " since", "?"};
  for (const std::string_view mark : kReasons) rest = rest.substr(0, rest.find(mark));
  if (const size_t colon = rest.find(':', 1); colon != std::string_view::npos) {
    rest = rest.substr(0, colon);
  }
  std::string text = fold(rest);
  if (const size_t at = text.find("head count"); at != std::string::npos) {
    text.replace(at, 10, "headcount");
  }
  for (const std::string& token : tokens(text)) {
    if (token != "and" && token != "for" && token != "the") reply.asks.insert(field_name(token));
  }
}

void read_booking(std::string_view rest, Reply& reply) {
  std::map<std::string, std::string> booking;
  while (!rest.empty()) {
    const size_t end = std::min(rest.find(';'), rest.size());
    const std::string_view part = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    const size_t equals = part.find('=');
    if (equals == std::string_view::npos) continue;
    std::string value(trim(part.substr(equals + 1)));
    std::erase_if(value, [](char c) { return c == '`' || c == '*' || c == '"'; });
    booking[fold(trim(part.substr(0, equals)))] = value;
  }
  reply.bookings.push_back(std::move(booking));
}

// "#2 BOOK ...", "- **#1 ASK city**", "#1: ASK city"; the key is the message number.
std::map<int, Reply> read_replies(const std::string& answer) {
  std::map<int, Reply> out;
  std::string_view rest = answer;
  while (!rest.empty()) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    line.remove_prefix(std::min(line.find_first_not_of(" \t*_`>-#"), line.size()));
    if (fold(line.substr(0, 8)) == "message ")
      line.remove_prefix(std::min(line.find_first_not_of(" #", 8), line.size()));
    int number = 0;
    const auto [after, error] = std::from_chars(line.data(), line.data() + line.size(), number);
    if (error != std::errc()) continue;
    line.remove_prefix(static_cast<size_t>(after - line.data()));
    line.remove_prefix(std::min(line.find_first_not_of(" \t*_`:.)-"), line.size()));
    const std::string word =
        fold(line.substr(0, std::min(line.find_first_of(" \t:"), line.size())));
    if (word == "ask") read_asks(line.substr(3), out[number]);
    if (word == "book") read_booking(line.substr(4), out[number]);
  }
  return out;
}

bool is_booking(const std::map<std::string, std::string>& booking, const Message& message) {
  const auto value = [&](std::string_view field) {
    const auto it = booking.find(std::string(field));
    return it == booking.end() ? std::string() : it->second;
  };
  const auto is_number = [&](std::string_view field, int wanted) {
    const auto n = single_number(value(field));
    return n && *n == wanted;
  };
  const std::string currency = value("currency");
  return booking.size() == kFields.size() && tokens(value("city")) == tokens(message.city) &&
         read_date(value("date")) == message.date && is_number("headcount", message.headcount) &&
         is_number("budget", message.budget) && currency_code(currency) == message.currency;
}

double f1(const std::set<std::string>& asked, const std::set<std::string>& wanted) {
  const auto hits = static_cast<size_t>(std::ranges::count_if(
      asked, [&](const std::string& field) { return wanted.contains(field); }));
  return 2 * share(hits, asked.size() + wanted.size());
}

std::string joined(const std::set<std::string>& fields) {
  std::string out;
  for (const std::string& field : fields) out += (out.empty() ? "" : ", ") + field;
  return out.empty() ? "nothing" : out;
}

class EdgeCases final : public Case {
 public:
  explicit EdgeCases(std::vector<Message> messages) : messages_(std::move(messages)) {}

  Question question() const override {
    Question out;
    out.turns.push_back(
        {.role = ChatTurn::Role::system,
         .text =
             "You run a venue desk. A booking needs city, date, headcount, budget and currency. "
             "If one of these is missing, ambiguous or impossible, ask for exactly those, one "
             "per line, as `#<message> ASK <field>`. Otherwise write one line `#<message> BOOK "
             "city=..; date=..; headcount=..; budget=..; currency=..`. Never fill gaps "
             "yourself."});
    std::string text;
    for (size_t i = 0; i < messages_.size(); ++i) {
      text += '#' + std::to_string(i + 1) + ' ' + messages_[i].text + '\n';
    }
    out.turns.push_back({.text = std::move(text)});
    return out;
  }

  Grade grade(std::span<const Attempt> attempts, Sandbox& /*sandbox*/) const override {
    std::map<int, Reply> replies = read_replies(answer_of(attempts));
    Scorer scorer;
    bool gap_filled = false;
    bool invented = replies.empty();
    for (size_t i = 0; i < messages_.size(); ++i) {
      const int number = static_cast<int>(i) + 1;
      const Reply reply = replies[number];
      const Message& message = messages_[i];
      const bool complete = message.ask.empty();
      const bool booked = std::ranges::any_of(
          reply.bookings, [&](const auto& booking) { return is_booking(booking, message); });
      const bool exact = booked && reply.bookings.size() == 1 && reply.asks.empty();
      gap_filled = gap_filled || (!complete && !reply.bookings.empty());
      invented = invented || (!reply.bookings.empty() && !(complete && booked));
      const double value = complete                 ? exact
                           : reply.bookings.empty() ? f1(reply.asks, message.ask)
                                                    : 0;
      scorer.add(
          "message " + std::to_string(number), 0.20, value,
          (reply.bookings.empty() ? "asks for " + joined(reply.asks) : std::string("books")) +
              "; wanted: " + (complete ? "the booking" : joined(message.ask)));
    }
    for (const auto& [number, reply] : replies) {
      const bool known = number >= 1 && number <= static_cast<int>(messages_.size());
      invented = invented || (!known && !reply.bookings.empty());
    }
    const bool answered = std::ranges::any_of(replies, [](const auto& item) {
      return !item.second.asks.empty() || !item.second.bookings.empty();
    });
    invented = invented || !answered;
    scorer.add(
        "nothing invented", 0.20, !invented,
        answered ? (invented ? "a value was made up" : "yes") : "no line follows the protocol");
    scorer.gate("no booking with gaps", 0, !gap_filled, !gap_filled, kGateCap,
                gap_filled ? "an incomplete message was booked" : "none");
    if (gap_filled) scorer.flag("invented_booking");
    return scorer.finish();
  }

  std::vector<PseudoAnswer> certification() const override {
    using Must = PseudoAnswer::Must;
    auto out = usual_suspects(question(), reference(), Must::not_clean);
    std::string all_asked;
    std::string all_booked;
    for (size_t i = 1; i <= messages_.size(); ++i) {
      const std::string number = '#' + std::to_string(i);
      for (const std::string_view field : kFields) {
        all_asked += number + " ASK " + std::string(field) + '\n';
      }
      all_booked +=
          number + " BOOK city=Lisbon; date=3 June 2027; headcount=25; budget=6500; currency=EUR\n";
    }
    out.push_back(pseudo("wrong: always asks", all_asked, Must::not_pass));
    out.push_back(pseudo("wrong: always books", all_booked, Must::fail));
    out.push_back(pseudo("wrong: asks and books", reference() + all_booked, Must::fail));
    out.push_back(pseudo("wrong: asks in prose",
                         "Could you tell me the city and the currency? For the third one the date "
                         "does not exist.",
                         Must::fail));
    return out;
  }

 private:
  std::string reference() const {
    std::string out;
    for (size_t i = 0; i < messages_.size(); ++i) {
      const Message& m = messages_[i];
      const std::string number = '#' + std::to_string(i + 1);
      for (const std::string& field : m.ask) out += number + " ASK " + field + '\n';
      if (!m.ask.empty()) continue;
      out += number + " BOOK city=" + m.city + "; date=" + spelled(m.date) +
             "; headcount=" + std::to_string(m.headcount) + "; budget=" + std::to_string(m.budget) +
             "; currency=" + m.currency + '\n';
    }
    return out;
  }

  std::vector<Message> messages_;
};

}  // namespace

CasePtr make_edge_case_handling(const Variant& variant) {
  return std::make_unique<EdgeCases>(messages_for(variant));
}

}  // namespace stride::gauntlet
