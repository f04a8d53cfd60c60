// SPDX-License-Identifier: Apache-2.0
#include "kernels/avx2/attention_tiles.h"
#include "kernels/avx2/avx2.h"

namespace stride::kernels::avx2 {
namespace {

// q times eight rows, dimensions in eight lanes.
STRIDE_INLINE __m256 eight_scores(const float* q, const float* rows, size_t head_dim) {
  __m256 sum[8];
  for (int r = 0; r < 8; ++r) sum[r] = _mm256_setzero_ps();
  for (size_t d = 0; d < head_dim; d += 8) {
    const __m256 v = _mm256_loadu_ps(q + d);
    for (size_t r = 0; r < 8; ++r) {
      sum[r] = _mm256_fmadd_ps(v, _mm256_load_ps(rows + r * head_dim + d), sum[r]);
    }
  }
  return sums_of_8(sum);
}

// acc += p v for kVectors * 8 dimensions from d on, positions in ascending order.
template <size_t kVectors>
STRIDE_INLINE void add_vectors(float* acc, const float* weights, size_t begin, size_t end,
                               const float* tile, size_t head_dim, size_t d) {
  __m256 sum[kVectors];
  for (size_t i = 0; i < kVectors; ++i) sum[i] = _mm256_loadu_ps(acc + d + 8 * i);
  for (size_t p = begin; p < end; ++p) {
    const __m256 weight = _mm256_broadcast_ss(weights + p);
    const float* row = tile + p * head_dim + d;
    for (size_t i = 0; i < kVectors; ++i) {
      sum[i] = _mm256_fmadd_ps(weight, _mm256_load_ps(row + 8 * i), sum[i]);
    }
  }
  for (size_t i = 0; i < kVectors; ++i) _mm256_storeu_ps(acc + d + 8 * i, sum[i]);
}

struct VectorMath {
  STRIDE_INLINE static __m256 scores(const float* q, const float* rows, size_t head_dim) {
    return eight_scores(q, rows, head_dim);
  }

  STRIDE_INLINE static void add_values(float* acc, const float* weights, size_t begin, size_t end,
                                       const float* tile, size_t head_dim) {
    size_t d = 0;
    for (; d + 64 <= head_dim; d += 64) {
      add_vectors<8>(acc, weights, begin, end, tile, head_dim, d);
    }
    for (; d < head_dim; d += 8) add_vectors<1>(acc, weights, begin, end, tile, head_dim, d);
  }
};

}  // namespace

void attend(const AttentionQueries& queries, const KvView& kv, size_t begin, size_t end,
            AttentionState* states) {
  attend_with<VectorMath>(queries, kv, begin, end, states);
}

void attention_merge(AttentionState into, AttentionState from, size_t head_dim) {
  if (from.max_sum[1] == 0) return;
  const float largest = from.max_sum[0] > into.max_sum[0] ? from.max_sum[0] : into.max_sum[0];
  const float old_factor = into.max_sum[1] == 0 ? 0.0F : exp(into.max_sum[0] - largest);
  const float new_factor = exp(from.max_sum[0] - largest);
  const __m256 old_factors = _mm256_set1_ps(old_factor);
  const __m256 new_factors = _mm256_set1_ps(new_factor);
  for (size_t d = 0; d < head_dim; d += 8) {
    const __m256 kept = _mm256_mul_ps(old_factors, _mm256_loadu_ps(into.acc + d));
    _mm256_storeu_ps(into.acc + d,
                     _mm256_fmadd_ps(new_factors, _mm256_loadu_ps(from.acc + d), kept));
  }
  into.max_sum[1] = __builtin_fmaf(new_factor, from.max_sum[1], old_factor * into.max_sum[1]);
  into.max_sum[0] = largest;
}

void attention_finish(float* out, AttentionState state, size_t head_dim) {
  const float factor = state.max_sum[1] > 0 ? 1.0F / state.max_sum[1] : 0.0F;
  const __m256 factors = _mm256_set1_ps(factor);
  for (size_t d = 0; d < head_dim; d += 8) {
    _mm256_storeu_ps(out + d, _mm256_mul_ps(_mm256_loadu_ps(state.acc + d), factors));
  }
}

}  // namespace stride::kernels::avx2
