// SPDX-License-Identifier: Apache-2.0
// The harness certifies itself: every test and variant grades answers whose grade is known before.
// Empty, echoed and refused answers are worth nothing, references everything, wrong answers and
// mutants fail, puzzles have one solution, the keys of the traced programs are what Python prints,
// and trailing white space and CRLF change no score.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "gauntlet/test.h"

namespace stride::gauntlet {

struct SelftestRow {
  std::string test{};
  Variant variant{};
  std::string check{};   // "reference", "mutant: Fibonacci instead"
  std::string wanted{};  // "1.000", "0", "fails"
  double score = 0;
  bool passed = false;   // the answer passed its test
  bool holds = false;    // the check holds
  std::string detail{};  // of a check that does not: the criteria that decided
};

struct SelftestReport {
  std::vector<SelftestRow> rows{};
  std::vector<std::string> unsupported{};  // tests that had no sandbox
  std::string sandbox{};

  size_t n_failed() const;
  bool ok() const { return n_failed() == 0; }
};

struct SelftestOptions {
  uint32_t fresh = 2;  // drawn variants per test, besides the frozen ones
  uint64_t seed = 1;   // of the first drawn variant
  std::string today = "2026-11-26";
  std::string only{};  // one test, or empty
};

// `progress` is told the name of each test when it begins.
SelftestReport selftest(Sandbox& sandbox, const SelftestOptions& options = {},
                        const std::function<void(std::string_view)>& progress = {});

}  // namespace stride::gauntlet
