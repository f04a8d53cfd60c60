// SPDX-License-Identifier: Apache-2.0
// Eight floats as attention sees them; avx512vnni/lanes.h has sixteen with the same operations.
#pragma once

#include "kernels/avx2/exp.h"
#include "kernels/avx2/simd.h"

namespace stride::kernels::avx2 {
namespace {

struct Lanes8 {
  using Vector = __m256;
  static constexpr size_t kLanes = 8;
  using Halves = __m256i;  // twice as many values of sixteen bits

  STRIDE_INLINE static Vector zero() { return _mm256_setzero_ps(); }
  STRIDE_INLINE static Vector all(float x) { return _mm256_set1_ps(x); }
  STRIDE_INLINE static Vector load(const float* p) { return _mm256_loadu_ps(p); }
  STRIDE_INLINE static void store(float* p, Vector v) { _mm256_storeu_ps(p, v); }
  STRIDE_INLINE static Vector add(Vector a, Vector b) { return _mm256_add_ps(a, b); }
  STRIDE_INLINE static Vector subtract(Vector a, Vector b) { return _mm256_sub_ps(a, b); }
  STRIDE_INLINE static Vector multiply(Vector a, Vector b) { return _mm256_mul_ps(a, b); }
  STRIDE_INLINE static Vector multiply_add(Vector a, Vector b, Vector c) {
    return _mm256_fmadd_ps(a, b, c);
  }
  // b where a is NaN.
  STRIDE_INLINE static Vector max(Vector a, Vector b) { return _mm256_max_ps(a, b); }
  STRIDE_INLINE static Vector exp(Vector x) { return avx2::exp(x); }

  // v where a > b, else `otherwise`.
  STRIDE_INLINE static Vector where_greater(Vector a, Vector b, Vector v, Vector otherwise) {
    return _mm256_blendv_ps(otherwise, v, _mm256_cmp_ps(a, b, _CMP_GT_OQ));
  }

  // v in the lanes with begin <= x < end, else `otherwise`.
  STRIDE_INLINE static Vector where_within(const int* begin, const int* end, int x, Vector v,
                                           Vector otherwise) {
    const __m256i at = _mm256_set1_epi32(x);
    const __m256i early = _mm256_cmpgt_epi32(load256(begin), at);
    const __m256i inside = _mm256_andnot_si256(early, _mm256_cmpgt_epi32(load256(end), at));
    return _mm256_blendv_ps(otherwise, v, _mm256_castsi256_ps(inside));
  }

  // v in the lanes with begin <= first + lane < end, else `otherwise`.
  STRIDE_INLINE static Vector where_inside(int first, int begin, int end, Vector v,
                                           Vector otherwise) {
    const __m256i at =
        _mm256_add_epi32(_mm256_set1_epi32(first), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
    const __m256i early = _mm256_cmpgt_epi32(_mm256_set1_epi32(begin), at);
    const __m256i inside =
        _mm256_andnot_si256(early, _mm256_cmpgt_epi32(_mm256_set1_epi32(end), at));
    return _mm256_blendv_ps(otherwise, v, _mm256_castsi256_ps(inside));
  }

  STRIDE_INLINE static float first(Vector v) { return _mm256_cvtss_f32(v); }
  // Of lanes that are not NaN.
  STRIDE_INLINE static float largest(Vector v) {
    __m128 four = _mm_max_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    four = _mm_max_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_max_ss(four, _mm_shuffle_ps(four, four, 1)));
  }

  STRIDE_INLINE static Vector widen_f16(const std::byte* p) { return _mm256_cvtph_ps(load128(p)); }
  STRIDE_INLINE static Vector widen_int8(const std::byte* p) {
    const __m128i bytes = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(p));
    return _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(bytes));
  }
  STRIDE_INLINE static Vector widen_int16(const std::byte* p) {
    return _mm256_cvtepi32_ps(_mm256_cvtepi16_epi32(load128(p)));
  }

  STRIDE_INLINE static Halves join(const __m128i (&parts)[2]) {
    return _mm256_set_m128i(parts[1], parts[0]);
  }
  // Of each 128 bits: the lower or upper four values of a and b, in turns.
  STRIDE_INLINE static Halves interleave_low(Halves a, Halves b) {
    return _mm256_unpacklo_epi16(a, b);
  }
  STRIDE_INLINE static Halves interleave_high(Halves a, Halves b) {
    return _mm256_unpackhi_epi16(a, b);
  }
  STRIDE_INLINE static void store_halves(std::byte* p, Halves v) { store256(p, v); }
};

}  // namespace
}  // namespace stride::kernels::avx2
