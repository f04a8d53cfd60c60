// SPDX-License-Identifier: Apache-2.0
// The fused operations once more as plain libtorch formulas, in any precision: what the tests
// compare with and the benchmark measures against.
#pragma once

#include <torch/torch.h>

#include <cmath>
#include <span>

#include "train/attention.h"
#include "train/moe.h"

namespace stride::train::plain {

using torch::Tensor;

inline Tensor norm(const Tensor& x, const Tensor& w) {
  return x * torch::rsqrt(x.pow(2).mean(-1, true) + 1e-5) * (1 + w);
}

inline Tensor swiglu(const Tensor& gate_up, double limit) {
  const auto halves = gate_up.chunk(2, -1);
  Tensor a = torch::silu(halves[0]), u = halves[1];
  if (limit > 0) {
    a = torch::clamp_max(a, limit);
    u = torch::clamp(u, -limit, limit);
  }
  return a * u;
}

// What attention needs besides its weights, for one row of text.
struct Geometry {
  Tensor cosine, sine;  // [n, 1, n_rot / 2]
  Tensor mask;          // [n, n], 0 where visible, else minus infinity

  Geometry(const AttentionShape& shape, const RotaryTable& rotary, std::span<const int32_t> starts,
           std::span<const int32_t> positions, torch::Dtype type) {
    const auto n = static_cast<int64_t>(starts.size());
    const auto half = static_cast<int64_t>(rotary.n_half);
    cosine = torch::empty({n, 1, half});
    sine = torch::empty({n, 1, half});
    mask = torch::full({n, n}, -INFINITY);
    for (int64_t i = 0; i < n; ++i) {
      const auto at = static_cast<size_t>(i);
      const size_t from = static_cast<size_t>(positions[at]) * rotary.n_half;
      std::copy_n(rotary.cosine.data() + from, half, cosine.data_ptr<float>() + i * half);
      std::copy_n(rotary.sine.data() + from, half, sine.data_ptr<float>() + i * half);
      for (int64_t j = starts[at]; j <= i; ++j)
        if (shape.window == 0 || static_cast<size_t>(i - j) < shape.window)
          mask.data_ptr<float>()[i * n + j] = 0;
    }
    cosine = cosine.to(type);
    sine = sine.to(type);
    mask = mask.to(type);
  }

  Tensor rotate(const Tensor& x) const {
    const int64_t half = cosine.size(2);
    const Tensor a = x.narrow(2, 0, half), b = x.narrow(2, half, half);
    return torch::cat(
        {a * cosine - b * sine, b * cosine + a * sine, x.narrow(2, 2 * half, x.size(2) - 2 * half)},
        2);
  }
};

// One row of text; every score in the open.
inline Tensor attention(const Tensor& projection, const Tensor& q_norm, const Tensor& k_norm,
                        const AttentionShape& shape, const Geometry& geometry) {
  const auto n = projection.size(0), nh = static_cast<int64_t>(shape.n_head),
             nkv = static_cast<int64_t>(shape.n_head_kv), d = static_cast<int64_t>(shape.head_dim);
  const auto parts = projection.split_with_sizes({nh * d, nkv * d, nkv * d, nh}, 1);
  const Tensor q = geometry.rotate(norm(parts[0].reshape({n, nh, d}), q_norm));
  const Tensor k = geometry.rotate(norm(parts[1].reshape({n, nkv, d}), k_norm));
  const Tensor v = parts[2].reshape({n, nkv, d});
  const auto by_head = [&](const Tensor& t) {
    return t.repeat_interleave(nh / t.size(1), 1).transpose(0, 1);
  };
  const Tensor scores =
      torch::matmul(by_head(q), by_head(k).transpose(1, 2)) / std::sqrt(static_cast<double>(d)) +
      geometry.mask;
  const Tensor out = torch::matmul(torch::softmax(scores, -1), by_head(v)).transpose(0, 1);
  return (out * torch::sigmoid(parts[3]).unsqueeze(2)).reshape({n, nh * d});
}

// The weight of each expert for each token [n, n_expert], zero where it is not chosen.
inline Tensor routing(const Tensor& logits, const Tensor& bias, const MoeShape& shape) {
  const Tensor p = torch::sigmoid(logits);
  const Tensor chosen = std::get<1>((p + bias).topk(static_cast<int64_t>(shape.n_used), 1));
  Tensor w = p.gather(1, chosen);
  w = static_cast<double>(shape.scale) * w / w.sum(1, true);
  return torch::zeros_like(p).scatter(1, chosen, w);
}

// A loop over experts, each with the rows of the tokens that chose it.
inline Tensor experts(const Tensor& h, const Tensor& logits, const Tensor& gate_up,
                      const Tensor& down, const Tensor& bias, const MoeShape& shape) {
  const Tensor weights = routing(logits, bias, shape);
  Tensor y = torch::zeros_like(h);
  for (int64_t e = 0; e < static_cast<int64_t>(shape.n_expert); ++e) {
    const Tensor rows = (weights.select(1, e) > 0).nonzero().squeeze(1);
    const Tensor own = torch::linear(swiglu(torch::linear(h.index_select(0, rows), gate_up[e]),
                                            static_cast<double>(shape.clamp)),
                                     down[e]);
    y = y.index_add(0, rows, own * weights.select(1, e).index_select(0, rows).unsqueeze(1));
  }
  return y;
}

inline Tensor cross_entropy(const Tensor& logits, const Tensor& targets) {
  return torch::nn::functional::cross_entropy(
      logits, targets, torch::nn::functional::CrossEntropyFuncOptions().reduction(torch::kNone));
}

}  // namespace stride::train::plain
