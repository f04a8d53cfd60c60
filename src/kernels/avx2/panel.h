// SPDX-License-Identifier: Apache-2.0
// Products of many columns, bound by arithmetic. A panel holds 256 values of 16 rows, unpacked and
// interleaved by four bytes, so that rows lie in lanes and one broadcast of four activations serves
// eight rows; each weight is unpacked once for up to kPanelColumns columns. Lanes hold exact
// integer sums of a block, so the contract's order of float operations needs no shuffles.
#pragma once

#include "kernels/avx2/decode.h"
#include "kernels/avx2/matmul.h"
#include "kernels/avx2/rows.h"

namespace stride::kernels::avx2 {
namespace {

constexpr size_t kPanelRows = 16;
constexpr size_t kPanelColumns = 64;

// q is as the type stores it; with Tiles::kUnsigned, signed values have 128 added.
// [h]: the 16-value half of the block, for types of Form::halves. Others use [0].
struct alignas(64) Panel {
  uint8_t q[64][kPanelRows][4];
  float scale[2][8][kPanelRows];  // halves: integer scales; others d * scale, which is exact
  float min[2][8][kPanelRows];    // halves: integer minima; others d_min * min, exact too
  float d[kPanelRows];
  float d_min[kPanelRows];
};

// A row unpacked, before rows become lanes.
struct alignas(32) PanelRow {
  uint8_t q[256];
  float scale[2][8];
  float min[2][8];
};

STRIDE_INLINE void split_pairs(__m256i pairs, float (&even)[8], float (&odd)[8]) {
  const __m256i low = _mm256_srai_epi32(_mm256_slli_epi32(pairs, 16), 16);
  _mm256_store_ps(even, _mm256_cvtepi32_ps(low));
  _mm256_store_ps(odd, _mm256_cvtepi32_ps(_mm256_srai_epi32(pairs, 16)));
}

template <class T, class Tiles>
STRIDE_INLINE void unpack_panel_row(const std::byte* row, size_t block, size_t n_block,
                                    PanelRow& out, float& d, float& d_min) {
  Group w;
  unpack_part<T>(row + block / 8 * kGroupBytes<T>, n_block - block, w);
  const __m256i flip = _mm256_set1_epi8(T::kForm == Form::wide && Tiles::kUnsigned ? -128 : 0);
  for (size_t b = 0; b < 8; ++b) store256(out.q + 32 * b, _mm256_xor_si256(w.q[b], flip));
  if constexpr (T::kForm == Form::halves) {
    split_pairs(w.scale16, out.scale[0], out.scale[1]);
    d = _mm256_cvtss_f32(w.d);
    if constexpr (T::kMin) {
      split_pairs(w.min16, out.min[0], out.min[1]);
      d_min = _mm256_cvtss_f32(w.d_min);
    }
  } else {
    _mm256_store_ps(out.scale[0], _mm256_mul_ps(w.d, w.scale));
    if constexpr (T::kMin) _mm256_store_ps(out.min[0], _mm256_mul_ps(w.d_min, w.min));
  }
}

// to[b][row] = from(row)[b] for eight rows from `row` on.
template <class Source>
STRIDE_INLINE void transpose_floats(float (&to)[8][kPanelRows], size_t row, Source from) {
  __m256 v[8];
  for (size_t r = 0; r < 8; ++r) v[r] = _mm256_load_ps(from(row + r));
  transpose8(v);
  for (size_t b = 0; b < 8; ++b) _mm256_store_ps(to[b] + row, v[b]);
}

template <class T, class Tiles>
STRIDE_INLINE void build_panel(Panel& panel, const Product& a, size_t first_row, size_t n_row,
                               size_t block, size_t n_block) {
  PanelRow rows[kPanelRows];
  for (size_t i = 0; i < kPanelRows; ++i) {
    // Rows past the end repeat the last one; their sums are not stored.
    const size_t r = first_row + (i < n_row ? i : n_row - 1);
    unpack_panel_row<T, Tiles>(a.w.data + r * a.w.row_bytes, block, n_block, rows[i], panel.d[i],
                               panel.d_min[i]);
  }
  for (size_t row = 0; row < kPanelRows; row += 8) {
    for (size_t k = 0; k < 64; k += 8) {
      __m256 v[8];
      for (size_t r = 0; r < 8; ++r) v[r] = _mm256_castsi256_ps(load256(rows[row + r].q + 4 * k));
      transpose8(v);
      for (size_t i = 0; i < 8; ++i) {
        store256(panel.q[k + i][row], _mm256_castps_si256(v[i]));
      }
    }
    constexpr size_t n_half = T::kForm == Form::halves ? 2 : 1;
    for (size_t h = 0; h < n_half; ++h) {
      transpose_floats(panel.scale[h], row, [&](size_t r) { return rows[r].scale[h]; });
      if constexpr (T::kMin) {
        transpose_floats(panel.min[h], row, [&](size_t r) { return rows[r].min[h]; });
      }
    }
  }
}

// Adds the blocks of one panel to kCol columns. `Tiles` is how an instruction set multiplies.
template <class T, class Tiles, size_t kCol>
STRIDE_INLINE void multiply(const Panel& panel, const Product& a, size_t column, size_t block,
                            size_t n_block, float (*acc)[kPanelRows]) {
  Q8Row x[kCol];
  for (size_t c = 0; c < kCol; ++c) x[c] = q8_row(a.x + (column + c) * a.x_stride, a.w.n_in);
  for (size_t b = 0; b < n_block; ++b) {
    Tiles::template add_block<T, kCol>(panel, b, x, block + b, acc);
  }
}

// All columns, kCol at a time and the rest by halves of that.
template <class T, class Tiles, size_t kCol>
STRIDE_INLINE void multiply_columns(const Panel& panel, const Product& a, size_t column,
                                    size_t n_col, size_t block, size_t n_block,
                                    float (*acc)[kPanelRows]) {
  size_t c = 0;
  for (; c + kCol <= n_col; c += kCol) {
    multiply<T, Tiles, kCol>(panel, a, column + c, block, n_block, acc + c);
  }
  if constexpr (kCol > 1) {
    multiply_columns<T, Tiles, kCol / 2>(panel, a, column + c, n_col - c, block, n_block, acc + c);
  }
}

template <class T, class Tiles>
void product_panel(const Product& a) {
  const size_t n_block = a.w.n_in / 32;
  alignas(64) float acc[kPanelColumns][kPanelRows];
  Panel panel;
  for (size_t r = a.row_begin; r < a.row_end; r += kPanelRows) {
    const size_t n_row = a.row_end - r < kPanelRows ? a.row_end - r : kPanelRows;
    for (size_t c0 = 0; c0 < a.n_col; c0 += kPanelColumns) {
      const size_t n_col = a.n_col - c0 < kPanelColumns ? a.n_col - c0 : kPanelColumns;
      __builtin_memset(acc, 0, n_col * sizeof acc[0]);
      for (size_t b = 0; b < n_block; b += 8) {
        build_panel<T, Tiles>(panel, a, r, n_row, b, n_block);
        const size_t n = n_block - b < 8 ? n_block - b : 8;
        multiply_columns<T, Tiles, Tiles::kMaxColumns>(panel, a, c0, n_col, b, n, acc);
      }
      for (size_t c = 0; c < n_col; ++c) {
        for (size_t i = 0; i < n_row; ++i) a.out[(c0 + c) * a.out_stride + r + i] = acc[c][i];
      }
    }
  }
}

}  // namespace
}  // namespace stride::kernels::avx2
