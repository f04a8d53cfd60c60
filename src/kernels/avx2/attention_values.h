// SPDX-License-Identifier: Apache-2.0
// The second half of a tile of attention: weights times values.
#pragma once

#include "kernels/avx2/attention_work.h"

namespace stride::kernels::avx2 {
namespace {

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

// Queries first to last - 1 of a block, and where in Scratch::weights theirs are.
struct Weighted {
  size_t first, last;
  size_t weights;  // the first query's of the first position
  size_t position_stride, query_stride;
};

// Adds the weighted values to the sums of kQueries queries from i on, which see the same.
template <class Isa, From kFrom, size_t kQueries>
void add_alike(Scratch& scratch, const Work& work, const Weighted& queries, size_t i,
               Ahead& ahead) {
  using Wide = typename Isa::Wide;
  constexpr size_t kVectors = kQueries == 1 ? 4 : Isa::kValueVectors;
  const Values values{
      scratch.tile,
      scratch.value_rows,
      scratch.weights + queries.weights + (i - queries.first) * queries.query_stride,
      queries.position_stride,
      queries.query_stride,
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
  for (; kVectors > 2 && d + 2 * Wide::kLanes <= values.head_dim; d += 2 * Wide::kLanes) {
    value_block<Wide, kFrom, kQueries, 2>(values, acc, factors, d, ahead);
  }
  for (; d + Wide::kLanes <= values.head_dim; d += Wide::kLanes) {
    value_block<Wide, kFrom, kQueries, 1>(values, acc, factors, d, ahead);
  }
  if (d < values.head_dim) value_block<Lanes8, kFrom, kQueries, 1>(values, acc, factors, d, ahead);
}

template <class Isa, From kFrom>
void add_alike(Scratch& scratch, const Work& work, const Weighted& queries, size_t i, size_t n,
               Ahead& ahead) {
  switch (n) {
    case 1:
      return add_alike<Isa, kFrom, 1>(scratch, work, queries, i, ahead);
    case 2:
      return add_alike<Isa, kFrom, 2>(scratch, work, queries, i, ahead);
    case 3:
      return add_alike<Isa, kFrom, 3>(scratch, work, queries, i, ahead);
    default:
      return add_alike<Isa, kFrom, 4>(scratch, work, queries, i, ahead);
  }
}

// How many queries from i on see the same positions as it, at most four.
STRIDE_INLINE size_t n_alike(const Scratch& scratch, size_t i, size_t last) {
  const int *begin = scratch.begin + i, *end = scratch.end + i;
  size_t n = 1;
  while (n < 4 && i + n < last && begin[n] == begin[0] && end[n] == end[0]) ++n;
  return n;
}

// Together go queries that see the same: a weight of 0 must not meet a value that a query does not
// see, which may be infinite. The first of a block widen the rows if they see them all.
template <class Isa, KvFormat kFormat>
void add_values(Scratch& scratch, const Work& work, const Weighted& queries, Ahead& ahead) {
  constexpr From kRows = kFormat == KvFormat::f16 ? From::f16_rows : From::int8_rows;
  size_t i = queries.first;
  if (i == 0) {
    const auto begin = static_cast<int>(work.begin - work.tile());
    const auto end = static_cast<int>(work.end - work.tile());
    if (scratch.begin[0] == begin && scratch.end[0] == end) {
      i = n_alike(scratch, 0, queries.last);
      add_alike<Isa, kRows>(scratch, work, queries, 0, i, ahead);
    } else {
      widen_values<Isa, kFormat>(scratch, work);
    }
  }
  while (i < queries.last) {
    const size_t n = n_alike(scratch, i, queries.last);
    if (scratch.begin[i] < scratch.end[i])
      add_alike<Isa, From::tile>(scratch, work, queries, i, n, ahead);
    i += n;
  }
}

}  // namespace
}  // namespace stride::kernels::avx2
