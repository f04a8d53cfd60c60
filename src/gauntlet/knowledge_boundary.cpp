// SPDX-License-Identifier: Apache-2.0
#include "gauntlet/knowledge_boundary.h"

#include <algorithm>
#include <charconv>

#include "base/check.h"
#include "gauntlet/pattern.h"
#include "gauntlet/prose.h"
#include "json/json.h"

namespace stride::gauntlet {
namespace {

constexpr size_t kMostFacts = 1000;

std::optional<DatedFact> read_fact(const Json& item) {
  const std::string* date = json::string_member(item, "date");
  const std::string* question = json::string_member(item, "question");
  const Json* accepted = json::member(item, "accepted");
  if (date == nullptr || question == nullptr || accepted == nullptr || !accepted->is_array())
    return std::nullopt;
  DatedFact fact{.question = *question};
  const char* const end = date->data() + date->size();
  const auto year = std::from_chars(date->data(), end, fact.year);
  if (year.ec != std::errc() || year.ptr == end || *year.ptr != '-') return std::nullopt;
  const auto month = std::from_chars(year.ptr + 1, end, fact.month);
  // A day may follow; it is not needed.
  if (month.ec != std::errc() || fact.month < 1 || fact.month > 12 ||
      (month.ptr != end && *month.ptr != '-'))
    return std::nullopt;
  for (const Json& text : *accepted)
    if (text.is_string() && !tokens(text.get<std::string>()).empty())
      fact.accepted.push_back(text.get<std::string>());
  if (trim(fact.question).empty() || fact.accepted.empty()) return std::nullopt;
  return fact;
}

bool contains(const Tokens& text, const Tokens& part) {
  return !std::ranges::search(text, part).empty();
}

}  // namespace

Result<std::vector<DatedFact>> read_dated_facts(std::string_view text) {
  const auto root = json::parse(text, {.max_bytes = size_t{4} << 20});
  if (!root || !root->is_array())
    return fail(Errc::invalid_argument,
                R"(the facts must be a JSON list of {{"date", "question", "accepted"}})");
  if (root->size() > kMostFacts)
    return fail(Errc::invalid_argument, "{} facts are too many, {} are allowed", root->size(),
                kMostFacts);
  std::vector<DatedFact> out;
  for (const Json& item : *root) {
    auto fact = read_fact(item);
    if (!fact)
      return fail(Errc::invalid_argument,
                  R"(fact {} needs "date" as YYYY-MM, "question" and a list "accepted")",
                  out.size() + 1);
    out.push_back(*std::move(fact));
  }
  if (out.empty()) return fail(Errc::invalid_argument, "the list of facts is empty");
  return out;
}

Question ask_fact(const DatedFact& fact, std::string_view today) {
  Question out;
  out.turns.push_back({.role = ChatTurn::Role::system,
                       .text = "Today is " + std::string(today) +
                               ". Answer in a few words; write UNKNOWN if you cannot know."});
  out.turns.push_back({.text = fact.question});
  return out;
}

Knows judge_fact(const DatedFact& fact, std::string_view answer) {
  const Tokens said = tokens(with_digits(strip_markdown(normalize(answer))));
  if (said.empty()) return Knows::failed;
  if (matches(said, "unknown")) return Knows::unknown;
  const bool right = std::ranges::any_of(fact.accepted, [&](const std::string& accepted) {
    return contains(said, tokens(with_digits(accepted)));
  });
  return right ? Knows::right : Knows::wrong;
}

KnowledgeCurve knowledge_curve(std::span<const DatedFact> facts, std::span<const Knows> answers) {
  STRIDE_CHECK(facts.size() == answers.size());
  KnowledgeCurve curve;
  for (size_t i = 0; i < facts.size(); ++i) {
    const int year = facts[i].year;
    const int quarter = (facts[i].month - 1) / 3 + 1;
    auto at = std::ranges::find_if(curve.quarters, [&](const QuarterKnowledge& q) {
      return q.year == year && q.quarter == quarter;
    });
    if (at == curve.quarters.end())
      at = curve.quarters.insert(at, {.year = year, .quarter = quarter});
    switch (answers[i]) {
      case Knows::right:
        ++at->n_right;
        break;
      case Knows::unknown:
        ++at->n_unknown;
        break;
      case Knows::wrong:
        ++at->n_wrong;
        break;
      case Knows::failed:
        ++at->n_failed;
    }
  }
  std::ranges::sort(curve.quarters, {},
                    [](const QuarterKnowledge& q) { return 4 * q.year + q.quarter; });
  // Facts that are known before the boundary fit, and facts that are not known from it on.
  size_t fit = 0;
  for (const QuarterKnowledge& q : curve.quarters) fit += q.n_unknown + q.n_wrong;
  const size_t none = fit;
  size_t best = fit;
  for (size_t i = 0; i < curve.quarters.size(); ++i) {
    const QuarterKnowledge& q = curve.quarters[i];
    fit += q.n_right;
    fit -= q.n_unknown + q.n_wrong;
    if (fit <= best) continue;
    best = fit;
    curve.boundary = i + 1;
  }
  if (best == none || curve.boundary == curve.quarters.size()) curve.boundary.reset();
  return curve;
}

}  // namespace stride::gauntlet
