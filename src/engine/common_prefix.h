// SPDX-License-Identifier: Apache-2.0
// How far two texts agree.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>

#include "model/model.h"

namespace stride::engine {

inline uint32_t common_prefix(std::span<const model::Token> a, std::span<const model::Token> b) {
  const size_t n = std::min(a.size(), b.size());
  return static_cast<uint32_t>(std::mismatch(a.begin(), a.begin() + n, b.begin()).first -
                               a.begin());
}

}  // namespace stride::engine
