// SPDX-License-Identifier: Apache-2.0
// Plain loops that the compiler makes vector code of as it can: an estimate of the limit for
// processors without a table of their own.
#include "kernels/scalar/scalar.h"

namespace stride::kernels::scalar {
namespace {

constexpr size_t kLanes = 64;

// The compiler has to assume that the lanes are read and changed.
template <class T>
void touch(T (&lanes)[kLanes]) {
  asm volatile("" : : "r"(lanes) : "memory");
}

uint64_t int8(uint64_t n_round) {
  int16_t x[kLanes], y[kLanes];
  int32_t sum[kLanes] = {};
  for (size_t i = 0; i < kLanes; ++i) x[i] = y[i] = static_cast<int16_t>(i % 3);
  for (uint64_t round = 0; round < n_round; ++round) {
    touch(x);
    for (size_t i = 0; i < kLanes; ++i) sum[i] += x[i] * y[i];
  }
  touch(sum);
  return n_round * kLanes * 2;
}

uint64_t fma(uint64_t n_round) {
  float x[kLanes], sum[kLanes] = {};
  for (size_t i = 0; i < kLanes; ++i) x[i] = 0.5F;
  for (uint64_t round = 0; round < n_round; ++round) {
    touch(x);
    for (size_t i = 0; i < kLanes; ++i) sum[i] += x[i] * 0.25F;
  }
  touch(sum);
  return n_round * kLanes * 2;
}

uint64_t read(const std::byte* data, size_t n, size_t prefetch) {
  uint64_t sum[8] = {};
  const auto* p = reinterpret_cast<const uint64_t*>(data);
  for (size_t i = 0; i < n / sizeof(uint64_t); i += 8) {
    __builtin_prefetch(p + i + prefetch / sizeof(uint64_t));
    for (size_t j = 0; j < 8; ++j) sum[j] += p[i + j];
  }
  uint64_t all = 0;
  for (const uint64_t part : sum) all += part;
  return all;
}

}  // namespace

const Peaks& peaks() {
  static constexpr Peaks kPeaks = {"plain products of 16 bits", "plain multiply and add", int8, fma,
                                   read};
  return kPeaks;
}

}  // namespace stride::kernels::scalar
