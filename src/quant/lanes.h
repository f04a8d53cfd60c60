// SPDX-License-Identifier: Apache-2.0
// Four floats at once, for the searches of the encoders. Sums are kept in four lanes and added in
// one order, so an encoded tensor has the same bytes on every machine.
#pragma once

#include <cstddef>
#include <cstring>

namespace stride::quant {

using F4 = float __attribute__((vector_size(16)));

inline F4 load4(const float* p) {
  F4 v;
  std::memcpy(&v, p, sizeof v);
  return v;
}

inline void store4(float* p, F4 v) {
  std::memcpy(p, &v, sizeof v);
}

inline F4 splat(float v) {
  return F4{v, v, v, v};
}
inline F4 min4(F4 a, F4 b) {
  return a < b ? a : b;
}
inline F4 max4(F4 a, F4 b) {
  return a > b ? a : b;
}
inline float sum4(F4 v) {
  return (v[0] + v[1]) + (v[2] + v[3]);
}

// The nearest integer (ties to even) within [low, high], both below 2^22 in magnitude: adding
// 1.5 * 2^23 leaves no bit for a fraction.
inline F4 round_within(F4 v, float low, float high) {
  const F4 clamped = min4(max4(v, splat(low)), splat(high));
  return (clamped + 0x1.8p23f) - 0x1.8p23f;
}

}  // namespace stride::quant
