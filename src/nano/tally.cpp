// SPDX-License-Identifier: Apache-2.0
#include "nano/tally.h"

#include <algorithm>
#include <cmath>

namespace stride::nano {

Interval wilson(uint64_t n_right, uint64_t n) {
  if (n == 0) return {};
  constexpr double z = 1.959963984540054;  // the 97.5 % point of the normal distribution
  const double trials = static_cast<double>(n), p = static_cast<double>(n_right) / trials;
  const double scale = 1 + z * z / trials;
  const double centre = (p + z * z / (2 * trials)) / scale;
  const double half = z / scale * std::sqrt(p * (1 - p) / trials + z * z / (4 * trials * trials));
  return {std::max(0.0, centre - half), std::min(1.0, centre + half)};
}

}  // namespace stride::nano
