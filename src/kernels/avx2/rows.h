// SPDX-License-Identifier: Apache-2.0
// Products of a few columns, bound by the reading of weights. For 16 rows at a time, each row is
// streamed once and its block products F_b are stored; then the sums are taken with rows in lanes,
// blocks in ascending order, as the contract has it.
#pragma once

#include "kernels/avx2/decode.h"
#include "kernels/avx2/matmul.h"

namespace stride::kernels::avx2 {
namespace {

constexpr size_t kTileRows = 16;
// Bytes read ahead of the kernel. From 4 KiB on the rate no longer grows (matmul_bench).
constexpr size_t kPrefetchBytes = 4096;

// F of eight blocks. `Sums` is how an instruction set finds their integers.
template <class T, class Sums>
STRIDE_INLINE __m256 group_products(const Group& w, const Q8Row& x, size_t block) {
  const float* sum = x.sum + block;
  const int16_t* sum16 = x.sum16 + 2 * block;
  const __m256 s = Sums::template of<T>(w, x.value + 32 * block, sum, sum16);
  const __m256 f = _mm256_mul_ps(w.d, s);
  if constexpr (!T::kMin) {
    return f;
  } else if constexpr (T::kForm == Form::halves) {
    const __m256i m = _mm256_madd_epi16(w.min16, load256(sum16));
    return _mm256_fnmadd_ps(w.d_min, _mm256_cvtepi32_ps(m), f);
  } else {
    return _mm256_fnmadd_ps(w.d_min, _mm256_mul_ps(w.min, _mm256_loadu_ps(sum)), f);
  }
}

template <class T>
constexpr size_t kGroupBytes = 256 / T::kBlockValues * T::kBlockBytes;

// Reads a group of which n_block blocks exist; behind the end of the row there are zeros.
template <class T>
STRIDE_INLINE void unpack_part(const std::byte* p, size_t n_block, Group& out) {
  if constexpr (T::kBlockValues == 32) {
    if (n_block < 8) [[unlikely]] {
      alignas(32) std::byte padded[kGroupBytes<T>] = {};
      __builtin_memcpy(padded, p, n_block * T::kBlockBytes);
      T::unpack(padded, out);
      return;
    }
  }
  T::unpack(p, out);
}

template <size_t kLength>
STRIDE_INLINE void prefetch(const std::byte* p) {
  for (size_t i = 0; i < kLength; i += 64)
    _mm_prefetch(reinterpret_cast<const char*>(p + i), _MM_HINT_T0);
}

// sum = fma(f[r][i], scale[i], sum) for i < n in order, rows in lanes. Two chains of eight rows
// hide the latency.
template <size_t kStride>
STRIDE_INLINE void chain8(__m256 (&sum)[2], const float (&f)[kTileRows][kStride], size_t block,
                          const float* scale, size_t n) {
  __m256 low[8];
  __m256 high[8];
  for (size_t r = 0; r < 8; ++r) low[r] = _mm256_load_ps(f[r] + block);
  transpose8(low);
  for (size_t r = 0; r < 8; ++r) high[r] = _mm256_load_ps(f[8 + r] + block);
  transpose8(high);
  for (size_t i = 0; i < n; ++i) {
    const __m256 d = _mm256_broadcast_ss(scale + i);
    sum[0] = _mm256_fmadd_ps(low[i], d, sum[0]);
    sum[1] = _mm256_fmadd_ps(high[i], d, sum[1]);
  }
}

template <size_t kStride>
STRIDE_INLINE void chain(float* acc, const float (&f)[kTileRows][kStride], const float* scale,
                         size_t n_block) {
  __m256 sum[2] = {_mm256_loadu_ps(acc), _mm256_loadu_ps(acc + 8)};
  size_t b = 0;
  for (; b + 8 <= n_block; b += 8) chain8(sum, f, b, scale + b, 8);
  if (b < n_block) chain8(sum, f, b, scale + b, n_block - b);
  _mm256_storeu_ps(acc, sum[0]);
  _mm256_storeu_ps(acc + 8, sum[1]);
}

// F of blocks [b0, b1) of one row.
template <class T, class Sums, size_t kCol, size_t kChunk>
STRIDE_INLINE void row_products(float (&f)[kCol][kTileRows][kChunk], size_t i, const std::byte* row,
                                const Q8Row (&x)[kCol], size_t b0, size_t b1, size_t ahead) {
  const std::byte* p = row + b0 / 8 * kGroupBytes<T>;
  for (size_t b = b0; b < b1; b += 8, p += kGroupBytes<T>) {
    prefetch<kGroupBytes<T>>(p + ahead);
    Group w;
    unpack_part<T>(p, b1 - b, w);
    for (size_t c = 0; c < kCol; ++c) {
      _mm256_store_ps(f[c][i] + (b - b0), group_products<T, Sums>(w, x[c], b));
    }
  }
}

template <class T, class Sums, size_t kCol>
void product_rows(const Product& a) {
  constexpr size_t kChunk = kCol == 1 ? 128 : 64;  // blocks; what is stored stays within 12 KiB
  const size_t n_block = a.w.n_in / 32;
  const size_t ahead = (kPrefetchBytes + a.w.row_bytes - 1) / a.w.row_bytes * a.w.row_bytes;
  Q8Row x[kCol];
  for (size_t c = 0; c < kCol; ++c) x[c] = q8_row(a.x + c * a.x_stride, a.w.n_in);
  for (size_t r = a.row_begin; r < a.row_end; r += kTileRows) {
    const size_t n_row = a.row_end - r < kTileRows ? a.row_end - r : kTileRows;
    alignas(32) float acc[kCol][kTileRows] = {};
    alignas(32) float f[kCol][kTileRows][kChunk];
    for (size_t b0 = 0; b0 < n_block; b0 += kChunk) {
      const size_t b1 = n_block - b0 < kChunk ? n_block : b0 + kChunk;
      for (size_t i = 0; i < n_row; ++i) {
        row_products<T, Sums>(f, i, a.w.data + (r + i) * a.w.row_bytes, x, b0, b1, ahead);
      }
      for (size_t c = 0; c < kCol; ++c) chain(acc[c], f[c], x[c].scale + b0, b1 - b0);
    }
    for (size_t c = 0; c < kCol; ++c) {
      for (size_t i = 0; i < n_row; ++i) a.out[c * a.out_stride + r + i] = acc[c][i];
    }
  }
}

}  // namespace
}  // namespace stride::kernels::avx2
