// SPDX-License-Identifier: Apache-2.0
// Scalar functions written so that the compiler turns a loop over them into vector code, and a
// small matrix product for blocks that stay in the first-level cache. Plain GCC vectors: the width
// of the machine's registers comes from the compiler flags of the files that include this.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace stride::train {

// e^x to about two units in the last place; arguments are clamped to +-87, where the result is
// still a normal number. Splits x = n ln 2 + r with |r| <= ln 2 / 2 and sums the series of e^r.
inline float vector_exp(float x) {
  constexpr float kRound = 12582912.0F;  // 1.5 * 2^23: adding it leaves a whole number behind
  x = std::min(std::max(x, -87.0F), 87.0F);
  const float shifted = x * 1.44269504F + kRound;
  const float n = shifted - kRound;
  const float r = (x - n * 0.693359375F) - n * -2.12194440e-4F;
  float sum = 1.0F / 5040;
  sum = sum * r + 1.0F / 720;
  sum = sum * r + 1.0F / 120;
  sum = sum * r + 1.0F / 24;
  sum = sum * r + 1.0F / 6;
  sum = sum * r + 0.5F;
  sum = (sum * r + 1) * r + 1;
  const uint32_t exponent = (std::bit_cast<uint32_t>(shifted) + 127) << 23;
  return sum * std::bit_cast<float>(exponent);
}

inline float vector_sigmoid(float x) {
  return 1 / (1 + vector_exp(-x));
}

using Vec8 [[gnu::vector_size(32)]] = float;
using Vec8Unaligned [[gnu::vector_size(32), gnu::aligned(4), gnu::may_alias]] = float;

inline Vec8 load8(const float* p) {
  return *reinterpret_cast<const Vec8Unaligned*>(p);
}
inline void store8(float* p, Vec8 v) {
  *reinterpret_cast<Vec8Unaligned*>(p) = v;
}

// The left matrix of a product, read as a[m * row + k * column]: transposing it is free.
struct Left {
  const float* a;
  size_t row;
  size_t column;
};

enum class Write { set, add };

// kRows x 8 kVecs outputs held in registers over the whole inner dimension.
template <size_t kRows, size_t kVecs>
inline void product_tile(float* c, size_t ldc, const Left& left, const float* b, size_t ldb,
                         size_t n_inner, Write write) {
  Vec8 sum[kRows][kVecs] = {};
  for (size_t k = 0; k < n_inner; ++k) {
    Vec8 row[kVecs];
    for (size_t v = 0; v < kVecs; ++v) row[v] = load8(b + k * ldb + 8 * v);
    for (size_t m = 0; m < kRows; ++m) {
      const float a = left.a[m * left.row + k * left.column];
      for (size_t v = 0; v < kVecs; ++v) sum[m][v] += a * row[v];
    }
  }
  for (size_t m = 0; m < kRows; ++m)
    for (size_t v = 0; v < kVecs; ++v) {
      float* out = c + m * ldc + 8 * v;
      store8(out, write == Write::add ? load8(out) + sum[m][v] : sum[m][v]);
    }
}

template <size_t kRows>
inline void product_rows(float* c, size_t ldc, const Left& left, const float* b, size_t ldb,
                         size_t n_column, size_t n_inner, Write write) {
  size_t n = 0;
  for (; n + 16 <= n_column; n += 16)
    product_tile<kRows, 2>(c + n, ldc, left, b + n, ldb, n_inner, write);
  if (n < n_column) product_tile<kRows, 1>(c + n, ldc, left, b + n, ldb, n_inner, write);
}

// c[n_row, n_column] = or += left[n_row, n_inner] b[n_inner, n_column].
// Requires n_column % 8 == 0; rows of b and c may be unaligned.
inline void small_product(float* c, size_t ldc, Left left, const float* b, size_t ldb, size_t n_row,
                          size_t n_column, size_t n_inner, Write write) {
  size_t m = 0;
  for (; m + 6 <= n_row; m += 6) {
    product_rows<6>(c + m * ldc, ldc, left, b, ldb, n_column, n_inner, write);
    left.a += 6 * left.row;
  }
  for (; m + 2 <= n_row; m += 2) {
    product_rows<2>(c + m * ldc, ldc, left, b, ldb, n_column, n_inner, write);
    left.a += 2 * left.row;
  }
  if (m < n_row) product_rows<1>(c + m * ldc, ldc, left, b, ldb, n_column, n_inner, write);
}

}  // namespace stride::train
