// SPDX-License-Identifier: Apache-2.0
// Counts of right answers with their uncertainty.
#pragma once

#include <cstdint>

namespace stride::nano {

struct Interval {
  double low = 0, high = 1;
};

// Wilson's score interval of a proportion at 95 %: also right for few trials and for shares near 0
// or 1, where the normal interval is not. No trials: [0, 1].
Interval wilson(uint64_t n_right, uint64_t n);

struct Tally {
  uint64_t n = 0, n_right = 0;

  void add(bool right) {
    ++n;
    n_right += right ? 1 : 0;
  }
  double share() const {
    return n == 0 ? 0 : static_cast<double>(n_right) / static_cast<double>(n);
  }
  Interval interval() const { return wilson(n_right, n); }
};

struct Mean {
  uint64_t n = 0;
  double sum = 0;

  void add(double value) {
    ++n;
    sum += value;
  }
  double value() const { return n == 0 ? 0 : sum / static_cast<double>(n); }
};

}  // namespace stride::nano
