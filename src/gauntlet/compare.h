// SPDX-License-Identifier: Apache-2.0
// Two runs of the same questions, test by test. A difference has an interval and an adjusted
// probability, and a winner is named only where both say so.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "gauntlet/summary.h"

namespace stride::gauntlet {

struct TestComparison {
  std::string id{}, title{};
  double a = 0, b = 0;  // mean scores over the variants that both have
  double a_clean = 0, b_clean = 0;
  Estimate difference{};  // A minus B
  double p = 1, p_adjusted = 1;
  Verdict verdict = Verdict::undecided;
  size_t n_pairs = 0;
};

struct Comparison {
  std::vector<TestComparison> tests{};  // that both runs have
  double a = 0, b = 0;
  Estimate difference{};
  double p = 1;
  Verdict verdict = Verdict::undecided;
  size_t n_pairs = 0;
};

// Errc::invalid_argument where the two did not ask the same questions.
Result<Comparison> compare(const Summary& a, const Summary& b);

// "step-3.7-flash (run 3)", to tell the two apart.
std::string label(const Summary& summary);

}  // namespace stride::gauntlet
