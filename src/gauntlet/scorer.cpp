// SPDX-License-Identifier: Apache-2.0
#include "gauntlet/scorer.h"

#include <algorithm>

#include "base/utf8.h"
#include "gauntlet/prose.h"

namespace stride::gauntlet {

void Scorer::add(std::string_view name, double weight, double value, std::string evidence) {
  value = std::clamp(value, 0.0, 1.0);
  sum_ += weight * value;
  grade_.criteria.push_back({.name = std::string(name),
                             .weight = weight,
                             .value = value,
                             .evidence = std::move(evidence)});
}

void Scorer::gate(std::string_view name, double weight, double value, bool holds, double cap,
                  std::string evidence, FailureClass missed) {
  add(name, weight, value, std::move(evidence));
  grade_.criteria.back().gate = true;
  if (holds) return;
  cap_ = std::min(cap_, cap);
  // The first missed gate names the class.
  if (gates_hold_) missed_ = missed;
  gates_hold_ = false;
}

void Scorer::penalty(std::string_view name, double points, std::string evidence) {
  sum_ -= points;
  grade_.criteria.push_back(
      {.name = std::string(name), .weight = -points, .value = 1, .evidence = std::move(evidence)});
}

Grade Scorer::finish() {
  // Rounded, so that a sum of weights is exactly what the table says.
  constexpr double kGrain = 1e9;
  const double score = std::clamp(std::min(sum_, cap_), 0.0, 1.0);
  grade_.score = static_cast<double>(static_cast<int64_t>(score * kGrain + 0.5)) / kGrain;
  grade_.passed = gates_hold_ && grade_.score >= pass_score_;
  grade_.clean = grade_.passed && grade_.score >= kCleanScore && !repaired_;
  grade_.failure = grade_.passed ? FailureClass::ok : missed_;
  return std::move(grade_);
}

Grade nothing_to_grade(FailureClass failure, std::string evidence) {
  Grade grade;
  grade.failure = failure;
  grade.criteria.push_back(
      {.name = "answer", .weight = 1, .gate = true, .evidence = std::move(evidence)});
  return grade;
}

std::string answer_of(std::span<const Attempt> attempts) {
  return attempts.empty() ? std::string() : normalize(attempts.back().answer);
}

std::string quote(std::string_view text, size_t limit) {
  std::string line = to_valid_utf8(trim(text).substr(0, 4 * limit));
  std::ranges::replace_if(line, [](char c) { return c == '\n' || c == '\r' || c == '\t'; }, ' ');
  if (line.size() <= limit) return line;
  line.resize(limit);
  line.resize(line.size() - incomplete_utf8_tail(line));
  return line + "...";
}

double share(size_t part, size_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace stride::gauntlet
