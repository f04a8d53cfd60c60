// SPDX-License-Identifier: Apache-2.0
// Twelve independent chains hide the latency of both instructions (4 to 5 cycles, two units at
// most). Each accumulator has a name: g++ 12 keeps arrays of them in memory.
#include <immintrin.h>

#include "kernels/avx512vnni/avx512vnni.h"

namespace stride::kernels::avx512vnni {
namespace {

uint64_t int8(uint64_t n_round) {
  const __m512i x = _mm512_set1_epi8(3), y = _mm512_set1_epi8(1);
  __m512i a = _mm512_setzero_si512(), b = a, c = a, d = a, e = a, f = a;
  __m512i g = a, h = a, i = a, j = a, k = a, l = a;
  for (uint64_t round = 0; round < n_round; ++round) {
    a = _mm512_dpbusd_epi32(a, x, y);
    b = _mm512_dpbusd_epi32(b, x, y);
    c = _mm512_dpbusd_epi32(c, x, y);
    d = _mm512_dpbusd_epi32(d, x, y);
    e = _mm512_dpbusd_epi32(e, x, y);
    f = _mm512_dpbusd_epi32(f, x, y);
    g = _mm512_dpbusd_epi32(g, x, y);
    h = _mm512_dpbusd_epi32(h, x, y);
    i = _mm512_dpbusd_epi32(i, x, y);
    j = _mm512_dpbusd_epi32(j, x, y);
    k = _mm512_dpbusd_epi32(k, x, y);
    l = _mm512_dpbusd_epi32(l, x, y);
    // Chains that all do the same would otherwise be found out and become one.
    asm volatile("" : "+v"(a), "+v"(b), "+v"(c), "+v"(d), "+v"(e), "+v"(f));
    asm volatile("" : "+v"(g), "+v"(h), "+v"(i), "+v"(j), "+v"(k), "+v"(l));
  }
  return n_round * 12 * 64 * 2;
}

uint64_t fma(uint64_t n_round) {
  const __m512 x = _mm512_set1_ps(0.5F), y = _mm512_set1_ps(0.25F);
  __m512 a = _mm512_setzero_ps(), b = a, c = a, d = a, e = a, f = a;
  __m512 g = a, h = a, i = a, j = a, k = a, l = a;
  for (uint64_t round = 0; round < n_round; ++round) {
    a = _mm512_fmadd_ps(x, y, a);
    b = _mm512_fmadd_ps(x, y, b);
    c = _mm512_fmadd_ps(x, y, c);
    d = _mm512_fmadd_ps(x, y, d);
    e = _mm512_fmadd_ps(x, y, e);
    f = _mm512_fmadd_ps(x, y, f);
    g = _mm512_fmadd_ps(x, y, g);
    h = _mm512_fmadd_ps(x, y, h);
    i = _mm512_fmadd_ps(x, y, i);
    j = _mm512_fmadd_ps(x, y, j);
    k = _mm512_fmadd_ps(x, y, k);
    l = _mm512_fmadd_ps(x, y, l);
    asm volatile("" : "+v"(a), "+v"(b), "+v"(c), "+v"(d), "+v"(e), "+v"(f));
    asm volatile("" : "+v"(g), "+v"(h), "+v"(i), "+v"(j), "+v"(k), "+v"(l));
  }
  return n_round * 12 * 16 * 2;
}

uint64_t read(const std::byte* data, size_t n, size_t prefetch) {
  __m512i a = _mm512_setzero_si512(), b = a, c = a, d = a, e = a, f = a, g = a, h = a;
  for (size_t at = 0; at < n; at += 512) {
    const std::byte* p = data + at;
    for (size_t line = 0; line < 512; line += 64) {
      _mm_prefetch(reinterpret_cast<const char*>(p + prefetch + line), _MM_HINT_T0);
    }
    a = _mm512_add_epi64(a, _mm512_load_si512(p));
    b = _mm512_add_epi64(b, _mm512_load_si512(p + 64));
    c = _mm512_add_epi64(c, _mm512_load_si512(p + 128));
    d = _mm512_add_epi64(d, _mm512_load_si512(p + 192));
    e = _mm512_add_epi64(e, _mm512_load_si512(p + 256));
    f = _mm512_add_epi64(f, _mm512_load_si512(p + 320));
    g = _mm512_add_epi64(g, _mm512_load_si512(p + 384));
    h = _mm512_add_epi64(h, _mm512_load_si512(p + 448));
  }
  a = _mm512_add_epi64(_mm512_add_epi64(a, b), _mm512_add_epi64(c, d));
  e = _mm512_add_epi64(_mm512_add_epi64(e, f), _mm512_add_epi64(g, h));
  return static_cast<uint64_t>(_mm512_reduce_add_epi64(_mm512_add_epi64(a, e)));
}

}  // namespace

const Peaks& peaks() {
  static constexpr Peaks kPeaks = {"vpdpbusd zmm", "vfmadd231ps zmm", int8, fma, read};
  return kPeaks;
}

}  // namespace stride::kernels::avx512vnni
