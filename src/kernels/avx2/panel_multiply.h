// SPDX-License-Identifier: Apache-2.0
// A panel times up to four columns by multiply-add of byte pairs: eight rows in the lanes of each
// of two vectors.
#pragma once

#include "kernels/avx2/block_sums.h"
#include "kernels/avx2/panel.h"

namespace stride::kernels::avx2 {
namespace {

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

struct PairTiles {
  static constexpr size_t kMaxColumns = 4;
  static constexpr bool kUnsigned = false;

  template <class T, size_t kCol>
  STRIDE_INLINE static void add_block(const Panel& panel, size_t b, const Q8Row (&x)[kCol],
                                      size_t block, float (*acc)[kPanelRows]) {
    if constexpr (T::kForm == Form::halves) {
      halves_block<T>(panel, b, x, block, acc);
    } else {
      whole_block<T>(panel, b, x, block, acc);
    }
  }
};

template <class T>
constexpr Paths paths_of() {
  return {{product_rows<T, PairSums, 1>, product_rows<T, PairSums, 2>, product_rows<T, PairSums, 3>,
           product_rows<T, PairSums, 4>},
          product_panel<T, PairTiles>};
}

}  // namespace
}  // namespace stride::kernels::avx2
