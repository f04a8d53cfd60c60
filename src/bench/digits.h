// SPDX-License-Identifier: Apache-2.0
// Figures as tables show them.
#pragma once

#include <fmt/core.h>

#include <string>

#include "bench/statistics.h"

namespace stride::bench {

// Three or four digits: "0.123", "1.23", "12.3", "123", "1234".
inline std::string digits(double x) {
  return fmt::format("{:.{}f}", x, x < 0.9995 ? 3 : x < 9.995 ? 2 : x < 99.95 ? 1 : 0);
}

inline std::string spread_text(const Spread& s, double unit = 1) {
  return fmt::format("{} ({} - {})", digits(s.median / unit), digits(s.min / unit),
                     digits(s.max / unit));
}

}  // namespace stride::bench
