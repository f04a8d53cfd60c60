// SPDX-License-Identifier: Apache-2.0
// Sixteen floats with the operations of avx2/lanes.h and the same results in each lane.
#pragma once

#include "kernels/avx512vnni/intrinsics.h"

#include "kernels/avx2/lanes.h"

namespace stride::kernels::STRIDE_AVX512 {
namespace {

struct Lanes16 {
  using Vector = __m512;
  static constexpr size_t kLanes = 16;
  using Halves = __m512i;

  STRIDE_INLINE static Vector zero() { return _mm512_setzero_ps(); }
  STRIDE_INLINE static Vector all(float x) { return _mm512_set1_ps(x); }
  STRIDE_INLINE static Vector load(const float* p) { return _mm512_loadu_ps(p); }
  STRIDE_INLINE static void store(float* p, Vector v) { _mm512_storeu_ps(p, v); }
  STRIDE_INLINE static Vector add(Vector a, Vector b) { return _mm512_add_ps(a, b); }
  STRIDE_INLINE static Vector subtract(Vector a, Vector b) { return _mm512_sub_ps(a, b); }
  STRIDE_INLINE static Vector multiply(Vector a, Vector b) { return _mm512_mul_ps(a, b); }
  STRIDE_INLINE static Vector multiply_add(Vector a, Vector b, Vector c) {
    return _mm512_fmadd_ps(a, b, c);
  }
  STRIDE_INLINE static Vector max(Vector a, Vector b) {
#ifdef STRIDE_KERNELS_EMULATE
    // SIMDe's returns a where b is NaN.
    return _mm512_mask_blend_ps(_mm512_cmp_ps_mask(a, b, _CMP_GT_OQ), b, a);
#else
    return _mm512_max_ps(a, b);
#endif
  }

  STRIDE_INLINE static Vector power_of_two(__m512i n) {
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_add_epi32(n, _mm512_set1_epi32(127)), 23));
  }

  // As avx2/exp.h has it.
  STRIDE_INLINE static Vector exp(Vector x) {
    x = max(all(-104.0F), x);
    x = _mm512_mask_blend_ps(_mm512_cmp_ps_mask(x, all(89.0F), _CMP_GT_OQ), x, all(89.0F));
    const __m512i n = _mm512_cvtps_epi32(multiply(x, all(0x1.715476p+0F)));
    const Vector nf = _mm512_cvtepi32_ps(n);
    Vector r = _mm512_fnmadd_ps(nf, all(0x1.62e4p-1F), x);
    r = _mm512_fnmadd_ps(nf, all(0x1.7f7d1cp-20F), r);
    Vector y = all(1.0F / 5040);
    y = multiply_add(y, r, all(1.0F / 720));
    y = multiply_add(y, r, all(1.0F / 120));
    y = multiply_add(y, r, all(1.0F / 24));
    y = multiply_add(y, r, all(1.0F / 6));
    y = multiply_add(y, r, all(0.5F));
    y = multiply_add(y, r, all(1.0F));
    y = multiply_add(y, r, all(1.0F));
    const __m512i half = _mm512_srai_epi32(n, 1);
    y = multiply(y, power_of_two(half));
    return multiply(y, power_of_two(_mm512_sub_epi32(n, half)));
  }

  STRIDE_INLINE static Vector where_greater(Vector a, Vector b, Vector v, Vector otherwise) {
    return _mm512_mask_blend_ps(_mm512_cmp_ps_mask(a, b, _CMP_GT_OQ), otherwise, v);
  }

  STRIDE_INLINE static Vector where_within(const int* begin, const int* end, int x, Vector v,
                                           Vector otherwise) {
    const __m512i at = _mm512_set1_epi32(x);
    const __mmask16 late = _mm512_cmpgt_epi32_mask(_mm512_loadu_si512(end), at);
    const __mmask16 early = _mm512_cmpgt_epi32_mask(_mm512_loadu_si512(begin), at);
    return _mm512_mask_blend_ps(static_cast<__mmask16>(late & ~early), otherwise, v);
  }

  STRIDE_INLINE static Vector where_inside(int first, int begin, int end, Vector v,
                                           Vector otherwise) {
    const __m512i lane = _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
    const __m512i at = _mm512_add_epi32(_mm512_set1_epi32(first), lane);
    const __mmask16 late = _mm512_cmpgt_epi32_mask(_mm512_set1_epi32(end), at);
    const __mmask16 early = _mm512_cmpgt_epi32_mask(_mm512_set1_epi32(begin), at);
    return _mm512_mask_blend_ps(static_cast<__mmask16>(late & ~early), otherwise, v);
  }

  STRIDE_INLINE static float first(Vector v) { return _mm_cvtss_f32(_mm512_castps512_ps128(v)); }
  STRIDE_INLINE static float largest(Vector v) {
    const __m256 eight = _mm256_max_ps(_mm512_castps512_ps256(v), _mm512_extractf32x8_ps(v, 1));
    return avx2::Lanes8::largest(eight);
  }

  STRIDE_INLINE static Vector widen_f16(const std::byte* p) {
    return _mm512_cvtph_ps(avx2::load256(p));
  }
  STRIDE_INLINE static Vector widen_int8(const std::byte* p) {
    return _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(avx2::load128(p)));
  }
  STRIDE_INLINE static Vector widen_int16(const std::byte* p) {
    return _mm512_cvtepi32_ps(_mm512_cvtepi16_epi32(avx2::load256(p)));
  }

  STRIDE_INLINE static Halves join(const __m128i (&parts)[4]) {
    Halves v = _mm512_castsi128_si512(parts[0]);
    v = _mm512_mask_broadcast_i32x4(v, 0x00f0, parts[1]);
    v = _mm512_mask_broadcast_i32x4(v, 0x0f00, parts[2]);
    return _mm512_mask_broadcast_i32x4(v, 0xf000, parts[3]);
  }
  STRIDE_INLINE static Halves interleave_low(Halves a, Halves b) {
    return _mm512_unpacklo_epi16(a, b);
  }
  STRIDE_INLINE static Halves interleave_high(Halves a, Halves b) {
    return _mm512_unpackhi_epi16(a, b);
  }
  STRIDE_INLINE static void store_halves(std::byte* p, Halves v) { _mm512_storeu_si512(p, v); }
};

}  // namespace
}  // namespace stride::kernels::STRIDE_AVX512
