// SPDX-License-Identifier: Apache-2.0
// Attention as attention.h describes it, one query at a time.
#include <algorithm>
#include <cmath>
#include <limits>

#include "base/half.h"
#include "kernels/scalar/scalar.h"

namespace stride::kernels::scalar {
namespace {

constexpr float kNone = -std::numeric_limits<float>::infinity();

const KvSpan& span_of(const KvView& kv, size_t position) {
  for (const KvSpan& span : kv.spans)
    if (position - span.first < span.n) return span;
  return kv.spans[0];  // not reached: see KvView
}

// Element i of a stored row, without its scale.
float element(KvFormat format, const std::byte* row, size_t i) {
  if (format == KvFormat::int8) return reinterpret_cast<const int8_t*>(row)[i];
  return f16_to_f32(reinterpret_cast<const uint16_t*>(row)[i]);
}

// What a position's row is multiplied with.
float factor(const KvView& kv, const float* scales, size_t i) {
  return kv.format == KvFormat::int8 ? scales[i * kv.scale_stride] : 1.0F;
}

float score(const AttentionQueries& queries, const float* q, const KvView& kv, size_t position) {
  const KvSpan& span = span_of(kv, position);
  const size_t i = position - span.first;
  float sum = 0;
  for (size_t d = 0; d < queries.head_dim; ++d) {
    sum = std::fma(q[d], element(kv.format, span.k + i * kv.row_bytes, d), sum);
  }
  return sum * (factor(kv, span.k_scale, i) * queries.scale);
}

void add_value(float* acc, float p, const KvView& kv, size_t position, size_t head_dim) {
  const KvSpan& span = span_of(kv, position);
  const size_t i = position - span.first;
  const float weight = p * factor(kv, span.v_scale, i);
  for (size_t d = 0; d < head_dim; ++d) {
    acc[d] = std::fma(weight, element(kv.format, span.v + i * kv.row_bytes, d), acc[d]);
  }
}

void attend_tile(const AttentionQueries& queries, const float* q, const KvView& kv, size_t begin,
                 size_t end, AttentionState state) {
  float scores[kAttentionTile];
  float& max = state.max_sum[0];
  float largest = max;
  for (size_t p = begin; p < end; ++p) {
    scores[p - begin] = score(queries, q, kv, p);
    if (scores[p - begin] > largest) largest = scores[p - begin];
  }
  const float old_factor = largest > max ? std::exp(max - largest) : 1.0F;
  max = largest;
  for (size_t d = 0; d < queries.head_dim; ++d) state.acc[d] *= old_factor;
  float sums[4] = {};
  for (size_t p = begin; p < end; ++p) {
    const float weight = std::exp(scores[p - begin] - largest);
    sums[p % 4] += weight;
    add_value(state.acc, weight, kv, p, queries.head_dim);
  }
  const float sum = (sums[0] + sums[1]) + (sums[2] + sums[3]);
  state.max_sum[1] = std::fma(state.max_sum[1], old_factor, sum);
}

}  // namespace

void attend(const AttentionQueries& queries, const KvView& kv, size_t begin, size_t end,
            AttentionState* states) {
  for (size_t i = 0; i < queries.n; ++i) {
    std::fill_n(states[i].acc, queries.head_dim, 0.0F);
    states[i].max_sum[0] = kNone;
    states[i].max_sum[1] = 0;
    const size_t first = std::max<size_t>(begin, queries.begin[i]);
    const size_t last = std::min<size_t>(end, queries.end[i]);
    for (size_t p = first; p < last;) {
      const size_t stop = std::min(last, (p / kAttentionTile + 1) * kAttentionTile);
      attend_tile(queries, queries.q + i * queries.q_stride, kv, p, stop, states[i]);
      p = stop;
    }
  }
}

void attention_merge(AttentionState into, AttentionState from, size_t head_dim) {
  if (from.max_sum[1] == 0) return;
  const float largest = std::max(into.max_sum[0], from.max_sum[0]);
  const float old_factor = into.max_sum[1] == 0 ? 0 : std::exp(into.max_sum[0] - largest);
  const float new_factor = std::exp(from.max_sum[0] - largest);
  for (size_t d = 0; d < head_dim; ++d) {
    into.acc[d] = std::fma(new_factor, from.acc[d], old_factor * into.acc[d]);
  }
  into.max_sum[1] = std::fma(new_factor, from.max_sum[1], old_factor * into.max_sum[1]);
  into.max_sum[0] = largest;
}

void attention_finish(float* out, AttentionState state, size_t head_dim) {
  const float factor = state.max_sum[1] > 0 ? 1.0F / state.max_sum[1] : 0.0F;
  for (size_t d = 0; d < head_dim; ++d) out[d] = state.acc[d] * factor;
}

}  // namespace stride::kernels::scalar
