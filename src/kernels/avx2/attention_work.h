// SPDX-License-Identifier: Apache-2.0
// What the tiles of attention work on: a block of queries, and the positions of one tile.
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
  const std::byte* key_rows[kTile];       // stored; zeros for positions that are not
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

// A row of zeros in either format, for positions that have none.
constexpr std::byte kNoRow[2 * kMaxHeadDim] = {};

// The stored keys of the tile, and their factors.
void find_keys(Scratch& scratch, const Work& work) {
  for (const std::byte*& row : scratch.key_rows) row = kNoRow;
  each_row(work, true,
           [&](const std::byte* row, size_t place, float factor) __attribute__((always_inline)) {
             scratch.key_rows[place] = row;
             scratch.key_factor[place] = factor * work.queries.scale;
           });
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

}  // namespace
}  // namespace stride::kernels::avx2
