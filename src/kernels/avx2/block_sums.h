// SPDX-License-Identifier: Apache-2.0
// The integer sums S of eight blocks of one row and one column by multiply-add of byte pairs.
#pragma once

#include "kernels/avx2/decode.h"

namespace stride::kernels::avx2 {
namespace {

// i16 sums of pairs of one block.
template <Form form>
STRIDE_INLINE __m256i pair_sums(__m256i q, __m256i x) {
  if constexpr (form == Form::wide) {
    return _mm256_maddubs_epi16(_mm256_sign_epi8(q, q), _mm256_sign_epi8(x, q));
  } else {
    return _mm256_maddubs_epi16(q, x);
  }
}

// Vector b: scale 2 b in the low half, 2 b + 1 in the high one.
STRIDE_INLINE __m256i scales_of_block(__m256i scale16, size_t b) {
  const __m256i source =
      b < 4 ? _mm256_permute4x64_epi64(scale16, 0x44) : _mm256_permute4x64_epi64(scale16, 0xEE);
  const auto at = static_cast<int>(4 * (b % 4));
  const auto low = static_cast<short>((at + 1) << 8 | at);
  const auto high = static_cast<short>((at + 3) << 8 | (at + 2));
  const __m256i pick = _mm256_setr_m128i(_mm_set1_epi16(low), _mm_set1_epi16(high));
  return _mm256_shuffle_epi8(source, pick);
}

// S of eight blocks of a type with a scale for each 16 values.
template <class T>
STRIDE_INLINE __m256 halves_sums(const Group& w, const int8_t* x, const int16_t* sum16) {
  __m256i p[8];
  for (size_t b = 0; b < 8; ++b) {
    p[b] = _mm256_madd_epi16(pair_sums<T::kForm>(w.q[b], load256(x + 32 * b)),
                             scales_of_block(w.scale16, b));
  }
  __m256i s = sums_of_8(p);
  if constexpr (T::kOffset != 0) {
    const __m256i taken = _mm256_madd_epi16(w.scale16, load256(sum16));
    s = _mm256_sub_epi32(s, _mm256_mullo_epi32(taken, _mm256_set1_epi32(T::kOffset)));
  }
  return _mm256_cvtepi32_ps(s);
}

// S of eight blocks, exact.
template <class T>
STRIDE_INLINE __m256 integer_sums(const Group& w, const int8_t* x, const float* sum,
                                  const int16_t* sum16) {
  if constexpr (T::kForm == Form::halves) {
    return halves_sums<T>(w, x, sum16);
  } else {
    __m256i p[8];
    for (size_t b = 0; b < 8; ++b) p[b] = pair_sums<T::kForm>(w.q[b], load256(x + 32 * b));
    __m256 s;
    if constexpr (T::kForm == Form::narrow) {
      s = _mm256_cvtepi32_ps(sums_of_8_narrow(p));
    } else {
      for (size_t b = 0; b < 8; ++b) p[b] = _mm256_madd_epi16(p[b], _mm256_set1_epi16(1));
      s = _mm256_cvtepi32_ps(sums_of_8(p));
    }
    if constexpr (T::kOffset != 0) {
      s = _mm256_fnmadd_ps(_mm256_set1_ps(T::kOffset), _mm256_loadu_ps(sum), s);
    }
    return T::kBlockValues == 256 ? _mm256_mul_ps(s, w.scale) : s;
  }
}

struct PairSums {
  template <class T>
  STRIDE_INLINE static __m256 of(const Group& w, const int8_t* x, const float* sum,
                                 const int16_t* sum16) {
    return integer_sums<T>(w, x, sum, sum16);
  }
};

}  // namespace
}  // namespace stride::kernels::avx2
