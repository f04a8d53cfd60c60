// SPDX-License-Identifier: Apache-2.0
// Routed experts of one layer, forwards and backwards: choice by sigmoid score plus bias, weights
// from the scores alone, tokens grouped by expert so that each expert is three matrix products.
//
//   p = sigmoid(z);  chosen = the k largest p + bias;  w_j = scale * p_j / sum of chosen p
//   y = sum over chosen j of w_j * down_j(swiglu(gate_up_j h))
// Gradients reach the router through w only: the bias is moved by the balancing rule instead.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace stride::train {

struct MoeShape {
  size_t n_embd = 0;
  size_t n_expert = 0;
  size_t n_used = 0;
  size_t n_ff = 0;
  float scale = 1;
  float clamp = 0;
};

// What routing did, summed over tokens; the monitors of the training run.
struct RoutingStatistics {
  std::vector<uint64_t> load;  // [n_expert] tokens that chose each
  double confidence = 0;       // sum over tokens of (chosen scores / all scores)
  uint64_t n_token = 0;
  float largest_activation = 0;  // of |swiglu|

  void add(const RoutingStatistics& other);
};

// The tokens of a batch in the order of the experts that serve them. Entry e of `order` is
// token * n_used + slot.
struct Dispatch {
  std::vector<uint32_t> order;   // [n * n_used]
  std::vector<uint32_t> first;   // [n_expert + 1] range of each expert in `order`
  std::vector<uint32_t> expert;  // [n, n_used]
  std::vector<float> weight;     // [n, n_used]
};

Dispatch route(const float* logits, const float* bias, size_t n, const MoeShape& shape,
               RoutingStatistics& statistics);

// y [n, n_embd] is overwritten; hidden [n * n_used, 2 n_ff] keeps gates and ups for the way back.
// gate_up [n_expert, 2 n_ff, n_embd], down [n_expert, n_embd, n_ff].
void experts(float* y, float* hidden, const float* h, const float* gate_up, const float* down,
             const Dispatch& dispatch, size_t n, const MoeShape& shape,
             RoutingStatistics& statistics);

// d_h [n, n_embd] and d_logits [n, n_expert] are overwritten, derivatives of the matrices added to;
// hidden is used up.
void experts_backward(float* d_h, float* d_logits, float* d_gate_up, float* d_down,
                      const float* d_y, float* hidden, const float* h, const float* logits,
                      const float* gate_up, const float* down, const Dispatch& dispatch, size_t n,
                      const MoeShape& shape);

}  // namespace stride::train
