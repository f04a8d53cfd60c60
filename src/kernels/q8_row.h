// SPDX-License-Identifier: Apache-2.0
// The layout of an activation row quantised to int8 in blocks of 32. All parts are padded by zeros
// to whole groups of 256 values, so that kernels may read whole groups, and each starts on a
// 64-byte boundary of the row:
//   value [n]       int8, -127..127
//   scale [n / 32]  f32, x = scale * value
//   sum   [n / 32]  f32, sum of the block's 32 values (an exact integer)
//   sum16 [n / 16]  i16, sums of 16 values
//
// Functions of this header are static: each kernel folder is compiled for its own instruction set
// and must not offer the linker a copy that another one would then run.
#pragma once

#include <cstddef>
#include <cstdint>

namespace stride::kernels {

constexpr size_t kQ8Block = 32;
constexpr size_t kQ8Group = 256;

static constexpr size_t round_up(size_t n, size_t unit) {
  return (n + unit - 1) / unit * unit;
}

struct Q8Row {
  const int8_t* value;
  const float* scale;
  const float* sum;
  const int16_t* sum16;
};

struct Q8Layout {
  size_t scale = 0;  // byte offsets
  size_t sum = 0;
  size_t sum16 = 0;
  size_t bytes = 0;
};

static constexpr Q8Layout q8_layout(size_t n) {
  const size_t values = round_up(n, kQ8Group);
  const size_t floats = round_up(values / kQ8Block * sizeof(float), 64);
  return {values, values + floats, values + 2 * floats, values + 3 * floats};
}

// Bytes of one row of n values; a multiple of 64.
static constexpr size_t q8_row_bytes(size_t n) {
  return q8_layout(n).bytes;
}

static inline Q8Row q8_row(const std::byte* row, size_t n) {
  const Q8Layout at = q8_layout(n);
  return {reinterpret_cast<const int8_t*>(row), reinterpret_cast<const float*>(row + at.scale),
          reinterpret_cast<const float*>(row + at.sum),
          reinterpret_cast<const int16_t*>(row + at.sum16)};
}

}  // namespace stride::kernels
