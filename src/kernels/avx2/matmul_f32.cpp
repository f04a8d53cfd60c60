// SPDX-License-Identifier: Apache-2.0
// Products of float weights in the contract's 16 lanes: two vectors of eight. Four columns at a
// time share the widening of the weights.
#include "kernels/avx2/avx2.h"
#include "kernels/avx2/simd.h"

namespace stride::kernels::avx2 {
namespace {

struct F32 {
  static constexpr size_t kBytes = 4;
  STRIDE_INLINE static __m256 load(const std::byte* p) {
    return _mm256_loadu_ps(reinterpret_cast<const float*>(p));
  }
};

struct F16 {
  static constexpr size_t kBytes = 2;
  STRIDE_INLINE static __m256 load(const std::byte* p) { return _mm256_cvtph_ps(load128(p)); }
};

struct BF16 {
  static constexpr size_t kBytes = 2;
  STRIDE_INLINE static __m256 load(const std::byte* p) {
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(load128(p)), 16));
  }
};

template <size_t kCol>
STRIDE_INLINE void add16(__m256 (&sum)[kCol][2], __m256 w0, __m256 w1,
                         const float* const (&x)[kCol], size_t i) {
  for (size_t c = 0; c < kCol; ++c) {
    sum[c][0] = _mm256_fmadd_ps(w0, _mm256_loadu_ps(x[c] + i), sum[c][0]);
    sum[c][1] = _mm256_fmadd_ps(w1, _mm256_loadu_ps(x[c] + i + 8), sum[c][1]);
  }
}

// The last n % 16 elements, extended by zeros.
template <class T, size_t kCol>
STRIDE_INLINE void add_tail(__m256 (&sum)[kCol][2], const std::byte* w,
                            const float* const (&x)[kCol], size_t i, size_t n) {
  alignas(32) std::byte row[16 * T::kBytes] = {};
  __builtin_memcpy(row, w + i * T::kBytes, (n - i) * T::kBytes);
  alignas(32) float tails[kCol][16] = {};
  const float* tail[kCol];
  for (size_t c = 0; c < kCol; ++c) {
    __builtin_memcpy(tails[c], x[c] + i, (n - i) * sizeof(float));
    tail[c] = tails[c];
  }
  add16(sum, T::load(row), T::load(row + 8 * T::kBytes), tail, 0);
}

template <class T, size_t kCol>
STRIDE_INLINE void multiply_row(float* out, size_t out_stride, const std::byte* w,
                                const float* const (&x)[kCol], size_t n) {
  __m256 sum[kCol][2];
  for (size_t c = 0; c < kCol; ++c) sum[c][0] = sum[c][1] = _mm256_setzero_ps();
  size_t i = 0;
  for (; i + 16 <= n; i += 16) {
    const std::byte* p = w + i * T::kBytes;
    _mm_prefetch(reinterpret_cast<const char*>(p + 4096), _MM_HINT_T0);
    add16(sum, T::load(p), T::load(p + 8 * T::kBytes), x, i);
  }
  if (i < n) add_tail<T>(sum, w, x, i, n);
  for (size_t c = 0; c < kCol; ++c) out[c * out_stride] = fold(_mm256_add_ps(sum[c][0], sum[c][1]));
}

struct FloatProduct {
  float* out;
  size_t out_stride;
  Weights w;
  size_t row_begin;
  size_t row_end;
};

template <class T, size_t kCol>
STRIDE_INLINE void multiply_columns(const FloatProduct& a, const std::byte* columns,
                                    size_t x_stride, size_t first) {
  const float* x[kCol];
  for (size_t c = 0; c < kCol; ++c) {
    x[c] = reinterpret_cast<const float*>(columns + (first + c) * x_stride);
  }
  for (size_t r = a.row_begin; r < a.row_end; ++r) {
    multiply_row<T>(a.out + first * a.out_stride + r, a.out_stride, a.w.data + r * a.w.row_bytes, x,
                    a.w.n_in);
  }
}

template <class T>
void multiply(const FloatProduct& a, const std::byte* x, size_t x_stride, size_t n_col) {
  // Tiles of rows stay in the first cache while all columns pass over them.
  constexpr size_t kTileBytes = 16384;
  const size_t tile = a.w.row_bytes < kTileBytes ? kTileBytes / (a.w.row_bytes + 1) + 1 : 1;
  for (size_t r = a.row_begin; r < a.row_end; r += tile) {
    FloatProduct part = a;
    part.row_begin = r;
    part.row_end = a.row_end - r < tile ? a.row_end : r + tile;
    size_t c = 0;
    for (; c + 4 <= n_col; c += 4) multiply_columns<T, 4>(part, x, x_stride, c);
    for (; c + 2 <= n_col; c += 2) multiply_columns<T, 2>(part, x, x_stride, c);
    if (c < n_col) multiply_columns<T, 1>(part, x, x_stride, c);
  }
}

}  // namespace

void matmul_f32(float* out, size_t out_stride, const Weights& w, size_t row_begin, size_t row_end,
                const std::byte* x, size_t x_stride, size_t n_col) {
  const FloatProduct product = {out, out_stride, w, row_begin, row_end};
  switch (w.type) {
    case quant::Type::f32:
      return multiply<F32>(product, x, x_stride, n_col);
    case quant::Type::f16:
      return multiply<F16>(product, x, x_stride, n_col);
    case quant::Type::bf16:
      return multiply<BF16>(product, x, x_stride, n_col);
    default:
      return;
  }
}

float dot(const float* a, const float* b, size_t n) {
  float out = 0;
  const float* const x[1] = {b};
  multiply_row<F32>(&out, 1, reinterpret_cast<const std::byte*>(a), x, n);
  return out;
}

}  // namespace stride::kernels::avx2
