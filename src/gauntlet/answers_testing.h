// SPDX-License-Identifier: Apache-2.0
// Tables of answers for the grader tests: right ones in many wordings must score 1.000, wrong and
// cheating ones must fail. Every row is one answer to the first frozen variant.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "gauntlet/sandbox.h"
#include "gauntlet/test.h"

namespace stride::gauntlet {

inline std::string explained(const Grade& grade) {
  std::string out = std::to_string(grade.score);
  for (const Criterion& c : grade.criteria) {
    out += "\n  " + c.name + " " + std::to_string(c.value) + ": " + c.evidence;
  }
  return out;
}

// One sandbox for a test program: finding the interpreter takes a moment.
inline Sandbox& shared_sandbox() {
  static Sandbox sandbox = Sandbox::open();
  return sandbox;
}

inline Grade grade_text(std::string_view test, std::string_view answer, uint32_t variant = 0) {
  Attempt attempt;
  attempt.answer = answer;
  attempt.finish_reason = "stop";
  const auto drawn = make_case(test, {.index = variant}, "2026-11-26");
  return grade(*find_test(test), *drawn, std::vector{attempt}, shared_sandbox());
}

inline void expect_right(std::string_view test, const std::vector<std::string>& answers,
                         uint32_t variant = 0) {
  for (const std::string& answer : answers) {
    const Grade result = grade_text(test, answer, variant);
    EXPECT_GE(result.score, 0.999) << answer << '\n' << explained(result);
    EXPECT_TRUE(result.passed);
  }
}

inline void expect_wrong(std::string_view test, const std::vector<std::string>& answers) {
  for (const std::string& answer : answers) {
    const Grade result = grade_text(test, answer);
    EXPECT_FALSE(result.passed) << answer << '\n' << explained(result);
  }
}

}  // namespace stride::gauntlet
