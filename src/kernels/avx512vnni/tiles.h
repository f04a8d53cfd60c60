// SPDX-License-Identifier: Apache-2.0
// A panel times up to eight columns: the 16 rows in the lanes of one vector, each step one vpdpbusd
// whose second factor is a broadcast from memory. Biases of the weights are in the sums from the
// start.
#pragma once

#include "kernels/avx512vnni/block_sums.h"

#include "kernels/avx2/panel.h"

namespace stride::kernels::STRIDE_AVX512 {
namespace {

using avx2::kPanelRows;
using avx2::Panel;

// sum[c] += w x over 4 * kSteps values.
template <size_t kSteps, size_t kCol>
STRIDE_INLINE void add_dots(__m512i (&sum)[kCol], const uint8_t (*q)[kPanelRows][4],
                            const int8_t* const (&x)[kCol]) {
#pragma GCC unroll 8
  for (size_t k = 0; k < kSteps; ++k) {
    const __m512i w = _mm512_load_si512(q[k]);
    for (size_t c = 0; c < kCol; ++c) sum[c] = stride_dpbusd_broadcast(sum[c], w, x[c] + 4 * k);
  }
}

STRIDE_INLINE void accumulate(float* acc, __m512 f, float x_scale) {
  _mm512_store_ps(acc, _mm512_fmadd_ps(f, _mm512_set1_ps(x_scale), _mm512_load_ps(acc)));
}

template <class T, size_t kCol>
STRIDE_INLINE void whole_block(const Panel& panel, size_t b, const Q8Row (&x)[kCol], size_t block,
                               float (*acc)[kPanelRows]) {
  const int8_t* value[kCol];
  __m512i sum[kCol];
  for (size_t c = 0; c < kCol; ++c) {
    value[c] = x[c].value + 32 * block;
    const int x_sum = x[c].sum16[2 * block] + x[c].sum16[2 * block + 1];
    sum[c] = kBias<T> == 0 ? _mm512_setzero_si512() : _mm512_set1_epi32(-kBias<T> * x_sum);
  }
  add_dots<8>(sum, panel.q + 8 * b, value);
  const __m512 scale = _mm512_load_ps(panel.scale[0][b]);
  for (size_t c = 0; c < kCol; ++c) {
    __m512 f = _mm512_mul_ps(scale, _mm512_cvtepi32_ps(sum[c]));
    if constexpr (T::kMin) {
      f = _mm512_fnmadd_ps(_mm512_load_ps(panel.min[0][b]), _mm512_set1_ps(x[c].sum[block]), f);
    }
    accumulate(acc[c], f, x[c].scale[block]);
  }
}

// As whole_block for types with a scale for each 16 values.
template <class T, size_t kCol>
STRIDE_INLINE void halves_block(const Panel& panel, size_t b, const Q8Row (&x)[kCol], size_t block,
                                float (*acc)[kPanelRows]) {
  __m512 s[kCol];
  for (size_t half = 0; half < 2; ++half) {
    const int8_t* value[kCol];
    __m512i sum[kCol];
    for (size_t c = 0; c < kCol; ++c) {
      value[c] = x[c].value + 32 * block + 16 * half;
      sum[c] = _mm512_set1_epi32(-kBias<T> * x[c].sum16[2 * block + half]);
    }
    add_dots<4>(sum, panel.q + 8 * b + 4 * half, value);
    const __m512 scale = _mm512_load_ps(panel.scale[half][b]);
    for (size_t c = 0; c < kCol; ++c) {
      const __m512 v = _mm512_cvtepi32_ps(sum[c]);
      s[c] = half == 0 ? _mm512_mul_ps(v, scale) : _mm512_fmadd_ps(v, scale, s[c]);
    }
  }
  for (size_t c = 0; c < kCol; ++c) {
    __m512 f = _mm512_mul_ps(_mm512_load_ps(panel.d), s[c]);
    if constexpr (T::kMin) {
      const int16_t* x_sum = x[c].sum16 + 2 * block;
      const __m512 m0 = _mm512_mul_ps(_mm512_load_ps(panel.min[0][b]), _mm512_set1_ps(x_sum[0]));
      const __m512 m =
          _mm512_fmadd_ps(_mm512_load_ps(panel.min[1][b]), _mm512_set1_ps(x_sum[1]), m0);
      f = _mm512_fnmadd_ps(_mm512_load_ps(panel.d_min), m, f);
    }
    accumulate(acc[c], f, x[c].scale[block]);
  }
}

struct DotTiles {
  static constexpr size_t kMaxColumns = 8;
  static constexpr bool kUnsigned = true;

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
constexpr avx2::Paths paths_of() {
  return {{avx2::product_rows<T, DotSums, 1>, avx2::product_rows<T, DotSums, 2>,
           avx2::product_rows<T, DotSums, 3>, avx2::product_rows<T, DotSums, 4>},
          avx2::product_panel<T, DotTiles>};
}

}  // namespace
}  // namespace stride::kernels::STRIDE_AVX512
