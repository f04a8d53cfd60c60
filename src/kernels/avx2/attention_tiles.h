// SPDX-License-Identifier: Apache-2.0
// Attention with an online softmax, tile by tile of positions for a block of queries. Each tile of
// keys and values is widened to float once for the block. Scores and weights have queries in lanes,
// so that maxima, exponentials and sums of different queries never meet.
#pragma once

#include "kernels/avx2/attention_products.h"

namespace stride::kernels::avx2 {
namespace {

constexpr size_t kQueryBlock = 96;
constexpr float kNone = -__builtin_inff();

// Arrays of [query] are laid out in vectors of lanes; what has more dimensions has, for the vector
// that begins with query i, [.., lanes] from i times the product of the others on.
struct Scratch {
  alignas(64) float tile[kTile * kMaxHeadDim];           // keys as key_at() says, then values
  alignas(64) float queries[kQueryBlock * kMaxHeadDim];  // [head_dim]
  alignas(64) float weights[kQueryBlock * kTile];        // scores, then p: [position]
  alignas(64) float max[kQueryBlock];
  alignas(64) float sum[kQueryBlock];
  alignas(64) float factor[kQueryBlock];  // for what was summed before this tile
  alignas(64) int begin[kQueryBlock];     // what the query sees of the tile; all of it in lanes
  alignas(64) int end[kQueryBlock];       // beyond the last query
  alignas(64) float key_factor[kTile];    // of the scores
  alignas(64) float value_factor[kTile];  // of the weights
  const std::byte* value_rows[kTile];     // stored, of positions that are
};

// A block of queries, and the positions [begin, end) of one tile.
struct Work {
  const AttentionQueries& queries;
  const KvView& kv;
  AttentionState* states;
  size_t first, n;  // of the queries
  size_t begin, end;

  size_t tile() const { return begin / kTile * kTile; }
};

STRIDE_INLINE size_t smaller(size_t a, size_t b) {
  return a < b ? a : b;
}

STRIDE_INLINE size_t larger(size_t a, size_t b) {
  return a > b ? a : b;
}

// The keys or values of the next tile.
STRIDE_INLINE Ahead next_tile(const Work& work, bool keys) {
  for (const KvSpan& span : work.kv.spans) {
    if (work.end - span.first >= span.n) continue;
    const size_t i = work.end - span.first;
    const std::byte* row = (keys ? span.k : span.v) + i * work.kv.row_bytes;
    return {row, row + smaller(kTile, span.n - i) * work.kv.row_bytes};
  }
  return {};
}

// Calls visit(row, place in the tile, factor) for the keys or values of the tile's positions.
template <class Visit>
STRIDE_INLINE void each_row(const Work& work, bool keys, Visit&& visit) {
  for (const KvSpan& span : work.kv.spans) {
    const size_t first = larger(work.begin, span.first);
    const size_t last = smaller(work.end, span.first + span.n);
    const float* scales = keys ? span.k_scale : span.v_scale;
    for (size_t p = first; p < last; ++p) {
      const size_t i = p - span.first;
      const std::byte* row = (keys ? span.k : span.v) + i * work.kv.row_bytes;
      visit(row, p % kTile,
            work.kv.format == KvFormat::int8 ? scales[i * work.kv.scale_stride] : 1.0F);
    }
  }
}

template <KvFormat kFormat>
void widen_keys(Scratch& scratch, const Work& work) {
  const size_t head_dim = work.queries.head_dim;
  each_row(work, true,
           [&](const std::byte* row, size_t place, float factor) __attribute__((always_inline)) {
             scratch.key_factor[place] = factor * work.queries.scale;
             for (size_t d = 0; d < head_dim; d += kKeyPiece) {
               Lanes8::store(scratch.tile + key_at(place, d), widen<Lanes8, kFormat>(row, d));
             }
           });
}

void find_values(Scratch& scratch, const Work& work) {
  each_row(work, false,
           [&](const std::byte* row, size_t place, float factor) __attribute__((always_inline)) {
             scratch.value_factor[place] = factor;
             scratch.value_rows[place] = row;
           });
}

template <class Isa, KvFormat kFormat>
void widen_values(Scratch& scratch, const Work& work) {
  using Wide = typename Isa::Wide;
  const size_t head_dim = work.queries.head_dim;
  each_row(work, false,
           [&](const std::byte* row, size_t place, float) __attribute__((always_inline)) {
             float* out = scratch.tile + place * head_dim;
             size_t d = 0;
             for (; d + Wide::kLanes <= head_dim; d += Wide::kLanes) {
               Wide::store(out + d, widen<Wide, kFormat>(row, d));
             }
             if (d < head_dim) Lanes8::store(out + d, widen<Lanes8, kFormat>(row, d));
           });
}

// Scores of kVectors vectors of queries from `at` on with positions [begin, end) of the tile, and
// with others up to kPositions - 1 to both sides.
template <class L, size_t kVectors, size_t kPositions>
void score(Scratch& scratch, size_t at, size_t head_dim, size_t begin, size_t end, Ahead& ahead) {
  for (size_t p = begin / kPositions * kPositions; p < end; p += kPositions) {
    score_block<L, kVectors, kPositions>(
        scratch.weights + at * kTile + p * L::kLanes, scratch.queries + at * head_dim,
        scratch.tile + key_at(p, 0), scratch.key_factor + p, head_dim, ahead);
  }
}

// Scores to weights for the vector of queries from `at` on; kMasked if not all of them see all of
// positions [begin, end).
template <class L, bool kMasked>
void soften(Scratch& scratch, size_t at, size_t begin, size_t end) {
  using Vector = typename L::Vector;
  float* weights = scratch.weights + at * kTile;
  const auto mask = [&](size_t p, Vector v, float otherwise) __attribute__((always_inline)) {
    if constexpr (!kMasked) return v;
    return L::where_within(scratch.begin + at, scratch.end + at, static_cast<int>(p), v,
                           L::all(otherwise));
  };
  const Vector old_max = L::load(scratch.max + at);
  Vector max = old_max;
  for (size_t p = begin; p < end; ++p) {
    max = L::max(mask(p, L::load(weights + p * L::kLanes), kNone), max);
  }
  // Where the maximum stays, 1; the difference would be NaN where nothing has been seen.
  const Vector factor =
      L::where_greater(max, old_max, L::exp(L::subtract(old_max, max)), L::all(1));
  Vector sum[4] = {L::zero(), L::zero(), L::zero(), L::zero()};
  for (size_t p = begin / 4 * 4; p < end; p += 4) {
#pragma GCC unroll 4
    for (size_t j = 0; j < 4; ++j) {
      if (p + j < begin || p + j >= end) continue;
      float* weight = weights + (p + j) * L::kLanes;
      const Vector e = mask(p + j, L::exp(L::subtract(L::load(weight), max)), 0);
      sum[j] = L::add(sum[j], e);
      L::store(weight, L::multiply(e, L::all(scratch.value_factor[p + j])));
    }
  }
  const Vector added = L::add(L::add(sum[0], sum[1]), L::add(sum[2], sum[3]));
  L::store(scratch.sum + at, L::multiply_add(L::load(scratch.sum + at), factor, added));
  L::store(scratch.max + at, max);
  L::store(scratch.factor + at, factor);
}

template <class L>
void soften(Scratch& scratch, size_t at, const Work& work) {
  const size_t begin = work.begin - work.tile(), end = work.end - work.tile();
  bool all = true;
  for (size_t i = at; i < at + L::kLanes; ++i) {
    all &= scratch.begin[i] <= static_cast<int>(begin) && scratch.end[i] >= static_cast<int>(end);
  }
  if (all) {
    soften<L, false>(scratch, at, begin, end);
  } else {
    soften<L, true>(scratch, at, begin, end);
  }
}

// Adds the weighted values to the sums of kQueries queries from i on, which see the same.
template <class Isa, From kFrom, size_t kQueries>
void add_values(Scratch& scratch, const Work& work, size_t i, size_t vector, size_t lanes,
                Ahead& ahead) {
  using Wide = typename Isa::Wide;
  constexpr size_t kVectors = kQueries == 1 ? 4 : Isa::kValueVectors;
  const Values values{scratch.tile,
                      scratch.value_rows,
                      scratch.weights + vector * kTile + i - vector,
                      lanes,
                      static_cast<size_t>(scratch.begin[i]),
                      static_cast<size_t>(scratch.end[i]),
                      work.queries.head_dim};
  float* acc[kQueries];
  for (size_t j = 0; j < kQueries; ++j) acc[j] = work.states[work.first + i + j].acc;
  const float* factors = scratch.factor + i;
  size_t d = 0;
  for (; d + kVectors * Wide::kLanes <= values.head_dim; d += kVectors * Wide::kLanes) {
    value_block<Wide, kFrom, kQueries, kVectors>(values, acc, factors, d, ahead);
  }
  for (; d + Wide::kLanes <= values.head_dim; d += Wide::kLanes) {
    value_block<Wide, kFrom, kQueries, 1>(values, acc, factors, d, ahead);
  }
  if (d < values.head_dim) value_block<Lanes8, kFrom, kQueries, 1>(values, acc, factors, d, ahead);
}

// Whether queries i to i + 3 lie before `last` and see the same positions.
STRIDE_INLINE bool four_alike(const Scratch& scratch, size_t i, size_t last) {
  if (i + 4 > last) return false;
  const int *begin = scratch.begin + i, *end = scratch.end + i;
  for (size_t j = 1; j < 4; ++j) {
    if (begin[j] != begin[0] || end[j] != end[0]) return false;
  }
  return true;
}

// Queries of the vector from `vector` on; four at a time where they see the same: a weight of 0
// must not meet a value that a query does not see, which may be infinite.
template <class Isa, KvFormat kFormat>
void add_values(Scratch& scratch, const Work& work, size_t vector, size_t lanes, Ahead& ahead) {
  constexpr From kRows = kFormat == KvFormat::f16 ? From::f16_rows : From::int8_rows;
  const size_t last = smaller(vector + lanes, work.n);
  size_t i = vector;
  if (i == 0) {
    const auto begin = static_cast<int>(work.begin - work.tile());
    const auto end = static_cast<int>(work.end - work.tile());
    if (four_alike(scratch, 0, last) && scratch.begin[0] == begin && scratch.end[0] == end) {
      add_values<Isa, kRows, 4>(scratch, work, 0, vector, lanes, ahead);
      i = 4;
    } else {
      widen_values<Isa, kFormat>(scratch, work);
    }
  }
  while (i < last) {
    const bool sees = scratch.begin[i] < scratch.end[i];
    if (four_alike(scratch, i, last)) {
      if (sees) add_values<Isa, From::tile, 4>(scratch, work, i, vector, lanes, ahead);
      i += 4;
    } else {
      if (sees) add_values<Isa, From::tile, 1>(scratch, work, i, vector, lanes, ahead);
      i += 1;
    }
  }
}

// What each query sees of the tile.
void set_ranges(Scratch& scratch, const Work& work) {
  for (size_t i = 0; i < work.n; ++i) {
    const size_t first = larger(work.begin, work.queries.begin[work.first + i]);
    const size_t last = smaller(work.end, work.queries.end[work.first + i]);
    scratch.begin[i] = first < last ? static_cast<int>(first - work.tile()) : 0;
    scratch.end[i] = first < last ? static_cast<int>(last - work.tile()) : 0;
  }
}

// Calls visit(lanes type, query) for the vectors of the block: wide ones, at the end perhaps a
// narrow one.
template <class Isa, class Visit>
STRIDE_INLINE void each_vector(size_t n, Visit&& visit) {
  size_t i = 0;
  for (; i + 8 < n; i += Isa::Wide::kLanes) visit(typename Isa::Wide(), i);
  if (i < n) visit(Lanes8(), i);
}

template <class Isa, KvFormat kFormat>
void attend_tile(Scratch& scratch, const Work& work) {
  using Wide = typename Isa::Wide;
  const size_t head_dim = work.queries.head_dim;
  const size_t begin = work.begin - work.tile(), end = work.end - work.tile();
  Ahead keys = next_tile(work, true), values = next_tile(work, false);
  set_ranges(scratch, work);
  widen_keys<kFormat>(scratch, work);
  size_t i = 0;
  for (; i + Wide::kLanes + 8 < work.n; i += 2 * Wide::kLanes) {
    score<Wide, 2, Isa::kPairPositions>(scratch, i, head_dim, begin, end, keys);
  }
  for (; i + 8 < work.n; i += Wide::kLanes) {
    score<Wide, 1, Isa::kPositions>(scratch, i, head_dim, begin, end, keys);
  }
  if (i < work.n) score<Lanes8, 1, Isa::kPositions>(scratch, i, head_dim, begin, end, keys);
  find_values(scratch, work);
  each_vector<Isa>(work.n, [&](auto lanes, size_t at) __attribute__((always_inline)) {
    soften<decltype(lanes)>(scratch, at, work);
    add_values<Isa, kFormat>(scratch, work, at, lanes.kLanes, values);
  });
}

// Queries to lanes, and states to those of nothing seen.
template <class Isa>
void load_queries(Scratch& scratch, const Work& work) {
  const size_t head_dim = work.queries.head_dim;
  each_vector<Isa>(work.n, [&](auto lanes, size_t at) __attribute__((always_inline)) {
    float* out = scratch.queries + at * head_dim;
    for (size_t i = 0; i < lanes.kLanes; ++i) {
      scratch.max[at + i] = kNone;
      scratch.sum[at + i] = 0;
      scratch.begin[at + i] = 0;
      scratch.end[at + i] = kTile;
      const bool used = at + i < work.n;
      const float* q = work.queries.q + (work.first + at + i) * work.queries.q_stride;
      for (size_t d = 0; d < head_dim; ++d) out[d * lanes.kLanes + i] = used ? q[d] : 0;
    }
  });
  for (size_t i = 0; i < work.n; ++i) {
    __builtin_memset(work.states[work.first + i].acc, 0, head_dim * sizeof(float));
  }
}

// Work.begin and end are those of the chunk here, of a tile below.
template <class Isa>
void attend_block(Scratch& scratch, Work work) {
  size_t low = work.end, high = work.begin;
  for (size_t i = work.first; i < work.first + work.n; ++i) {
    if (work.queries.begin[i] >= work.queries.end[i]) continue;
    low = smaller(low, work.queries.begin[i]);
    high = larger(high, work.queries.end[i]);
  }
  low = larger(low, work.begin);
  high = smaller(high, work.end);
  load_queries<Isa>(scratch, work);
  for (work.begin = low; work.begin < high; work.begin = work.end) {
    work.end = smaller(high, work.tile() + kTile);
    if (work.kv.format == KvFormat::f16) {
      attend_tile<Isa, KvFormat::f16>(scratch, work);
    } else {
      attend_tile<Isa, KvFormat::int8>(scratch, work);
    }
  }
  for (size_t i = 0; i < work.n; ++i) {
    work.states[work.first + i].max_sum[0] = scratch.max[i];
    work.states[work.first + i].max_sum[1] = scratch.sum[i];
  }
}

template <class Isa>
void attend_with(const AttentionQueries& queries, const KvView& kv, size_t begin, size_t end,
                 AttentionState* states) {
  Scratch scratch;
  // Places that are never filled are multiplied, then masked.
  __builtin_memset(scratch.tile, 0, kTile * queries.head_dim * sizeof(float));
  __builtin_memset(scratch.key_factor, 0, sizeof scratch.key_factor);
  __builtin_memset(scratch.value_factor, 0, sizeof scratch.value_factor);
  for (size_t first = 0; first < queries.n; first += kQueryBlock) {
    const size_t n = smaller(kQueryBlock, queries.n - first);
    attend_block<Isa>(scratch, {queries, kv, states, first, n, begin, end});
  }
}

}  // namespace
}  // namespace stride::kernels::avx2
