// SPDX-License-Identifier: Apache-2.0
// A tile of attention for few queries: positions in lanes, where vectors of queries would be mostly
// empty. Each result is what attention_tiles.h gives, bit for bit.
#pragma once

#include "kernels/avx2/attention_values.h"

namespace stride::kernels::avx2 {
namespace {

// The transpose of eight rows of eight.
STRIDE_INLINE void transpose(__m256 (&rows)[8]) {
  __m256 pairs[8], fours[8];
#pragma GCC unroll 4
  for (size_t i = 0; i < 8; i += 2) {
    pairs[i] = _mm256_unpacklo_ps(rows[i], rows[i + 1]);
    pairs[i + 1] = _mm256_unpackhi_ps(rows[i], rows[i + 1]);
  }
#pragma GCC unroll 2
  for (size_t i = 0; i < 8; i += 4) {
    fours[i] = _mm256_shuffle_ps(pairs[i], pairs[i + 2], 0x44);
    fours[i + 1] = _mm256_shuffle_ps(pairs[i], pairs[i + 2], 0xee);
    fours[i + 2] = _mm256_shuffle_ps(pairs[i + 1], pairs[i + 3], 0x44);
    fours[i + 3] = _mm256_shuffle_ps(pairs[i + 1], pairs[i + 3], 0xee);
  }
#pragma GCC unroll 4
  for (size_t i = 0; i < 4; ++i) {
    rows[i] = _mm256_permute2f128_ps(fours[i], fours[i + 4], 0x20);
    rows[i + 4] = _mm256_permute2f128_ps(fours[i], fours[i + 4], 0x31);
  }
}

// A row of zeros in either format, for positions that have none.
constexpr std::byte kNoRow[2 * kMaxHeadDim] = {};

// The keys of the tile to [head_dim, position].
template <KvFormat kFormat>
void widen_keys_across(Scratch& scratch, const Work& work) {
  const std::byte* rows[kTile];
  for (const std::byte*& row : rows) row = kNoRow;
  each_row(work, true,
           [&](const std::byte* row, size_t place, float factor) __attribute__((always_inline)) {
             rows[place] = row;
             scratch.key_factor[place] = factor * work.queries.scale;
           });
  for (size_t p = 0; p < kTile; p += 8) {
    for (size_t d = 0; d < work.queries.head_dim; d += 8) {
      __m256 block[8];
#pragma GCC unroll 8
      for (size_t i = 0; i < 8; ++i) block[i] = widen<Lanes8, kFormat>(rows[p + i], d);
      transpose(block);
#pragma GCC unroll 8
      for (size_t i = 0; i < 8; ++i) Lanes8::store(scratch.tile + (d + i) * kTile + p, block[i]);
    }
  }
}

// Scores of kQueries queries, [query, position].
template <class L, size_t kQueries>
void score_across(Scratch& scratch, const Work& work, Ahead& ahead) {
  using Vector = typename L::Vector;
  constexpr size_t kVectors = 2;
  const float* q[kQueries];
  for (size_t i = 0; i < kQueries; ++i)
    q[i] = work.queries.q + (work.first + i) * work.queries.q_stride;
  for (size_t p = 0; p < kTile; p += kVectors * L::kLanes) {
    Vector sum[kQueries][kVectors];
#pragma GCC unroll 8
    for (size_t i = 0; i < kQueries; ++i) {
#pragma GCC unroll 2
      for (size_t v = 0; v < kVectors; ++v) sum[i][v] = L::zero();
    }
    for (size_t d = 0; d < work.queries.head_dim; ++d) {
      ahead.fetch(1);
      const float* keys = scratch.tile + d * kTile + p;
      const Vector key[kVectors] = {L::load(keys), L::load(keys + L::kLanes)};
#pragma GCC unroll 8
      for (size_t i = 0; i < kQueries; ++i) {
        const Vector x = L::all(q[i][d]);
#pragma GCC unroll 2
        for (size_t v = 0; v < kVectors; ++v) sum[i][v] = L::multiply_add(x, key[v], sum[i][v]);
      }
    }
#pragma GCC unroll 2
    for (size_t v = 0; v < kVectors; ++v) {
      const size_t at = p + v * L::kLanes;
      const Vector factor = L::load(scratch.key_factor + at);
#pragma GCC unroll 8
      for (size_t i = 0; i < kQueries; ++i)
        L::store(scratch.weights + i * kTile + at, L::multiply(sum[i][v], factor));
    }
  }
}

// Of as many queries as the block has, at most kMost.
template <class L, size_t kMost>
void score_across_all(Scratch& scratch, const Work& work, Ahead& ahead) {
  if constexpr (kMost > 1) {
    if (work.n < kMost) return score_across_all<L, kMost - 1>(scratch, work, ahead);
  }
  score_across<L, kMost>(scratch, work, ahead);
}

// Scores of query i to weights.
template <class L>
void soften_across(Scratch& scratch, size_t i) {
  using Vector = typename L::Vector;
  constexpr size_t kVectors = kTile / L::kLanes;
  float* weights = scratch.weights + i * kTile;
  const int begin = scratch.begin[i], end = scratch.end[i];
  const auto mask = [&](size_t v, Vector x, float otherwise) __attribute__((always_inline)) {
    return L::where_inside(static_cast<int>(v * L::kLanes), begin, end, x, L::all(otherwise));
  };
  Vector score[kVectors], max = L::all(kNone);
#pragma GCC unroll 4
  for (size_t v = 0; v < kVectors; ++v) {
    score[v] = mask(v, L::load(weights + v * L::kLanes), kNone);
    max = L::max(score[v], max);
  }
  const float old_max = scratch.max[i], tile_max = L::largest(max);
  const float largest = tile_max > old_max ? tile_max : old_max;
  const float factor = tile_max > old_max ? L::first(L::exp(L::all(old_max - largest))) : 1.0F;
  alignas(64) float e[kTile];
#pragma GCC unroll 4
  for (size_t v = 0; v < kVectors; ++v) {
    const size_t at = v * L::kLanes;
    const Vector x = mask(v, L::exp(L::subtract(score[v], L::all(largest))), 0);
    L::store(e + at, x);
    L::store(weights + at, L::multiply(x, L::load(scratch.value_factor + at)));
  }
  __m128 sum = _mm_setzero_ps();
  for (size_t p = 0; p < kTile; p += 4) sum = _mm_add_ps(sum, _mm_load_ps(e + p));
  alignas(16) float sums[4];
  _mm_store_ps(sums, sum);
  const float added = (sums[0] + sums[1]) + (sums[2] + sums[3]);
  scratch.sum[i] = __builtin_fmaf(scratch.sum[i], factor, added);
  scratch.max[i] = largest;
  scratch.factor[i] = factor;
}

template <class Isa, KvFormat kFormat>
void attend_tile_across(Scratch& scratch, const Work& work) {
  Ahead keys = next_tile(work, true), values = next_tile(work, false);
  set_ranges(scratch, work);
  widen_keys_across<kFormat>(scratch, work);
  score_across_all<typename Isa::Wide, Isa::kFewQueries>(scratch, work, keys);
  find_values(scratch, work);
  for (size_t i = 0; i < work.n; ++i) soften_across<typename Isa::Wide>(scratch, i);
  add_values<Isa, kFormat>(scratch, work, {0, work.n, 0, 1, kTile}, values);
}

}  // namespace
}  // namespace stride::kernels::avx2
