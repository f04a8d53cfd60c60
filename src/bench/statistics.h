// SPDX-License-Identifier: Apache-2.0
// A figure that was measured several times: its median and how far the others lie.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

namespace stride::bench {

struct Spread {
  double median = 0, min = 0, max = 0;
  size_t n = 0;
};

// Of an even number of values the median is the mean of the middle two. All zero for none.
inline Spread spread_of(std::vector<double> values) {
  if (values.empty()) return {};
  std::ranges::sort(values);
  const size_t middle = values.size() / 2;
  const double median =
      values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
  return {median, values.front(), values.back(), values.size()};
}

}  // namespace stride::bench
