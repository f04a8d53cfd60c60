// SPDX-License-Identifier: Apache-2.0
// A tile of attention for few queries: positions in lanes, where vectors of queries would be mostly
// empty. Each result is what attention_tiles.h gives, bit for bit.
#pragma once

#include "kernels/avx2/attention_values.h"

namespace stride::kernels::avx2 {
namespace {

// Queries of a block that go this way; with more, vectors of queries are as fast.
constexpr size_t kFewQueries = 6;
// Dimensions of the keys that are brought to lanes together, as many as have 128 bits.
constexpr size_t kAcross = 8;

// Eight dimensions of a stored row from d on, in sixteen bits each: as they are, or widened to it.
template <KvFormat kFormat>
STRIDE_INLINE __m128i eight_keys(const std::byte* row, size_t d) {
  if constexpr (kFormat == KvFormat::f16) return load128(row + 2 * d);
  return _mm_cvtepi8_epi16(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(row + d)));
}

// Brings eight dimensions of the rows of a vector of halves to [dimension, position], in eight
// parts between which other work can be done.
template <class L, KvFormat kFormat>
struct KeyTranspose {
  using Halves = typename L::Halves;
  Halves v[kAcross];

  STRIDE_INLINE void part(size_t n, std::byte* out, const std::byte* const* rows, size_t d) {
    if (n < 4) {
      load(2 * n, rows, d);
      load(2 * n + 1, rows, d);
    } else if (n < 7) {
      step();
    } else {
#pragma GCC unroll 8
      for (size_t i = 0; i < kAcross; ++i) L::store_halves(out + i * sizeof(Halves), v[i]);
    }
  }

  STRIDE_INLINE void load(size_t i, const std::byte* const* rows, size_t d) {
    constexpr size_t kParts = sizeof(Halves) / sizeof(__m128i);
    __m128i parts[kParts];
#pragma GCC unroll 4
    for (size_t j = 0; j < kParts; ++j) parts[j] = eight_keys<kFormat>(rows[8 * j + i], d);
    v[i] = L::join(parts);
  }

  // Three times this make the transpose of eight by eight: each moves one bit of the number of a
  // row to the end of the place in it.
  STRIDE_INLINE void step() {
    Halves next[kAcross];
#pragma GCC unroll 4
    for (size_t i = 0; i < kAcross / 2; ++i) {
      next[2 * i] = L::interleave_low(v[i], v[i + kAcross / 2]);
      next[2 * i + 1] = L::interleave_high(v[i], v[i + kAcross / 2]);
    }
#pragma GCC unroll 8
    for (size_t i = 0; i < kAcross; ++i) v[i] = next[i];
  }
};

// Scores of kQueries queries with two vectors of positions, [query, position]. While eight
// dimensions are multiplied the next ones are transposed.
template <class L, KvFormat kFormat, size_t kQueries>
STRIDE_INLINE void score_transposed(Scratch& scratch, const Work& work, size_t position,
                                    Ahead& ahead) {
  using Vector = typename L::Vector;
  constexpr size_t kVectors = 2, kRowBytes = sizeof(typename L::Halves);
  alignas(64) std::byte transposed[2][kAcross * kRowBytes];
  const std::byte* const* rows = scratch.key_rows + position;
  const size_t head_dim = work.queries.head_dim;
  const float* q[kQueries];
#pragma GCC unroll 8
  for (size_t i = 0; i < kQueries; ++i)
    q[i] = work.queries.q + (work.first + i) * work.queries.q_stride;
  Vector sum[kQueries][kVectors];
#pragma GCC unroll 8
  for (size_t i = 0; i < kQueries; ++i) {
#pragma GCC unroll 2
    for (size_t v = 0; v < kVectors; ++v) sum[i][v] = L::zero();
  }
  KeyTranspose<L, kFormat> transpose;
#pragma GCC unroll 8
  for (size_t part = 0; part < kAcross; ++part) transpose.part(part, transposed[0], rows, 0);
  for (size_t first = 0; first < head_dim; first += kAcross) {
    const std::byte* keys = transposed[first / kAcross % 2];
    // The last ones again where there are no others.
    const size_t next = smaller(first + kAcross, head_dim - kAcross);
    std::byte* out = transposed[1 - first / kAcross % 2];
    ahead.fetch(2 * kVectors * L::kLanes / kAcross);
#pragma GCC unroll 8
    for (size_t d = 0; d < kAcross; ++d) {
      transpose.part(d, out, rows, next);
      Vector key[kVectors];
#pragma GCC unroll 2
      for (size_t v = 0; v < kVectors; ++v) {
        const std::byte* at = keys + d * kRowBytes + v * 2 * L::kLanes;
        key[v] = kFormat == KvFormat::f16 ? L::widen_f16(at) : L::widen_int16(at);
      }
#pragma GCC unroll 8
      for (size_t i = 0; i < kQueries; ++i) {
        const Vector x = L::all(q[i][first + d]);
#pragma GCC unroll 2
        for (size_t v = 0; v < kVectors; ++v) sum[i][v] = L::multiply_add(x, key[v], sum[i][v]);
      }
    }
  }
#pragma GCC unroll 2
  for (size_t v = 0; v < kVectors; ++v) {
    const size_t at = position + v * L::kLanes;
    const Vector factor = L::load(scratch.key_factor + at);
#pragma GCC unroll 8
    for (size_t i = 0; i < kQueries; ++i)
      L::store(scratch.weights + i * kTile + at, L::multiply(sum[i][v], factor));
  }
}

template <class L, KvFormat kFormat, size_t kQueries>
void score_across(Scratch& scratch, const Work& work, Ahead& ahead) {
  for (size_t p = 0; p < kTile; p += 2 * L::kLanes)
    score_transposed<L, kFormat, kQueries>(scratch, work, p, ahead);
}

// Of as many queries as the block has, at most kMost.
template <class L, KvFormat kFormat, size_t kMost>
void score_across_all(Scratch& scratch, const Work& work, Ahead& ahead) {
  if constexpr (kMost > 1) {
    if (work.n < kMost) return score_across_all<L, kFormat, kMost - 1>(scratch, work, ahead);
  }
  score_across<L, kFormat, kMost>(scratch, work, ahead);
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
  find_keys(scratch, work);
  score_across_all<typename Isa::Wide, kFormat, kFewQueries>(scratch, work, keys);
  find_values(scratch, work);
  for (size_t i = 0; i < work.n; ++i) soften_across<typename Isa::Wide>(scratch, i);
  add_values<Isa, kFormat>(scratch, work, {0, work.n, 0, 1, kTile}, values);
}

}  // namespace
}  // namespace stride::kernels::avx2
