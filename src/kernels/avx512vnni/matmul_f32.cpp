// SPDX-License-Identifier: Apache-2.0
// Products of float weights for many columns: the contract's 16 lanes are one vector, and a tile of
// four rows and four columns takes each load four times.
#include "kernels/avx512vnni/intrinsics.h"
#include "kernels/avx512vnni/matmul.h"

#include "kernels/avx2/avx2.h"
#include "kernels/avx2/simd.h"

namespace stride::kernels::STRIDE_AVX512 {
namespace {

constexpr size_t kColumns = 4;

struct F32 {
  static constexpr size_t kBytes = 4;
  STRIDE_INLINE static __m512 load(const std::byte* p) { return _mm512_loadu_ps(p); }
};

struct F16 {
  static constexpr size_t kBytes = 2;
  STRIDE_INLINE static __m512 load(const std::byte* p) { return _mm512_cvtph_ps(avx2::load256(p)); }
};

struct BF16 {
  static constexpr size_t kBytes = 2;
  STRIDE_INLINE static __m512 load(const std::byte* p) {
    const __m512i wide = _mm512_cvtepu16_epi32(avx2::load256(p));
    return _mm512_castsi512_ps(_mm512_slli_epi32(wide, 16));
  }
};

template <size_t kRows>
struct Sums {
  __m512 of[kRows][kColumns];
};

// Sixteen elements of each row and column, from the places given on.
template <class T, size_t kRows>
STRIDE_INLINE void add16(Sums<kRows>& sums, const std::byte* const (&w)[kRows],
                         const std::byte* const (&x)[kColumns]) {
  __m512 weights[kRows];
  for (size_t r = 0; r < kRows; ++r) weights[r] = T::load(w[r]);
  for (size_t c = 0; c < kColumns; ++c) {
    const __m512 column = F32::load(x[c]);
    for (size_t r = 0; r < kRows; ++r)
      sums.of[r][c] = _mm512_fmadd_ps(weights[r], column, sums.of[r][c]);
  }
}

// The last n < 16 elements, extended by zeros.
template <class T, size_t kRows>
STRIDE_INLINE void add_tail(Sums<kRows>& sums, const std::byte* const (&w)[kRows],
                            const std::byte* const (&x)[kColumns], size_t n) {
  alignas(64) std::byte rows[kRows][16 * T::kBytes] = {};
  alignas(64) std::byte columns[kColumns][16 * F32::kBytes] = {};
  const std::byte* row[kRows];
  const std::byte* column[kColumns];
  for (size_t r = 0; r < kRows; ++r) {
    __builtin_memcpy(rows[r], w[r], n * T::kBytes);
    row[r] = rows[r];
  }
  for (size_t c = 0; c < kColumns; ++c) {
    __builtin_memcpy(columns[c], x[c], n * F32::kBytes);
    column[c] = columns[c];
  }
  add16<T>(sums, row, column);
}

// Rows r to r + kRows - 1 times the columns from x on.
template <class T, size_t kRows>
void multiply_tile(float* out, size_t out_stride, const Weights& weights, size_t r,
                   const std::byte* x, size_t x_stride) {
  const std::byte* w[kRows];
  const std::byte* column[kColumns];
  for (size_t i = 0; i < kRows; ++i) w[i] = weights.data + (r + i) * weights.row_bytes;
  for (size_t c = 0; c < kColumns; ++c) column[c] = x + c * x_stride;
  Sums<kRows> sums;
  for (auto& row : sums.of)
    for (__m512& sum : row) sum = _mm512_setzero_ps();
  size_t i = 0;
  for (; i + 16 <= weights.n_in; i += 16) {
    add16<T>(sums, w, column);
    for (const std::byte*& p : w) p += 16 * T::kBytes;
    for (const std::byte*& p : column) p += 16 * F32::kBytes;
  }
  if (i < weights.n_in) add_tail<T>(sums, w, column, weights.n_in - i);
  for (size_t row = 0; row < kRows; ++row) {
    for (size_t c = 0; c < kColumns; ++c) {
      const __m512 sum = sums.of[row][c];
      out[c * out_stride + r + row] =
          avx2::fold(_mm256_add_ps(_mm512_castps512_ps256(sum), _mm512_extractf32x8_ps(sum, 1)));
    }
  }
}

// Four columns at a time pass over rows that stay in the second cache.
template <class T>
void multiply(float* out, size_t out_stride, const Weights& w, size_t row_begin, size_t row_end,
              const std::byte* x, size_t x_stride, size_t n_col) {
  constexpr size_t kRows = 8;
  for (size_t begin = row_begin; begin < row_end; begin += kRows) {
    const size_t end = begin + kRows < row_end ? begin + kRows : row_end;
    for (size_t c = 0; c < n_col; c += kColumns) {
      float* to = out + c * out_stride;
      const std::byte* columns = x + c * x_stride;
      size_t r = begin;
      for (; r + 4 <= end; r += 4) multiply_tile<T, 4>(to, out_stride, w, r, columns, x_stride);
      for (; r < end; ++r) multiply_tile<T, 1>(to, out_stride, w, r, columns, x_stride);
    }
  }
}

}  // namespace

void matmul_f32(float* out, size_t out_stride, const Weights& w, size_t row_begin, size_t row_end,
                const std::byte* x, size_t x_stride, size_t n_col) {
  const size_t n = n_col / kColumns * kColumns;
  switch (w.type) {
    case quant::Type::f32:
      multiply<F32>(out, out_stride, w, row_begin, row_end, x, x_stride, n);
      break;
    case quant::Type::f16:
      multiply<F16>(out, out_stride, w, row_begin, row_end, x, x_stride, n);
      break;
    case quant::Type::bf16:
      multiply<BF16>(out, out_stride, w, row_begin, row_end, x, x_stride, n);
      break;
    default:
      return;
  }
  if (n < n_col)
    avx2::matmul_f32(out + n * out_stride, out_stride, w, row_begin, row_end, x + n * x_stride,
                     x_stride, n_col - n);
}

}  // namespace stride::kernels::STRIDE_AVX512
