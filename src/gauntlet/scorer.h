// SPDX-License-Identifier: Apache-2.0
// Adds up the criteria of one answer: score = sum of weight times value, capped by every gate that
// was missed. Passed: the score reaches the threshold and all gates hold. There is no default
// credit: what was not shown is 0.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "gauntlet/test.h"

namespace stride::gauntlet {

inline constexpr double kPassScore = 0.60;
inline constexpr double kCleanScore = 0.999;
inline constexpr double kGateCap = 0.40;

class Scorer {
 public:
  explicit Scorer(double pass_score = kPassScore) : pass_score_(pass_score) {}

  void add(std::string_view name, double weight, double value, std::string evidence);
  // A criterion that caps the score where it does not hold. `missed` is the class of such an
  // answer.
  void gate(std::string_view name, double weight, double value, bool holds, double cap,
            std::string evidence, FailureClass missed = FailureClass::wrong);
  // Taken off after the sum.
  void penalty(std::string_view name, double points, std::string evidence);
  void flag(std::string_view name) { grade_.flags.emplace_back(name); }
  // The answer needed a repair (a fence taken off): it can pass, it cannot be clean.
  void repaired() { repaired_ = true; }

  Grade finish();

 private:
  double pass_score_;
  double sum_ = 0;
  double cap_ = 1;
  bool gates_hold_ = true;
  bool repaired_ = false;
  FailureClass missed_ = FailureClass::constraint_miss;
  Grade grade_{};
};

// An answer that holds nothing the grader could look at.
Grade nothing_to_grade(FailureClass failure, std::string evidence);

// The last attempt's answer channel with its spelling levelled.
std::string answer_of(std::span<const Attempt> attempts);

// A short quotation for evidence: one line, at most `limit` bytes, whole characters.
std::string quote(std::string_view text, size_t limit = 80);

double share(size_t part, size_t whole);

}  // namespace stride::gauntlet
