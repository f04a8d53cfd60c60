// SPDX-License-Identifier: Apache-2.0
// Attention with an online softmax. Queries are taken in blocks that share the widening of each
// tile of keys and values to float. Positions of a tile lie
// in the lanes of four vectors, so that nothing depends on which of them a query sees.
#pragma once

#include "kernels/attention.h"
#include "kernels/avx2/exp.h"
#include "kernels/avx2/simd.h"

namespace stride::kernels::avx2 {
namespace {

constexpr size_t kTile = kAttentionTile;
constexpr size_t kTileVectors = kTile / 8;
constexpr size_t kQueryBlock = 64;
constexpr float kNone = -__builtin_inff();

struct Scratch {
  alignas(32) float tile[kTile * kMaxHeadDim];    // [position, head_dim]
  alignas(32) float weights[kQueryBlock][kTile];  // scores, then p
};

struct Visible {
  size_t begin;  // relative to the tile
  size_t end;
};

STRIDE_INLINE size_t smaller(size_t a, size_t b) {
  return a < b ? a : b;
}

STRIDE_INLINE size_t larger(size_t a, size_t b) {
  return a > b ? a : b;
}

STRIDE_INLINE Visible visible(const AttentionQueries& queries, size_t i, size_t begin, size_t end) {
  const size_t first = larger(begin, queries.begin[i]);
  const size_t last = smaller(end, queries.end[i]);
  const size_t tile = begin / kTile * kTile;
  return first < last ? Visible{first - tile, last - tile} : Visible{0, 0};
}

void widen_f16(float* out, const std::byte* row, size_t n) {
  for (size_t d = 0; d < n; d += 8) _mm256_store_ps(out + d, _mm256_cvtph_ps(load128(row + 2 * d)));
}

void widen_int8(float* out, const std::byte* row, float scale, size_t n) {
  const __m256 factor = _mm256_set1_ps(scale);
  for (size_t d = 0; d < n; d += 8) {
    const __m128i bytes = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(row + d));
    const __m256 v = _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(bytes));
    _mm256_store_ps(out + d, _mm256_mul_ps(v, factor));
  }
}

enum class Part { keys, values };

// Rows of [begin, end), which lies in one tile, to their places in the tile.
void widen(float* tile, const KvView& kv, Part part, size_t begin, size_t end, size_t head_dim) {
  for (const KvSpan& span : kv.spans) {
    const size_t first = larger(begin, span.first);
    const size_t last = smaller(end, span.first + span.n);
    const std::byte* rows = part == Part::keys ? span.k : span.v;
    const float* scales = part == Part::keys ? span.k_scale : span.v_scale;
    for (size_t p = first; p < last; ++p) {
      const size_t i = p - span.first;
      float* out = tile + p % kTile * head_dim;
      if (kv.format == KvFormat::f16) {
        widen_f16(out, rows + i * kv.row_bytes, head_dim);
      } else {
        widen_int8(out, rows + i * kv.row_bytes, scales[i * kv.scale_stride], head_dim);
      }
    }
  }
}

// Scores to weights p relative to the state's maximum, which it updates.
STRIDE_INLINE void soften(float* weights, Visible range, AttentionState state, size_t head_dim) {
  __m256 s[kTileVectors];
  __m256 top = _mm256_set1_ps(kNone);
  for (size_t i = 0; i < kTileVectors; ++i) {
    const size_t begin = larger(range.begin, 8 * i) - 8 * i;
    const size_t end = smaller(larger(range.end, 8 * i) - 8 * i, 8);
    const __m256i seen = _mm256_andnot_si256(first_lanes(smaller(begin, 8)), first_lanes(end));
    s[i] = _mm256_blendv_ps(_mm256_set1_ps(kNone), _mm256_load_ps(weights + 8 * i),
                            _mm256_castsi256_ps(seen));
    top = _mm256_max_ps(s[i], top);
  }
  const float largest = fold_max(top);
  float* max_sum = state.max_sum;
  if (largest > max_sum[0]) {
    const float factor = exp(max_sum[0] - largest);
    const __m256 factors = _mm256_set1_ps(factor);
    for (size_t d = 0; d < head_dim; d += 8) {
      _mm256_storeu_ps(state.acc + d, _mm256_mul_ps(_mm256_loadu_ps(state.acc + d), factors));
    }
    max_sum[0] = largest;
    max_sum[1] *= factor;
  }
  const __m256 shift = _mm256_set1_ps(max_sum[0]);
  __m256 sum = _mm256_setzero_ps();
  for (size_t i = 0; i < kTileVectors; ++i) {
    const __m256 p = exp(_mm256_sub_ps(s[i], shift));
    _mm256_store_ps(weights + 8 * i, p);
    sum = _mm256_add_ps(sum, p);
  }
  max_sum[1] += fold(sum);
}

// One tile, positions [begin, end), for queries [first, last).
template <class Math>
void attend_tile(Scratch& scratch, const AttentionQueries& queries, const KvView& kv, size_t begin,
                 size_t end, size_t first, size_t last, AttentionState* states) {
  const size_t head_dim = queries.head_dim;
  const __m256 factor = _mm256_set1_ps(queries.scale);
  widen(scratch.tile, kv, Part::keys, begin, end, head_dim);
  for (size_t i = first; i < last; ++i) {
    const Visible range = visible(queries, i, begin, end);
    if (range.begin == range.end) continue;
    float* weights = scratch.weights[i - first];
    for (size_t p = range.begin / 8 * 8; p < range.end; p += 8) {
      const __m256 s =
          Math::scores(queries.q + i * queries.q_stride, scratch.tile + p * head_dim, head_dim);
      _mm256_store_ps(weights + p, _mm256_mul_ps(s, factor));
    }
    soften(weights, range, states[i], head_dim);
  }
  widen(scratch.tile, kv, Part::values, begin, end, head_dim);
  for (size_t i = first; i < last; ++i) {
    const Visible range = visible(queries, i, begin, end);
    const float* weights = scratch.weights[i - first];
    Math::add_values(states[i].acc, weights, range.begin, range.end, scratch.tile, head_dim);
  }
}

template <class Math>
void attend_with(const AttentionQueries& queries, const KvView& kv, size_t begin, size_t end,
                 AttentionState* states) {
  Scratch scratch;
  // Rows that are never filled are read, then masked.
  __builtin_memset(scratch.tile, 0, kTile * queries.head_dim * sizeof(float));
  __builtin_memset(scratch.weights, 0, smaller(queries.n, kQueryBlock) * sizeof scratch.weights[0]);
  for (size_t first = 0; first < queries.n; first += kQueryBlock) {
    const size_t last = smaller(first + kQueryBlock, queries.n);
    size_t low = end;
    size_t high = begin;
    for (size_t i = first; i < last; ++i) {
      __builtin_memset(states[i].acc, 0, queries.head_dim * sizeof(float));
      states[i].max_sum[0] = kNone;
      states[i].max_sum[1] = 0;
      if (queries.begin[i] >= queries.end[i]) continue;
      low = smaller(low, queries.begin[i]);
      high = larger(high, queries.end[i]);
    }
    low = larger(low, begin);
    high = smaller(high, end);
    for (size_t p = low; p < high;) {
      const size_t stop = smaller(high, (p / kTile + 1) * kTile);
      attend_tile<Math>(scratch, queries, kv, p, stop, first, last, states);
      p = stop;
    }
  }
}

}  // namespace
}  // namespace stride::kernels::avx2
