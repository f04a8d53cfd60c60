// SPDX-License-Identifier: Apache-2.0
// As many independent chains as 16 registers allow, each with a name: g++ 12 keeps arrays of vector
// accumulators in memory.
#include <immintrin.h>

#include "kernels/avx2/avx2.h"

namespace stride::kernels::avx2 {
namespace {

// Products of bytes, their sums in pairs and in fours: the way to int32 without VNNI.
inline __attribute__((always_inline)) __m256i add_products(__m256i sum, __m256i x, __m256i y,
                                                           __m256i ones) {
  return _mm256_add_epi32(sum, _mm256_madd_epi16(_mm256_maddubs_epi16(x, y), ones));
}

uint64_t int8(uint64_t n_round) {
  __m256i x = _mm256_set1_epi8(3);
  const __m256i y = _mm256_set1_epi8(1), ones = _mm256_set1_epi16(1);
  __m256i a = _mm256_setzero_si256(), b = a, c = a, d = a, e = a, f = a;
  for (uint64_t round = 0; round < n_round; ++round) {
    // A product of constants would be computed once: x is claimed to change.
    a = add_products(a, x, y, ones);
    asm volatile("" : "+x"(x));
    b = add_products(b, x, y, ones);
    asm volatile("" : "+x"(x));
    c = add_products(c, x, y, ones);
    asm volatile("" : "+x"(x));
    d = add_products(d, x, y, ones);
    asm volatile("" : "+x"(x));
    e = add_products(e, x, y, ones);
    asm volatile("" : "+x"(x));
    f = add_products(f, x, y, ones);
    asm volatile("" : "+x"(x), "+x"(a), "+x"(b), "+x"(c), "+x"(d), "+x"(e), "+x"(f));
  }
  return n_round * 6 * 32 * 2;
}

uint64_t fma(uint64_t n_round) {
  const __m256 x = _mm256_set1_ps(0.5F), y = _mm256_set1_ps(0.25F);
  __m256 a = _mm256_setzero_ps(), b = a, c = a, d = a, e = a;
  __m256 f = a, g = a, h = a, i = a, j = a;
  for (uint64_t round = 0; round < n_round; ++round) {
    a = _mm256_fmadd_ps(x, y, a);
    b = _mm256_fmadd_ps(x, y, b);
    c = _mm256_fmadd_ps(x, y, c);
    d = _mm256_fmadd_ps(x, y, d);
    e = _mm256_fmadd_ps(x, y, e);
    f = _mm256_fmadd_ps(x, y, f);
    g = _mm256_fmadd_ps(x, y, g);
    h = _mm256_fmadd_ps(x, y, h);
    i = _mm256_fmadd_ps(x, y, i);
    j = _mm256_fmadd_ps(x, y, j);
    asm volatile("" : "+x"(a), "+x"(b), "+x"(c), "+x"(d), "+x"(e));
    asm volatile("" : "+x"(f), "+x"(g), "+x"(h), "+x"(i), "+x"(j));
  }
  return n_round * 10 * 8 * 2;
}

uint64_t read(const std::byte* data, size_t n, size_t prefetch) {
  __m256i a = _mm256_setzero_si256(), b = a, c = a, d = a;
  for (size_t at = 0; at < n; at += 128) {
    const auto* p = reinterpret_cast<const __m256i*>(data + at);
    const auto* ahead = reinterpret_cast<const char*>(p) + prefetch;
    _mm_prefetch(ahead, _MM_HINT_T0);
    _mm_prefetch(ahead + 64, _MM_HINT_T0);
    a = _mm256_add_epi64(a, _mm256_load_si256(p));
    b = _mm256_add_epi64(b, _mm256_load_si256(p + 1));
    c = _mm256_add_epi64(c, _mm256_load_si256(p + 2));
    d = _mm256_add_epi64(d, _mm256_load_si256(p + 3));
  }
  alignas(32) uint64_t lanes[4];
  _mm256_store_si256(reinterpret_cast<__m256i*>(lanes),
                     _mm256_add_epi64(_mm256_add_epi64(a, b), _mm256_add_epi64(c, d)));
  return lanes[0] + lanes[1] + lanes[2] + lanes[3];
}

}  // namespace

const Peaks& peaks() {
  static constexpr Peaks kPeaks = {"vpmaddubsw + vpmaddwd ymm", "vfmadd231ps ymm", int8, fma, read};
  return kPeaks;
}

}  // namespace stride::kernels::avx2
