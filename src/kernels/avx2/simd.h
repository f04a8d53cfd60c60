// SPDX-License-Identifier: Apache-2.0
// Small vector helpers of the AVX2 kernels. Everything is in an unnamed namespace: code compiled
// for AVX2 must not reach the linker under a name that other folders could pick up.
#pragma once

#include <immintrin.h>

#include <cstddef>
#include <cstdint>

namespace stride::kernels::avx2 {
namespace {

#define STRIDE_INLINE [[gnu::always_inline]] inline

STRIDE_INLINE __m128i load128(const std::byte* p) {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
}

STRIDE_INLINE __m256i load256(const void* p) {
  return _mm256_loadu_si256(static_cast<const __m256i*>(p));
}

STRIDE_INLINE void store256(void* p, __m256i v) {
  _mm256_storeu_si256(static_cast<__m256i*>(p), v);
}

template <class T>
STRIDE_INLINE T load_as(const std::byte* p) {
  T value;
  __builtin_memcpy(&value, p, sizeof value);
  return value;
}

STRIDE_INLINE float f16_at(const std::byte* p) {
  return _cvtsh_ss(load_as<uint16_t>(p));
}

// Has the value computed here: g++ otherwise first makes all products of an unrolled loop, for
// which there are not the registers, and adds them up later.
STRIDE_INLINE void settle(__m256i& v) {
  asm("" : "+x"(v));
}

// Sum of 8 lanes: 8 to 4 to 2 to 1, lane i taking lane i + half.
STRIDE_INLINE float fold(__m256 v) {
  __m128 x = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
  x = _mm_add_ps(x, _mm_movehl_ps(x, x));
  x = _mm_add_ss(x, _mm_movehdup_ps(x));
  return _mm_cvtss_f32(x);
}

STRIDE_INLINE float fold_max(__m256 v) {
  __m128 x = _mm_max_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
  x = _mm_max_ps(x, _mm_movehl_ps(x, x));
  x = _mm_max_ss(x, _mm_movehdup_ps(x));
  return _mm_cvtss_f32(x);
}

// Lanes 0 .. n - 1 all ones, n <= 8.
STRIDE_INLINE __m256i first_lanes(size_t n) {
  const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(n)), lane);
}

// v[i] becomes lane i of all eight.
STRIDE_INLINE void transpose8(__m256 (&v)[8]) {
  __m256 pair[8];
  for (int i = 0; i < 4; ++i) {
    pair[2 * i] = _mm256_unpacklo_ps(v[2 * i], v[2 * i + 1]);
    pair[2 * i + 1] = _mm256_unpackhi_ps(v[2 * i], v[2 * i + 1]);
  }
  __m256 quad[8];
  for (int i = 0; i < 2; ++i) {
    quad[4 * i] = _mm256_shuffle_ps(pair[4 * i], pair[4 * i + 2], 0x44);
    quad[4 * i + 1] = _mm256_shuffle_ps(pair[4 * i], pair[4 * i + 2], 0xEE);
    quad[4 * i + 2] = _mm256_shuffle_ps(pair[4 * i + 1], pair[4 * i + 3], 0x44);
    quad[4 * i + 3] = _mm256_shuffle_ps(pair[4 * i + 1], pair[4 * i + 3], 0xEE);
  }
  for (int i = 0; i < 4; ++i) {
    v[i] = _mm256_permute2f128_ps(quad[i], quad[i + 4], 0x20);
    v[i + 4] = _mm256_permute2f128_ps(quad[i], quad[i + 4], 0x31);
  }
}

// Sums of eight vectors of 8 x i32, in order.
STRIDE_INLINE __m256i sums_of_8(const __m256i (&v)[8]) {
  const __m256i low =
      _mm256_hadd_epi32(_mm256_hadd_epi32(v[0], v[1]), _mm256_hadd_epi32(v[2], v[3]));
  const __m256i high =
      _mm256_hadd_epi32(_mm256_hadd_epi32(v[4], v[5]), _mm256_hadd_epi32(v[6], v[7]));
  return _mm256_add_epi32(_mm256_permute2x128_si256(low, high, 0x20),
                          _mm256_permute2x128_si256(low, high, 0x31));
}

// Sums of eight vectors of 8 floats, in order; lanes are added in pairs, neighbours first.
STRIDE_INLINE __m256 sums_of_8(const __m256 (&v)[8]) {
  const __m256 low = _mm256_hadd_ps(_mm256_hadd_ps(v[0], v[1]), _mm256_hadd_ps(v[2], v[3]));
  const __m256 high = _mm256_hadd_ps(_mm256_hadd_ps(v[4], v[5]), _mm256_hadd_ps(v[6], v[7]));
  return _mm256_add_ps(_mm256_permute2f128_ps(low, high, 0x20),
                       _mm256_permute2f128_ps(low, high, 0x31));
}

// Sums of eight vectors of 16 x i16, in order. Sums of the 8 values of a half must fit an i16.
STRIDE_INLINE __m256i sums_of_8_narrow(const __m256i (&v)[8]) {
  const __m256i low =
      _mm256_hadd_epi16(_mm256_hadd_epi16(v[0], v[1]), _mm256_hadd_epi16(v[2], v[3]));
  const __m256i high =
      _mm256_hadd_epi16(_mm256_hadd_epi16(v[4], v[5]), _mm256_hadd_epi16(v[6], v[7]));
  const __m256i halves = _mm256_hadd_epi16(low, high);
  return _mm256_add_epi32(_mm256_cvtepi16_epi32(_mm256_castsi256_si128(halves)),
                          _mm256_cvtepi16_epi32(_mm256_extracti128_si256(halves, 1)));
}

}  // namespace
}  // namespace stride::kernels::avx2
