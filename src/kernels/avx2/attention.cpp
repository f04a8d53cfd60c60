// SPDX-License-Identifier: Apache-2.0
#include "kernels/avx2/attention_tiles.h"
#include "kernels/avx2/avx2.h"

namespace stride::kernels::avx2 {
namespace {

struct Isa {
  using Wide = Lanes8;
  static constexpr size_t kPairPositions = 4;
  static constexpr size_t kPositions = 8;
  static constexpr size_t kValueVectors = 2;
};

}  // namespace

void attend(const AttentionQueries& queries, const KvView& kv, size_t begin, size_t end,
            AttentionState* states) {
  attend_with<Isa>(queries, kv, begin, end, states);
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
