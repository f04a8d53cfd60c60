// SPDX-License-Identifier: Apache-2.0
// Types of the attention kernels. A call works on one key-value head and any number of query rows
// (the heads of its group, times the rows of a prompt), tile by tile of kAttentionTile positions
// with an online softmax; the score matrix never exists.
//
// Results of a query depend on it, its range, and the keys and values in that range alone: not on
// the other queries of a call, and not on positions that it does not see, whatever they hold. All
// arithmetic is float, in one order, so that tables differ by exp alone:
//   s_j = (k_scale_j * scale) * sum_d q_d k_jd   by fma in ascending order of d
//   of each tile: m' = max(m, s_j), p_j = exp(s_j - m'), r = exp(m - m') (1 if m' is m)
//   acc = acc r + sum_j (p_j v_scale_j) v_j      by fma in ascending order of j
//   sum = fma(sum, r, (t_0 + t_1) + (t_2 + t_3)), t_i the sum of the p_j with j % 4 = i
// Scales are 1 for f16. Int8 rows err by at most half their scale in each value, that is by
// max |k| / 254: a score by at most max |k| / 254 * scale * sum_d |q_d|, the output by at most
// max |v| / 254 beside what that changes in the p.
//
// Tiles start at multiples of kAttentionTile of the absolute position wherever rows lie in memory.
// To split a long range over threads, and always for the results to be the same with any number of
// them: attend() over each range between multiples of kAttentionChunk that a query sees, then merge
// the states in ascending order:
//
//   for (size_t c = first / kAttentionChunk * kAttentionChunk; c < last; c += kAttentionChunk)
//     attend(queries, kv, c, c + kAttentionChunk, partial);   // any thread
//   merge(state, partial_0), merge(state, partial_1), ...     // ascending, from an empty state
//   finish(out, state)                                        // out = sum p v / sum p
#pragma once

#include <cstddef>
#include <cstdint>

namespace stride::kernels {

constexpr size_t kAttentionTile = 32;
constexpr size_t kAttentionChunk = 1024;
constexpr size_t kMaxHeadDim = 256;
constexpr size_t kMaxKvSpans =
    4;  // a chunk of kAttentionChunk positions in pages of a quarter of it

enum class KvFormat : uint8_t { f16, int8 };

// Consecutive positions first .. first + n - 1 of one head.
struct KvSpan {
  const std::byte* k = nullptr;    // [n, head_dim] f16 or int8, row i at k + i * row_bytes
  const std::byte* v = nullptr;    // likewise
  const float* k_scale = nullptr;  // int8 only: row i's at k_scale[i * scale_stride]
  const float* v_scale = nullptr;
  size_t first = 0;
  size_t n = 0;
};

// The stored positions of one head, or of it what a call sees: a ring that has wrapped is two
// spans, pages are one each. Spans must not overlap in positions and must ascend; empty ones are
// ignored. Every position that a query sees in the call's range must be in one.
struct KvView {
  KvFormat format = KvFormat::f16;
  size_t row_bytes = 0;
  size_t scale_stride = 0;  // floats
  KvSpan spans[kMaxKvSpans];
};

struct AttentionQueries {
  const float* q = nullptr;         // query i at q + i * q_stride, [head_dim]
  size_t q_stride = 0;              // floats
  const uint32_t* begin = nullptr;  // [n] query i sees positions begin[i] .. end[i] - 1
  const uint32_t* end = nullptr;    // [n]
  size_t n = 0;
  size_t head_dim = 0;  // multiple of 8, at most kMaxHeadDim
  float scale = 1;      // of the scores: 1 / sqrt(head_dim)
};

// What has been summed so far: p_i = exp(s_i - max). With no position seen: max -infinity, sum 0.
struct AttentionState {
  float* acc = nullptr;      // [head_dim] sum p_i v_i
  float* max_sum = nullptr;  // [2] max, sum p_i
};

// attend() sets states[i] to the result over positions of query i in [begin, end), which must not
// cross a multiple of kAttentionChunk. merge() adds `from` to `into`.

}  // namespace stride::kernels
