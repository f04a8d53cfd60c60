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

// [h]: the 16-value half of the block, for types of Form::halves. Others use [0].
struct alignas(32) Panel {
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

template <class T>
STRIDE_INLINE void unpack_panel_row(const std::byte* row, size_t block, size_t n_block,
                                    PanelRow& out, float& d, float& d_min) {
  Group w;
  unpack_part<T>(row + block / 8 * kGroupBytes<T>, n_block - block, w);
  for (size_t b = 0; b < 8; ++b) store256(out.q + 32 * b, w.q[b]);
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

template <class T>
STRIDE_INLINE void build_panel(Panel& panel, const Product& a, size_t first_row, size_t n_row,
                               size_t block, size_t n_block) {
  PanelRow rows[kPanelRows];
  for (size_t i = 0; i < kPanelRows; ++i) {
    // Rows past the end repeat the last one; their sums are not stored.
    const size_t r = first_row + (i < n_row ? i : n_row - 1);
    unpack_panel_row<T>(a.w.data + r * a.w.row_bytes, block, n_block, rows[i], panel.d[i],
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

STRIDE_INLINE __m256i broadcast4(const int8_t* x) {
  return _mm256_set1_epi32(load_as<int32_t>(reinterpret_cast<const std::byte*>(x)));
}

template <size_t kCol>
STRIDE_INLINE void clear(__m256i (&sum)[kCol][2]) {
  for (size_t c = 0; c < kCol; ++c) sum[c][0] = sum[c][1] = _mm256_setzero_si256();
}

// sum[c][h] += w x over 4 * kSteps values, rows 8 h .. 8 h + 7 in lanes; i16 pairs for kSteps that
// the form allows.
template <size_t kSteps, size_t kCol>
STRIDE_INLINE void add_pairs(__m256i (&sum)[kCol][2], const uint8_t (*q)[kPanelRows][4],
                             const int8_t* const (&x)[kCol]) {
  __m256i pairs[kCol][2];
  clear(pairs);
#pragma GCC unroll 8
  for (size_t k = 0; k < kSteps; ++k) {
    const __m256i w0 = load256(q[k][0]);
    const __m256i w1 = load256(q[k][8]);
    for (size_t c = 0; c < kCol; ++c) {
      const __m256i v = broadcast4(x[c] + 4 * k);
      pairs[c][0] = _mm256_add_epi16(pairs[c][0], _mm256_maddubs_epi16(w0, v));
      pairs[c][1] = _mm256_add_epi16(pairs[c][1], _mm256_maddubs_epi16(w1, v));
      settle(pairs[c][0]);
      settle(pairs[c][1]);
    }
  }
  const __m256i one = _mm256_set1_epi16(1);
  for (size_t c = 0; c < kCol; ++c) {
    for (size_t h = 0; h < 2; ++h) {
      sum[c][h] = _mm256_add_epi32(sum[c][h], _mm256_madd_epi16(pairs[c][h], one));
    }
  }
}

template <size_t kCol>
STRIDE_INLINE void add_signed(__m256i (&sum)[kCol][2], const uint8_t (*q)[kPanelRows][4],
                              const int8_t* const (&x)[kCol]) {
  const __m256i one = _mm256_set1_epi16(1);
#pragma GCC unroll 8
  for (size_t k = 0; k < 8; ++k) {
    for (size_t h = 0; h < 2; ++h) {
      const __m256i w = load256(q[k][8 * h]);
      const __m256i magnitude = _mm256_sign_epi8(w, w);
      for (size_t c = 0; c < kCol; ++c) {
        const __m256i v = _mm256_sign_epi8(broadcast4(x[c] + 4 * k), w);
        const __m256i p = _mm256_maddubs_epi16(magnitude, v);
        sum[c][h] = _mm256_add_epi32(sum[c][h], _mm256_madd_epi16(p, one));
        settle(sum[c][h]);
      }
    }
  }
}

// F of block b for rows 8 h .. 8 h + 7 from the exact integer sum.
template <class T>
STRIDE_INLINE __m256 whole_product(const Panel& panel, size_t b, size_t h, __m256i sum,
                                   __m256 x_sum) {
  __m256 s = _mm256_cvtepi32_ps(sum);
  if constexpr (T::kOffset != 0) s = _mm256_fnmadd_ps(_mm256_set1_ps(T::kOffset), x_sum, s);
  const __m256 f = _mm256_mul_ps(_mm256_load_ps(panel.scale[0][b] + 8 * h), s);
  if constexpr (!T::kMin) return f;
  return _mm256_fnmadd_ps(_mm256_load_ps(panel.min[0][b] + 8 * h), x_sum, f);
}

template <class T, size_t kCol>
STRIDE_INLINE void whole_block(const Panel& panel, size_t b, const Q8Row (&x)[kCol], size_t block,
                               float (*acc)[kPanelRows]) {
  const int8_t* value[kCol];
  for (size_t c = 0; c < kCol; ++c) value[c] = x[c].value + 32 * block;
  __m256i sum[kCol][2];
  clear(sum);
  if constexpr (T::kForm == Form::wide) {
    add_signed(sum, panel.q + 8 * b, value);
  } else if constexpr (T::kForm == Form::narrow) {
    add_pairs<8>(sum, panel.q + 8 * b, value);
  } else {
    add_pairs<4>(sum, panel.q + 8 * b, value);
    for (size_t c = 0; c < kCol; ++c) value[c] += 16;
    add_pairs<4>(sum, panel.q + 8 * b + 4, value);
  }
  for (size_t c = 0; c < kCol; ++c) {
    const __m256 x_sum = _mm256_broadcast_ss(x[c].sum + block);
    const __m256 x_scale = _mm256_broadcast_ss(x[c].scale + block);
    for (size_t h = 0; h < 2; ++h) {
      const __m256 f = whole_product<T>(panel, b, h, sum[c][h], x_sum);
      float* to = acc[c] + 8 * h;
      _mm256_store_ps(to, _mm256_fmadd_ps(f, x_scale, _mm256_load_ps(to)));
    }
  }
}

// As whole_block for types with a scale for each 16 values.
template <class T, size_t kCol>
STRIDE_INLINE void halves_block(const Panel& panel, size_t b, const Q8Row (&x)[kCol], size_t block,
                                float (*acc)[kPanelRows]) {
  __m256 s[kCol][2];
  for (size_t half = 0; half < 2; ++half) {
    const int8_t* value[kCol];
    for (size_t c = 0; c < kCol; ++c) value[c] = x[c].value + 32 * block + 16 * half;
    __m256i sum[kCol][2];
    for (size_t c = 0; c < kCol; ++c) {
      const int taken = T::kOffset * x[c].sum16[2 * block + half];
      sum[c][0] = sum[c][1] = _mm256_set1_epi32(-taken);
    }
    add_pairs<2>(sum, panel.q + 8 * b + 4 * half, value);
    for (size_t c = 0; c < kCol; ++c) value[c] += 8;
    add_pairs<2>(sum, panel.q + 8 * b + 4 * half + 2, value);
    for (size_t c = 0; c < kCol; ++c) {
      for (size_t h = 0; h < 2; ++h) {
        const __m256 scale = _mm256_load_ps(panel.scale[half][b] + 8 * h);
        const __m256 v = _mm256_cvtepi32_ps(sum[c][h]);
        s[c][h] = half == 0 ? _mm256_mul_ps(v, scale) : _mm256_fmadd_ps(v, scale, s[c][h]);
      }
    }
  }
  for (size_t c = 0; c < kCol; ++c) {
    const __m256 x_scale = _mm256_broadcast_ss(x[c].scale + block);
    for (size_t h = 0; h < 2; ++h) {
      __m256 f = _mm256_mul_ps(_mm256_load_ps(panel.d + 8 * h), s[c][h]);
      if constexpr (T::kMin) {
        const __m256 x0 = _mm256_set1_ps(x[c].sum16[2 * block]);
        const __m256 x1 = _mm256_set1_ps(x[c].sum16[2 * block + 1]);
        const __m256 m0 = _mm256_mul_ps(_mm256_load_ps(panel.min[0][b] + 8 * h), x0);
        const __m256 m = _mm256_fmadd_ps(_mm256_load_ps(panel.min[1][b] + 8 * h), x1, m0);
        f = _mm256_fnmadd_ps(_mm256_load_ps(panel.d_min + 8 * h), m, f);
      }
      float* to = acc[c] + 8 * h;
      _mm256_store_ps(to, _mm256_fmadd_ps(f, x_scale, _mm256_load_ps(to)));
    }
  }
}

// Adds the blocks of one panel to kCol columns.
template <class T, size_t kCol>
STRIDE_INLINE void multiply(const Panel& panel, const Product& a, size_t column, size_t block,
                            size_t n_block, float (*acc)[kPanelRows]) {
  Q8Row x[kCol];
  for (size_t c = 0; c < kCol; ++c) x[c] = q8_row(a.x + (column + c) * a.x_stride, a.w.n_in);
  for (size_t b = 0; b < n_block; ++b) {
    if constexpr (T::kForm == Form::halves) {
      halves_block<T>(panel, b, x, block + b, acc);
    } else {
      whole_block<T>(panel, b, x, block + b, acc);
    }
  }
}

template <class T>
void product_panel(const Product& a) {
  const size_t n_block = a.w.n_in / 32;
  alignas(32) float acc[kPanelColumns][kPanelRows];
  Panel panel;
  for (size_t r = a.row_begin; r < a.row_end; r += kPanelRows) {
    const size_t n_row = a.row_end - r < kPanelRows ? a.row_end - r : kPanelRows;
    for (size_t c0 = 0; c0 < a.n_col; c0 += kPanelColumns) {
      const size_t n_col = a.n_col - c0 < kPanelColumns ? a.n_col - c0 : kPanelColumns;
      __builtin_memset(acc, 0, n_col * sizeof acc[0]);
      for (size_t b = 0; b < n_block; b += 8) {
        build_panel<T>(panel, a, r, n_row, b, n_block);
        const size_t n = n_block - b < 8 ? n_block - b : 8;
        size_t c = 0;
        for (; c + 4 <= n_col; c += 4) multiply<T, 4>(panel, a, c0 + c, b, n, acc + c);
        for (; c + 2 <= n_col; c += 2) multiply<T, 2>(panel, a, c0 + c, b, n, acc + c);
        if (c < n_col) multiply<T, 1>(panel, a, c0 + c, b, n, acc + c);
      }
      for (size_t c = 0; c < n_col; ++c) {
        for (size_t i = 0; i < n_row; ++i) a.out[(c0 + c) * a.out_stride + r + i] = acc[c][i];
      }
    }
  }
}

template <class T>
constexpr Paths paths_of() {
  return {{product_rows<T, 1>, product_rows<T, 2>, product_rows<T, 3>, product_rows<T, 4>},
          product_panel<T>};
}

}  // namespace
}  // namespace stride::kernels::avx2
