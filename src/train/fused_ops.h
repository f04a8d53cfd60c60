// SPDX-License-Identifier: Apache-2.0
// The model's operations as nodes of libtorch's graph, each one fused pass forwards and one
// backwards over the kernels of this folder.
//
// Derivatives of weights do not travel through the graph: a node adds them to the buffer its
// Weight names, which saves a copy and a sum of every weight at every micro-batch. A weight
// without a buffer is frozen. One replica of the model, with its own buffers, belongs to one
// thread.
#pragma once

#include <torch/torch.h>

#include <deque>

#include "train/attention.h"
#include "train/moe.h"

namespace stride::train {

struct Weight {
  torch::Tensor value;        // float32, contiguous
  float* gradient = nullptr;  // as many floats, added to; null = frozen
};

// What nodes refer to between the way there and back: it must live until backward() is done.
struct Tape {
  std::deque<Dispatch> dispatch;
};

// rows [n, n_embd] of the table. The table's value must require gradients, which is what connects
// the whole graph.
torch::Tensor embed(const Weight& table, const torch::Tensor& ids);

torch::Tensor fused_linear(const torch::Tensor& x, const Weight& w);

torch::Tensor fused_norm(const torch::Tensor& x, const Weight& w, float eps);

struct SumAndNorm {
  torch::Tensor sum, norm;
};
SumAndNorm fused_residual_norm(const torch::Tensor& x, const torch::Tensor& delta, const Weight& w,
                               float eps);

// shape, rotary and text must outlive backward().
torch::Tensor fused_attention(const torch::Tensor& projection, const Weight& q_norm,
                              const Weight& k_norm, const AttentionShape& shape,
                              const RotaryTable& rotary, const PackedText& text);

// `largest` receives the largest |output| if that is more than it holds.
torch::Tensor fused_swiglu(const torch::Tensor& gate_up, float limit, float& largest);

// shape must outlive backward().
torch::Tensor fused_experts(const torch::Tensor& h, const torch::Tensor& logits,
                            const Weight& gate_up, const Weight& down, const float* bias,
                            const MoeShape& shape, RoutingStatistics& statistics, Tape& tape);

// sum(weight * -log p[target]) as a scalar, its derivative taken as one on the way back. Uses up
// the logits. `loss` [n] receives the unweighted terms, negated where the target was not the most
// probable token.
torch::Tensor fused_cross_entropy(const torch::Tensor& logits, const int32_t* target,
                                  const float* weight, float* loss);

}  // namespace stride::train
