// SPDX-License-Identifier: Apache-2.0
// Functions of one row, eight values at a time; the last few through masks, so that a value's
// result never depends on its place.
#include "kernels/avx2/avx2.h"
#include "kernels/avx2/exp.h"
#include "kernels/avx2/simd.h"

namespace stride::kernels::avx2 {
namespace {

constexpr float kInfinity = __builtin_inff();

// Calls body(i, load, store) for each eight values; load(p) and store(p, v) move p[i .. i + 7], the
// last time as many as there are.
template <class Body>
STRIDE_INLINE void for_each_8(size_t n, Body body) {
  size_t i = 0;
  for (; i + 8 <= n; i += 8) {
    body([i](const float* p) __attribute__((always_inline)) { return _mm256_loadu_ps(p + i); },
         [i](float* p, __m256 v) __attribute__((always_inline)) { _mm256_storeu_ps(p + i, v); });
  }
  if (i < n) {
    const __m256i mask = first_lanes(n - i);
    body([=](const float* p)
             __attribute__((always_inline)) { return _mm256_maskload_ps(p + i, mask); },
         [=](float* p, __m256 v)
             __attribute__((always_inline)) { _mm256_maskstore_ps(p + i, mask, v); });
  }
}

STRIDE_INLINE double square_sum(const float* x, size_t n) {
  __m256d sum[2] = {_mm256_setzero_pd(), _mm256_setzero_pd()};
  for_each_8(n, [&](auto load, auto) __attribute__((always_inline)) {
    const __m256 v = load(x);
    const __m256d low = _mm256_cvtps_pd(_mm256_castps256_ps128(v));
    const __m256d high = _mm256_cvtps_pd(_mm256_extractf128_ps(v, 1));
    sum[0] = _mm256_fmadd_pd(low, low, sum[0]);
    sum[1] = _mm256_fmadd_pd(high, high, sum[1]);
  });
  const __m256d both = _mm256_add_pd(sum[0], sum[1]);
  const __m128d pair = _mm_add_pd(_mm256_castpd256_pd128(both), _mm256_extractf128_pd(both, 1));
  return _mm_cvtsd_f64(_mm_add_sd(pair, _mm_unpackhi_pd(pair, pair)));
}

STRIDE_INLINE __m256 magnitude(__m256 x) {
  return _mm256_and_ps(x, _mm256_castsi256_ps(_mm256_set1_epi32(0x7fffffff)));
}

}  // namespace

void store_f16(uint16_t* out, const float* x, size_t n) {
  for (size_t i = 0; i < n; i += 8) {
    const __m128i bits = _mm256_cvtps_ph(_mm256_loadu_ps(x + i), _MM_FROUND_TO_NEAREST_INT);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out + i), bits);
  }
}

void rms_norm(float* out, const float* x, const float* w, size_t n, float eps) {
  const auto mean = static_cast<float>(square_sum(x, n) / static_cast<double>(n));
  const float root = _mm_cvtss_f32(_mm_sqrt_ss(_mm_set_ss(mean + eps)));
  const __m256 factor = _mm256_set1_ps(1.0F / root);
  for_each_8(n, [&](auto load, auto store) __attribute__((always_inline)) {
    store(out, _mm256_mul_ps(_mm256_mul_ps(load(x), factor), load(w)));
  });
}

void rope(float* x, size_t n_head, size_t head_dim, size_t n_rot, const float* cos,
          const float* sin) {
  const size_t half = n_rot / 2;
  for (size_t h = 0; h < n_head; ++h) {
    float* low = x + h * head_dim;
    float* high = low + half;
    for_each_8(half, [&](auto load, auto store) __attribute__((always_inline)) {
      const __m256 a = load(low);
      const __m256 b = load(high);
      const __m256 c = load(cos);
      const __m256 s = load(sin);
      store(low, _mm256_sub_ps(_mm256_mul_ps(a, c), _mm256_mul_ps(b, s)));
      store(high, _mm256_add_ps(_mm256_mul_ps(b, c), _mm256_mul_ps(a, s)));
    });
  }
}

void swiglu(float* out, const float* gate, const float* up, size_t n, float limit) {
  const __m256 bound = _mm256_set1_ps(limit > 0 ? limit : kInfinity);
  const __m256 lowest = _mm256_sub_ps(_mm256_setzero_ps(), bound);
  const __m256 one = _mm256_set1_ps(1.0F);
  for_each_8(n, [&](auto load, auto store) __attribute__((always_inline)) {
    const __m256 g = load(gate);
    const __m256 e = exp(_mm256_xor_ps(g, _mm256_set1_ps(-0.0F)));
    const __m256 silu = _mm256_div_ps(g, _mm256_add_ps(one, e));
    // The second operand comes back if one is NaN.
    const __m256 u = _mm256_min_ps(bound, _mm256_max_ps(lowest, load(up)));
    store(out, _mm256_mul_ps(_mm256_min_ps(bound, silu), u));
  });
}

void add(float* out, const float* x, size_t n) {
  for_each_8(n, [&](auto load, auto store) __attribute__((always_inline)) {
    store(out, _mm256_add_ps(load(out), load(x)));
  });
}

void add_scaled(float* out, const float* x, float s, size_t n) {
  const __m256 factor = _mm256_set1_ps(s);
  for_each_8(n, [&](auto load, auto store) __attribute__((always_inline)) {
    store(out, _mm256_fmadd_ps(factor, load(x), load(out)));
  });
}

void scale(float* x, float s, size_t n) {
  const __m256 factor = _mm256_set1_ps(s);
  for_each_8(n, [&](auto load, auto store)
                    __attribute__((always_inline)) { store(x, _mm256_mul_ps(load(x), factor)); });
}

void sigmoid(float* x, size_t n) {
  for_each_8(
      n, [&](auto load, auto store) __attribute__((always_inline)) { store(x, sigmoid(load(x))); });
}

float exp_sum(float* x, size_t n, float max, float inverse_temperature) {
  const __m256 top = _mm256_set1_ps(max);
  const __m256 factor = _mm256_set1_ps(inverse_temperature);
  __m256d sum[2] = {_mm256_setzero_pd(), _mm256_setzero_pd()};
  size_t i = 0;
  for_each_8(n, [&](auto load, auto store) __attribute__((always_inline)) {
    __m256 v = exp(_mm256_mul_ps(_mm256_sub_ps(load(x), top), factor));
    if (n - i < 8) v = _mm256_and_ps(v, _mm256_castsi256_ps(first_lanes(n - i)));
    i += 8;
    store(x, v);
    sum[0] = _mm256_add_pd(sum[0], _mm256_cvtps_pd(_mm256_castps256_ps128(v)));
    sum[1] = _mm256_add_pd(sum[1], _mm256_cvtps_pd(_mm256_extractf128_ps(v, 1)));
  });
  const __m256d both = _mm256_add_pd(sum[0], sum[1]);
  const __m128d pair = _mm_add_pd(_mm256_castpd256_pd128(both), _mm256_extractf128_pd(both, 1));
  return static_cast<float>(_mm_cvtsd_f64(_mm_add_sd(pair, _mm_unpackhi_pd(pair, pair))));
}

float max(const float* x, size_t n) {
  __m256 largest = _mm256_set1_ps(-kInfinity);
  size_t i = 0;
  // The second operand, what was found so far, comes back if the first is NaN.
  for (; i + 8 <= n; i += 8) largest = _mm256_max_ps(_mm256_loadu_ps(x + i), largest);
  float result = fold_max(largest);
  for (; i < n; ++i) result = x[i] > result ? x[i] : result;
  return result;
}

void store_int8(int8_t* out, float* scale, const float* x, size_t n) {
  __m256 top = _mm256_setzero_ps();
  __m256 bad = _mm256_setzero_ps();
  for (size_t i = 0; i < n; i += 8) {
    const __m256 v = magnitude(_mm256_loadu_ps(x + i));
    bad = _mm256_or_ps(bad, _mm256_cmp_ps(v, _mm256_set1_ps(kInfinity), _CMP_NLT_UQ));
    top = _mm256_max_ps(top, v);
  }
  const float largest = fold_max(top);
  const bool damaged = _mm256_movemask_ps(bad) != 0;
  if (damaged || largest < 0x1p-119F) {
    __builtin_memset(out, 0, n);
    *scale = damaged ? __builtin_nanf("") : 0.0F;
    return;
  }
  const __m256 inverse = _mm256_set1_ps(127.0F / largest);
  for (size_t i = 0; i < n; i += 8) {
    const __m256i v = _mm256_cvtps_epi32(_mm256_mul_ps(_mm256_loadu_ps(x + i), inverse));
    const __m128i words =
        _mm_packs_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
    _mm_storel_epi64(reinterpret_cast<__m128i*>(out + i), _mm_packs_epi16(words, words));
  }
  *scale = largest / 127.0F;
}

}  // namespace stride::kernels::avx2
