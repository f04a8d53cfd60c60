// SPDX-License-Identifier: Apache-2.0
// The two matrix products of attention on blocks that stay in registers. Sums of a query run over
// dimensions (scores) and positions (values) in ascending order whatever else is in the block.
#pragma once

#include "kernels/attention.h"
#include "kernels/avx2/lanes.h"

namespace stride::kernels::avx2 {
namespace {

constexpr size_t kTile = kAttentionTile;
// Dimensions of a position that lie together in a tile of keys: element (position, d) is at
// key_at(position, d), so that the positions of a block are at constant distances.
constexpr size_t kKeyPiece = 8;

constexpr size_t key_at(size_t position, size_t d) {
  return d / kKeyPiece * kKeyPiece * kTile + position * kKeyPiece + d % kKeyPiece;
}

// Bytes that will be needed after the current tile. They are asked for line by line between
// multiplications: all at once, they would hold up what is done until memory has caught up.
struct Ahead {
  const std::byte* next = nullptr;
  const std::byte* end = nullptr;

  STRIDE_INLINE void fetch(size_t n_line) {
    for (size_t i = 0; i < n_line; ++i) {
      if (next >= end) return;
      __builtin_prefetch(next, 0, 2);
      next += 64;
    }
  }
};

template <class L, KvFormat kFormat>
STRIDE_INLINE typename L::Vector widen(const std::byte* row, size_t d) {
  return kFormat == KvFormat::f16 ? L::widen_f16(row + 2 * d) : L::widen_int8(row + d);
}

// Scores of kVectors vectors of queries with kPositions positions, queries in lanes. q: vector v at
// v * head_dim * lanes, [head_dim, lanes]. out: vector v at v * kTile * lanes, [position, lanes].
template <class L, size_t kVectors, size_t kPositions>
STRIDE_INLINE void score_block(float* out, const float* q, const float* keys, const float* factors,
                               size_t head_dim, Ahead& ahead) {
  using Vector = typename L::Vector;
  Vector sum[kVectors][kPositions];
#pragma GCC unroll 4
  for (size_t v = 0; v < kVectors; ++v) {
#pragma GCC unroll 16
    for (size_t p = 0; p < kPositions; ++p) sum[v][p] = L::zero();
  }
  for (size_t piece = 0; piece < head_dim; piece += kKeyPiece) {
    ahead.fetch(kPositions / 4);
    for (size_t d = 0; d < kKeyPiece; ++d) {
      Vector x[kVectors];
#pragma GCC unroll 4
      for (size_t v = 0; v < kVectors; ++v) x[v] = L::load(q + v * head_dim * L::kLanes);
#pragma GCC unroll 16
      for (size_t p = 0; p < kPositions; ++p) {
        const Vector key = L::all(keys[p * kKeyPiece + d]);
#pragma GCC unroll 4
        for (size_t v = 0; v < kVectors; ++v) sum[v][p] = L::multiply_add(x[v], key, sum[v][p]);
      }
      q += L::kLanes;
    }
    keys += kKeyPiece * kTile;
  }
#pragma GCC unroll 4
  for (size_t v = 0; v < kVectors; ++v) {
#pragma GCC unroll 16
    for (size_t p = 0; p < kPositions; ++p) {
      L::store(out + (v * kTile + p) * L::kLanes, L::multiply(sum[v][p], L::all(factors[p])));
    }
  }
}

// Scores of one vector of queries as score_block() has them, with keys from the stored rows. While
// a piece of the keys is multiplied the next one is widened: by itself that would take as long as
// nearly half of the multiplications.
template <class L, KvFormat kFormat, size_t kPositions>
STRIDE_INLINE void score_rows(float* out, const float* q, const std::byte* const* rows,
                              const float* factors, size_t head_dim, Ahead& ahead) {
  using Vector = typename L::Vector;
  alignas(64) float pieces[2][kPositions * kKeyPiece];
  const auto widen_row = [&](float* piece, size_t p, size_t d) __attribute__((always_inline)) {
    Lanes8::store(piece + p * kKeyPiece, widen<Lanes8, kFormat>(rows[p], d));
  };
  for (size_t p = 0; p < kPositions; ++p) widen_row(pieces[0], p, 0);
  Vector sum[kPositions];
#pragma GCC unroll 16
  for (size_t p = 0; p < kPositions; ++p) sum[p] = L::zero();
  for (size_t piece = 0; piece < head_dim; piece += kKeyPiece) {
    const float* keys = pieces[piece / kKeyPiece % 2];
    float* next = pieces[1 - piece / kKeyPiece % 2];
    // The last piece again where there is no other.
    const size_t next_d = piece + kKeyPiece < head_dim ? piece + kKeyPiece : piece;
    ahead.fetch(kPositions / 4);
    // So that the addresses of rows are loaded: g++ 12 would keep them in vectors, from where they
    // are dear to get.
    asm volatile("" ::: "memory");
#pragma GCC unroll 8
    for (size_t d = 0; d < kKeyPiece; ++d) {
      constexpr size_t kRows = kPositions / kKeyPiece;
#pragma GCC unroll 2
      for (size_t p = d * kRows; p < (d + 1) * kRows; ++p) widen_row(next, p, next_d);
      const Vector x = L::load(q + (piece + d) * L::kLanes);
#pragma GCC unroll 16
      for (size_t p = 0; p < kPositions; ++p)
        sum[p] = L::multiply_add(x, L::all(keys[p * kKeyPiece + d]), sum[p]);
    }
  }
#pragma GCC unroll 16
  for (size_t p = 0; p < kPositions; ++p)
    L::store(out + p * L::kLanes, L::multiply(sum[p], L::all(factors[p])));
}

// Where a product with the values takes them from: the tile, or the stored rows, which it then
// leaves in the tile for the queries that follow. That hides the time of widening.
enum class From { tile, f16_rows, int8_rows };

// What a product with the values works on: positions [begin, end) of a tile.
struct Values {
  float* tile;                   // [position, head_dim]
  const std::byte* const* rows;  // [position]
  const float* weights;          // query i's at [position * position_stride + i * query_stride]
  size_t position_stride, query_stride;
  size_t begin, end;
  size_t head_dim;
};

template <class L, From kFrom>
STRIDE_INLINE typename L::Vector value_at(float* row, const std::byte* stored, size_t d) {
  if constexpr (kFrom == From::tile) return L::load(row);
  constexpr KvFormat kFormat = kFrom == From::f16_rows ? KvFormat::f16 : KvFormat::int8;
  const typename L::Vector v = widen<L, kFormat>(stored, d);
  L::store(row, v);
  return v;
}

// acc[i] = acc[i] * factors[i] + p v for kVectors vectors of dimensions from d on.
template <class L, From kFrom, size_t kQueries, size_t kVectors>
STRIDE_INLINE void value_block(const Values& values, float* const* acc, const float* factors,
                               size_t d, Ahead& ahead) {
  using Vector = typename L::Vector;
  Vector sum[kQueries][kVectors];
#pragma GCC unroll 4
  for (size_t i = 0; i < kQueries; ++i) {
#pragma GCC unroll 8
    for (size_t v = 0; v < kVectors; ++v) {
      sum[i][v] = L::multiply(L::load(acc[i] + d + v * L::kLanes), L::all(factors[i]));
    }
  }
  float* row = values.tile + values.begin * values.head_dim + d;
  const float* weight = values.weights + values.begin * values.position_stride;
  for (size_t p = values.begin; p < values.end; ++p) {
    ahead.fetch(1);
    Vector x[kVectors];
#pragma GCC unroll 8
    for (size_t v = 0; v < kVectors; ++v) {
      x[v] = value_at<L, kFrom>(row + v * L::kLanes, values.rows[p], d + v * L::kLanes);
    }
#pragma GCC unroll 4
    for (size_t i = 0; i < kQueries; ++i) {
      const Vector w = L::all(weight[i * values.query_stride]);
#pragma GCC unroll 8
      for (size_t v = 0; v < kVectors; ++v) sum[i][v] = L::multiply_add(w, x[v], sum[i][v]);
    }
    row += values.head_dim;
    weight += values.position_stride;
  }
#pragma GCC unroll 4
  for (size_t i = 0; i < kQueries; ++i) {
#pragma GCC unroll 8
    for (size_t v = 0; v < kVectors; ++v) L::store(acc[i] + d + v * L::kLanes, sum[i][v]);
  }
}

}  // namespace
}  // namespace stride::kernels::avx2
