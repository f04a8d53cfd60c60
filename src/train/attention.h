// SPDX-License-Identifier: Apache-2.0
// Attention of one layer over packed documents, forwards and backwards, from the fused projection
// to the gated output: norm of queries and keys, rotation, masked softmax, head-wise gate.
//
// A row of the projection is [q: n_head * head_dim | k: n_head_kv * head_dim | v: the same |
// gate: n_head]. Query i of a row of text sees keys max(starts[i], i - window + 1) .. i. Scores
// exist only for a block of queries at a time, and are computed again on the way back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace stride::train {

// cos and sin of position * frequency, [n_position, n_rot / 2] each.
struct RotaryTable {
  size_t n_half = 0;
  std::vector<float> cosine;
  std::vector<float> sine;
};

// Frequencies [n_rot / 2] in radians a position; angles are computed in double precision.
RotaryTable make_rotary_table(std::span<const double> frequencies, size_t n_position);

struct AttentionShape {
  size_t n_head = 0;
  size_t n_head_kv = 0;
  size_t head_dim = 0;  // a multiple of 8
  size_t window = 0;    // keys visible, the query's own included; 0 = all
  float eps = 1e-5F;

  size_t q_width() const { return n_head * head_dim; }
  size_t kv_width() const { return n_head_kv * head_dim; }
  size_t row_width() const { return q_width() + 2 * kv_width() + n_head; }
};

struct PackedText {
  size_t n_row = 0;
  size_t length = 0;
  const int32_t* starts = nullptr;     // [n_row, length]; as Batch::starts
  const int32_t* positions = nullptr;  // [n_row, length]; index into the rotary table
};

// out [n_row * length, n_head * head_dim], log_sum [n_row, n_head, length] (for the way back),
// projection [n_row * length, row_width]; norms [head_dim], zero-centred.
void attention(float* out, float* log_sum, const float* projection, const float* q_norm,
               const float* k_norm, const AttentionShape& shape, const RotaryTable& rotary,
               const PackedText& text);

// d_projection is overwritten; the derivatives of the norms are added to.
void attention_backward(float* d_projection, float* d_q_norm, float* d_k_norm, const float* d_out,
                        const float* projection, const float* log_sum, const float* q_norm,
                        const float* k_norm, const AttentionShape& shape, const RotaryTable& rotary,
                        const PackedText& text);

}  // namespace stride::train
