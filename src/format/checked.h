// SPDX-License-Identifier: Apache-2.0
// Unsigned 64-bit arithmetic on numbers from a file: nullopt where the true result does not fit.
#pragma once

#include <cstdint>
#include <optional>

namespace stride::format {

inline std::optional<uint64_t> checked_add(uint64_t a, uint64_t b) {
  uint64_t sum = 0;
  if (__builtin_add_overflow(a, b, &sum)) return std::nullopt;
  return sum;
}

inline std::optional<uint64_t> checked_multiply(uint64_t a, uint64_t b) {
  uint64_t product = 0;
  if (__builtin_mul_overflow(a, b, &product)) return std::nullopt;
  return product;
}

// n rounded up to a multiple of `alignment`, a power of two.
inline std::optional<uint64_t> checked_align(uint64_t n, uint64_t alignment) {
  const auto sum = checked_add(n, alignment - 1);
  return sum ? std::optional(*sum & ~(alignment - 1)) : std::nullopt;
}

}  // namespace stride::format
