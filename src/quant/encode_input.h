// SPDX-License-Identifier: Apache-2.0
// What the encoders make of foreign numbers before they search: within a block every value is
// finite and of a size whose squares can be added up, and every weight lies in [0, 1].
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <span>

#include "base/half.h"

namespace stride::quant {

// A row of values with its weights. `importance` is empty or has the length of one row; values may
// be many such rows.
struct EncodeInput {
  std::span<const float> values;
  std::span<const float> importance;
};

template <size_t kN>
struct BlockInput {
  alignas(16) std::array<float, kN> x;
  alignas(16) std::array<float, kN> w;
};

// No block type of ours but MXFP4 reaches this magnitude (the largest is Q6_K's 65504 * 128 * 32).
inline constexpr float kLargestInput = 0x1p28f;

// Block b of the input. NaN becomes 0 and infinities the largest input. A weight that is NaN,
// infinite or negative counts as 0, and where all are 0 the block is encoded as if unweighted.
template <size_t kN>
BlockInput<kN> read_block(const EncodeInput& in, size_t b, float largest = kLargestInput) {
  BlockInput<kN> out;
  const float* x = in.values.data() + b * kN;
  for (size_t i = 0; i < kN; ++i) {
    const float v = x[i] == x[i] ? x[i] : 0.0f;
    out.x[i] = std::min(std::max(v, -largest), largest);
  }
  out.w.fill(1);
  if (in.importance.empty()) return out;
  const float* w = in.importance.data() + b * kN % in.importance.size();
  float heaviest = 0;
  for (size_t i = 0; i < kN; ++i) {
    out.w[i] = std::isfinite(w[i]) && w[i] > 0 ? w[i] : 0.0f;
    heaviest = std::max(heaviest, out.w[i]);
  }
  for (float& v : out.w) v = heaviest > 0 ? v / heaviest : 1.0f;
  return out;
}

// A scale as an f16 that is never an infinity.
inline uint16_t nearest_scale(float scale) {
  return f32_to_f16(std::min(std::max(scale, -65504.0f), 65504.0f));
}

// The smallest f16 that is no smaller in magnitude, so that integer scales made by dividing by it
// stay in their range, and a block of small values does not vanish; saturates.
inline uint16_t scale_away_from_zero(float scale) {
  const uint16_t bits = nearest_scale(scale);
  const bool is_short = std::fabs(f16_to_f32(bits)) < std::fabs(scale);
  return static_cast<uint16_t>(bits + (is_short && (bits & 0x7fff) < 0x7bff ? 1 : 0));
}

}  // namespace stride::quant
