// SPDX-License-Identifier: Apache-2.0
// The multiplications of attention sixteen dimensions at a time; the rest is shared with AVX2.
#include "kernels/avx512vnni/attention.h"

#include "kernels/avx2/attention_tiles.h"

namespace stride::kernels::STRIDE_AVX512 {
namespace {

// acc += p v for kVectors * 16 dimensions from d on, positions in ascending order.
template <size_t kVectors>
STRIDE_INLINE void add_vectors(float* acc, const float* weights, size_t begin, size_t end,
                               const float* tile, size_t head_dim, size_t d) {
  __m512 sum[kVectors];
  for (size_t i = 0; i < kVectors; ++i) sum[i] = _mm512_loadu_ps(acc + d + 16 * i);
  for (size_t p = begin; p < end; ++p) {
    const __m512 weight = _mm512_set1_ps(weights[p]);
    const float* row = tile + p * head_dim + d;
    for (size_t i = 0; i < kVectors; ++i) {
      sum[i] = _mm512_fmadd_ps(weight, _mm512_loadu_ps(row + 16 * i), sum[i]);
    }
  }
  for (size_t i = 0; i < kVectors; ++i) _mm512_storeu_ps(acc + d + 16 * i, sum[i]);
}

STRIDE_INLINE void add_last_8(float* acc, const float* weights, size_t begin, size_t end,
                              const float* tile, size_t head_dim, size_t d) {
  __m256 sum = _mm256_loadu_ps(acc + d);
  for (size_t p = begin; p < end; ++p) {
    const __m256 row = _mm256_loadu_ps(tile + p * head_dim + d);
    sum = _mm256_fmadd_ps(_mm256_set1_ps(weights[p]), row, sum);
  }
  _mm256_storeu_ps(acc + d, sum);
}

struct WideMath {
  // Dimensions in 16 lanes, which are folded to eight.
  STRIDE_INLINE static __m256 scores(const float* q, const float* rows, size_t head_dim) {
    __m512 sum[8];
    for (int r = 0; r < 8; ++r) sum[r] = _mm512_setzero_ps();
    size_t d = 0;
    for (; d + 16 <= head_dim; d += 16) {
      const __m512 v = _mm512_loadu_ps(q + d);
      for (size_t r = 0; r < 8; ++r) {
        sum[r] = _mm512_fmadd_ps(v, _mm512_loadu_ps(rows + r * head_dim + d), sum[r]);
      }
    }
    __m256 half[8];
    for (size_t r = 0; r < 8; ++r) {
      half[r] = _mm256_add_ps(_mm512_castps512_ps256(sum[r]), _mm512_extractf32x8_ps(sum[r], 1));
      if (d < head_dim) {
        const __m256 row = _mm256_loadu_ps(rows + r * head_dim + d);
        half[r] = _mm256_fmadd_ps(_mm256_loadu_ps(q + d), row, half[r]);
      }
    }
    return avx2::sums_of_8(half);
  }

  STRIDE_INLINE static void add_values(float* acc, const float* weights, size_t begin, size_t end,
                                       const float* tile, size_t head_dim) {
    size_t d = 0;
    for (; d + 128 <= head_dim; d += 128) {
      add_vectors<8>(acc, weights, begin, end, tile, head_dim, d);
    }
    for (; d + 16 <= head_dim; d += 16) {
      add_vectors<1>(acc, weights, begin, end, tile, head_dim, d);
    }
    if (d < head_dim) add_last_8(acc, weights, begin, end, tile, head_dim, d);
  }
};

}  // namespace

void attend(const AttentionQueries& queries, const KvView& kv, size_t begin, size_t end,
            AttentionState* states) {
  avx2::attend_with<WideMath>(queries, kv, begin, end, states);
}

}  // namespace stride::kernels::STRIDE_AVX512
