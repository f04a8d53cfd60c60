// SPDX-License-Identifier: Apache-2.0
// The intrinsics of this folder. For tests on processors without AVX-512 the same sources are built
// a second time with STRIDE_KERNELS_EMULATE: SIMDe then gives the instructions' meaning in plain
// code, and the namespace has another name.
#pragma once

#include <immintrin.h>

#ifdef STRIDE_KERNELS_EMULATE

#define SIMDE_ENABLE_NATIVE_ALIASES
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wpedantic"
#include <simde/x86/avx512.h>
#pragma GCC diagnostic pop

#define STRIDE_AVX512 avx512vnni_emulated

// What SIMDe 0.7 lacks.
static inline __m512 stride_cvtepi32_ps(__m512i v) {
  alignas(64) int from[16];
  alignas(64) float to[16];
  _mm512_store_si512(from, v);
  for (int i = 0; i < 16; ++i) to[i] = static_cast<float>(from[i]);
  return _mm512_load_ps(to);
}
#define _mm512_cvtepi32_ps stride_cvtepi32_ps

static inline __m512 stride_cvtph_ps(__m256i v) {
  alignas(64) float to[16];
  _mm256_store_ps(to, _mm256_cvtph_ps(_mm256_castsi256_si128(v)));
  _mm256_store_ps(to + 8, _mm256_cvtph_ps(_mm256_extracti128_si256(v, 1)));
  return _mm512_load_ps(to);
}
#define _mm512_cvtph_ps stride_cvtph_ps

template <class From, class Vector>
static inline __m512i stride_widen(Vector v) {
  From from[16];
  static_assert(sizeof from == sizeof v);
  alignas(64) int to[16];
  __builtin_memcpy(from, &v, sizeof from);
  for (int i = 0; i < 16; ++i) to[i] = from[i];
  return _mm512_load_si512(to);
}
#define _mm512_cvtepu8_epi32 stride_widen<unsigned char>
#define _mm512_cvtepi8_epi32 stride_widen<signed char>
#define _mm512_cvtepi16_epi32 stride_widen<short>
#define _mm512_cvtepu16_epi32 stride_widen<unsigned short>

static inline __m512i stride_cvtps_epi32(__m512 v) {
  alignas(64) float from[16];
  alignas(64) int to[16];
  _mm512_store_ps(from, v);
  for (int i = 0; i < 16; ++i) to[i] = _mm_cvtss_si32(_mm_set_ss(from[i]));
  return _mm512_load_si512(to);
}
#define _mm512_cvtps_epi32 stride_cvtps_epi32

static inline __m512i stride_srai_epi32(__m512i v, int n) {
  alignas(64) int lanes[16];
  _mm512_store_si512(lanes, v);
  for (int& lane : lanes) lane >>= n;
  return _mm512_load_si512(lanes);
}
#define _mm512_srai_epi32 stride_srai_epi32

static inline __m256 stride_extractf32x8_ps(__m512 v, int half) {
  alignas(64) float lanes[16];
  _mm512_store_ps(lanes, v);
  return _mm256_load_ps(lanes + 8 * half);
}
#define _mm512_extractf32x8_ps stride_extractf32x8_ps

static inline __m512i stride_dpbusd_broadcast(__m512i sum, __m512i w, const signed char* x) {
  int four;
  __builtin_memcpy(&four, x, sizeof four);
  return _mm512_dpbusd_epi32(sum, w, _mm512_set1_epi32(four));
}

#else

#define STRIDE_AVX512 avx512vnni

// vpdpbusd of w and the four bytes at x, broadcast. g++ 12 would load them by an instruction of
// their own, and the processor could look less far ahead.
[[gnu::always_inline]] static inline __m512i stride_dpbusd_broadcast(__m512i sum, __m512i w,
                                                                     const signed char* x) {
  using Four [[gnu::may_alias, gnu::aligned(1)]] = int;
  asm("vpdpbusd %2%{1to16%}, %1, %0" : "+v"(sum) : "v"(w), "m"(*reinterpret_cast<const Four*>(x)));
  return sum;
}

#endif
