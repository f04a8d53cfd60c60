// SPDX-License-Identifier: Apache-2.0
// Attention with an online softmax, tile by tile of positions for a block of queries. Each tile of
// keys and values is widened to float once for the block. Scores and weights have queries in lanes,
// so that maxima, exponentials and sums of different queries never meet.
#pragma once

#include "kernels/avx2/attention_few.h"

namespace stride::kernels::avx2 {
namespace {

template <KvFormat kFormat>
void widen_keys(Scratch& scratch, const Work& work) {
  find_keys(scratch, work);
  for (size_t place = 0; place < kTile; ++place) {
    for (size_t d = 0; d < work.queries.head_dim; d += kKeyPiece) {
      Lanes8::store(scratch.tile + key_at(place, d),
                    widen<Lanes8, kFormat>(scratch.key_rows[place], d));
    }
  }
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

// Scores of a block that is one vector, which leaves room in registers for widening meanwhile.
template <class L, KvFormat kFormat, size_t kPositions>
void score_one_vector(Scratch& scratch, const Work& work, Ahead& ahead) {
  find_keys(scratch, work);
  const size_t begin = work.begin - work.tile(), end = work.end - work.tile();
  for (size_t p = begin / kPositions * kPositions; p < end; p += kPositions) {
    score_rows<L, kFormat, kPositions>(scratch.weights + p * L::kLanes, scratch.queries,
                                       scratch.key_rows + p, scratch.key_factor + p,
                                       work.queries.head_dim, ahead);
  }
}

// Scores of all queries of the block.
template <class Isa, KvFormat kFormat>
void score_all(Scratch& scratch, const Work& work, Ahead& ahead) {
  using Wide = typename Isa::Wide;
  if (work.n <= 8) return score_one_vector<Lanes8, kFormat, Isa::kPositions>(scratch, work, ahead);
  if (work.n <= Wide::kLanes)
    return score_one_vector<Wide, kFormat, Isa::kPositions>(scratch, work, ahead);
  const size_t head_dim = work.queries.head_dim;
  const size_t begin = work.begin - work.tile(), end = work.end - work.tile();
  widen_keys<kFormat>(scratch, work);
  size_t i = 0;
  for (; i + Wide::kLanes + 8 < work.n; i += 2 * Wide::kLanes) {
    score<Wide, 2, Isa::kPairPositions>(scratch, i, head_dim, begin, end, ahead);
  }
  for (; i + 8 < work.n; i += Wide::kLanes) {
    score<Wide, 1, Isa::kPositions>(scratch, i, head_dim, begin, end, ahead);
  }
  if (i < work.n) score<Lanes8, 1, Isa::kPositions>(scratch, i, head_dim, begin, end, ahead);
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
  if (work.n <= kFewQueries) return attend_tile_across<Isa, kFormat>(scratch, work);
  Ahead keys = next_tile(work, true), values = next_tile(work, false);
  set_ranges(scratch, work);
  score_all<Isa, kFormat>(scratch, work, keys);
  find_values(scratch, work);
  each_vector<Isa>(work.n, [&](auto lanes, size_t at) __attribute__((always_inline)) {
    soften<decltype(lanes)>(scratch, at, work);
    const size_t last = smaller(at + lanes.kLanes, work.n);
    add_values<Isa, kFormat>(scratch, work, {at, last, at * kTile, lanes.kLanes, 1}, values);
  });
}

// Queries to lanes.
template <class Isa>
void load_queries(Scratch& scratch, const Work& work) {
  const size_t head_dim = work.queries.head_dim;
  each_vector<Isa>(work.n, [&](auto lanes, size_t at) __attribute__((always_inline)) {
    float* out = scratch.queries + at * head_dim;
    for (size_t i = 0; i < lanes.kLanes; ++i) {
      const bool used = at + i < work.n;
      const float* q = work.queries.q + (work.first + at + i) * work.queries.q_stride;
      for (size_t d = 0; d < head_dim; ++d) out[d * lanes.kLanes + i] = used ? q[d] : 0;
    }
  });
}

// States to those of nothing seen, also in lanes without a query.
template <class Isa>
void clear_states(Scratch& scratch, const Work& work) {
  constexpr size_t kLanes = Isa::Wide::kLanes;
  for (size_t i = 0; i < (work.n + kLanes - 1) / kLanes * kLanes; ++i) {
    scratch.max[i] = kNone;
    scratch.sum[i] = 0;
    scratch.begin[i] = 0;
    scratch.end[i] = kTile;
  }
  for (size_t i = 0; i < work.n; ++i)
    __builtin_memset(work.states[work.first + i].acc, 0, work.queries.head_dim * sizeof(float));
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
  clear_states<Isa>(scratch, work);
  if (work.n > kFewQueries) load_queries<Isa>(scratch, work);
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
  // Those of places that are never filled are multiplied, then masked.
  __builtin_memset(scratch.key_factor, 0, sizeof scratch.key_factor);
  __builtin_memset(scratch.value_factor, 0, sizeof scratch.value_factor);
  for (size_t first = 0; first < queries.n; first += kQueryBlock) {
    const size_t n = smaller(kQueryBlock, queries.n - first);
    attend_block<Isa>(scratch, {queries, kv, states, first, n, begin, end});
  }
}

}  // namespace
}  // namespace stride::kernels::avx2
