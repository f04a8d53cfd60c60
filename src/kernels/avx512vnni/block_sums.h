// SPDX-License-Identifier: Apache-2.0
// The integer sums S of eight blocks of one row and one column. vpdpbusd multiplies unsigned by
// signed bytes and adds four products into 32 bits, nothing saturating, so signed weights get 128
// added:
//   sum w x = sum (w + 128) x - 128 sum x.
// Streams of weights wait for memory: 256-bit vectors suffice and spare the clock.
#pragma once

#include "kernels/avx512vnni/intrinsics.h"

#include "kernels/avx2/block_sums.h"

namespace stride::kernels::STRIDE_AVX512 {
namespace {

using avx2::Form;
using avx2::Group;

template <class T>
constexpr int kBias = T::kForm == Form::wide ? 128 : T::kOffset;

struct DotSums {
  template <class T>
  STRIDE_INLINE static __m256 of(const Group& w, const int8_t* x, const float* sum,
                                 const int16_t* sum16) {
    if constexpr (T::kForm == Form::halves) {
      // The scales of 16 values ride on the second step of the pair form.
      return avx2::halves_sums<T>(w, x, sum16);
    } else {
      const __m256i flip = _mm256_set1_epi8(T::kForm == Form::wide ? -128 : 0);
      __m256i p[8];
      for (size_t b = 0; b < 8; ++b) {
        p[b] = _mm256_dpbusd_epi32(_mm256_setzero_si256(), _mm256_xor_si256(w.q[b], flip),
                                   avx2::load256(x + 32 * b));
      }
      __m256 s = _mm256_cvtepi32_ps(avx2::sums_of_8(p));
      if constexpr (kBias<T> != 0) {
        s = _mm256_fnmadd_ps(_mm256_set1_ps(kBias<T>), _mm256_loadu_ps(sum), s);
      }
      return T::kBlockValues == 256 ? _mm256_mul_ps(s, w.scale) : s;
    }
  }
};

}  // namespace
}  // namespace stride::kernels::STRIDE_AVX512
