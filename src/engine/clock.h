// SPDX-License-Identifier: Apache-2.0
// The clock by which the engine times its work.
#pragma once

#include <chrono>

namespace stride::engine {

using Clock = std::chrono::steady_clock;

inline double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

}  // namespace stride::engine
