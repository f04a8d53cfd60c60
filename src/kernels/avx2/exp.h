// SPDX-License-Identifier: Apache-2.0
// exp for eight floats, within 2 units in the last place over the whole range (tested against
// double precision): x = n ln 2 + r with |r| <= ln 2 / 2, the series of exp r to the seventh power
// (the rest is below 2^-27), and 2^n in two factors so that subnormal results and infinity come out
// right. NaN stays NaN.
#pragma once

#include "kernels/avx2/simd.h"

namespace stride::kernels::avx2 {
namespace {

STRIDE_INLINE __m256 power_of_two(__m256i n) {
  return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(n, _mm256_set1_epi32(127)), 23));
}

STRIDE_INLINE __m256 exp(__m256 x) {
  // min and max return their second operand if one is NaN.
  x = _mm256_min_ps(_mm256_set1_ps(89.0F), _mm256_max_ps(_mm256_set1_ps(-104.0F), x));
  const __m256i n = _mm256_cvtps_epi32(_mm256_mul_ps(x, _mm256_set1_ps(0x1.715476p+0F)));
  const __m256 nf = _mm256_cvtepi32_ps(n);
  // ln 2 in two parts; the first has so few bits that its product with n is exact.
  __m256 r = _mm256_fnmadd_ps(nf, _mm256_set1_ps(0x1.62e4p-1F), x);
  r = _mm256_fnmadd_ps(nf, _mm256_set1_ps(0x1.7f7d1cp-20F), r);
  __m256 y = _mm256_set1_ps(1.0F / 5040);
  y = _mm256_fmadd_ps(y, r, _mm256_set1_ps(1.0F / 720));
  y = _mm256_fmadd_ps(y, r, _mm256_set1_ps(1.0F / 120));
  y = _mm256_fmadd_ps(y, r, _mm256_set1_ps(1.0F / 24));
  y = _mm256_fmadd_ps(y, r, _mm256_set1_ps(1.0F / 6));
  y = _mm256_fmadd_ps(y, r, _mm256_set1_ps(0.5F));
  y = _mm256_fmadd_ps(y, r, _mm256_set1_ps(1.0F));
  y = _mm256_fmadd_ps(y, r, _mm256_set1_ps(1.0F));
  const __m256i half = _mm256_srai_epi32(n, 1);
  y = _mm256_mul_ps(y, power_of_two(half));
  return _mm256_mul_ps(y, power_of_two(_mm256_sub_epi32(n, half)));
}

STRIDE_INLINE float exp(float x) {
  return _mm256_cvtss_f32(exp(_mm256_set1_ps(x)));
}

STRIDE_INLINE __m256 sigmoid(__m256 x) {
  const __m256 one = _mm256_set1_ps(1.0F);
  const __m256 e = exp(_mm256_xor_ps(x, _mm256_set1_ps(-0.0F)));
  return _mm256_div_ps(one, _mm256_add_ps(one, e));
}

}  // namespace
}  // namespace stride::kernels::avx2
