// SPDX-License-Identifier: Apache-2.0
// What each fused operation buys over the same formula in plain libtorch: forwards and backwards,
// one thread, a micro-batch of step-nano (2,048 tokens in rows of 512).
#include <benchmark/benchmark.h>

#include "train/fused_ops.h"
#include "train/matrix.h"
#include "train/plain_ops.h"

namespace stride::train {
namespace {

using torch::Tensor;

constexpr int64_t kTokens = 2048, kRow = 512, kWidth = 256;

enum Form { fused, plainly };

Tensor leaf(std::initializer_list<int64_t> sizes) {
  return torch::randn(sizes).requires_grad_(true);
}

// The gradient buffer of a fused weight; plain ones get theirs from the graph.
struct Parameter {
  explicit Parameter(std::initializer_list<int64_t> sizes)
      : value(torch::randn(sizes) * 0.1), gradient(torch::zeros(sizes)) {}
  Weight weight() const { return {value, gradient.data_ptr<float>()}; }
  Tensor value, gradient;
};

template <class Fused, class Plain>
void measure(benchmark::State& state, const std::vector<Tensor>& inputs, Fused&& run_fused,
             Plain&& run_plain) {
  at::set_num_threads(1);
  use_one_thread_per_product();
  for (auto _ : state) {
    const Tensor y = state.range(0) == fused ? run_fused() : run_plain();
    y.backward(torch::ones_like(y));
    for (const Tensor& input : inputs) input.mutable_grad().reset();
  }
  state.SetLabel(state.range(0) == fused ? "fused" : "plain");
  state.SetItemsProcessed(state.iterations() * kTokens);
}

void residual_norm_bench(benchmark::State& state) {
  const Tensor x = leaf({kTokens, kWidth}), delta = leaf({kTokens, kWidth});
  Parameter w({kWidth});
  w.value.requires_grad_(true);
  measure(
      state, {x, delta, w.value},
      [&] { return fused_residual_norm(x, delta, w.weight(), 1e-5F).norm; },
      [&] { return plain::norm(x + delta, w.value); });
}

void swiglu_bench(benchmark::State& state) {
  const Tensor x = leaf({kTokens, 1024});
  float largest = 0;
  measure(
      state, {x}, [&] { return fused_swiglu(x, 7, largest); }, [&] { return plain::swiglu(x, 7); });
}

void attention_bench(benchmark::State& state) {
  const bool sliding = state.range(1) != 0;
  const AttentionShape shape{sliding ? size_t{12} : 8, 2, 32, sliding ? size_t{64} : 0, 1e-5F};
  const RotaryTable rotary =
      make_rotary_table(std::vector<double>(sliding ? 16 : 8, 0.01), static_cast<size_t>(kRow));
  std::vector<int32_t> starts(kTokens, 0), positions;
  for (int32_t i = 0; i < kTokens; ++i) positions.push_back(i % static_cast<int32_t>(kRow));
  const PackedText text{kTokens / kRow, kRow, starts.data(), positions.data()};
  const plain::Geometry geometry(shape, rotary, std::span(starts).first(kRow),
                                 std::span(positions).first(kRow), torch::kFloat32);
  const Tensor x = leaf({kTokens, static_cast<int64_t>(shape.row_width())});
  Parameter q_norm({32}), k_norm({32});
  q_norm.value.requires_grad_(true);
  k_norm.value.requires_grad_(true);
  const auto run_plain = [&] {
    std::vector<Tensor> rows;
    for (int64_t row = 0; row < kTokens; row += kRow)
      rows.push_back(
          plain::attention(x.narrow(0, row, kRow), q_norm.value, k_norm.value, shape, geometry));
    return torch::cat(rows, 0);
  };
  measure(
      state, {x, q_norm.value, k_norm.value},
      [&] { return fused_attention(x, q_norm.weight(), k_norm.weight(), shape, rotary, text); },
      run_plain);
}

void experts_bench(benchmark::State& state) {
  const MoeShape shape{kWidth, 24, 2, 64, 3, 7};
  const Tensor h = leaf({kTokens, kWidth}), logits = leaf({kTokens, 24});
  Parameter gate_up({24, 128, kWidth}), down({24, kWidth, 64});
  const Tensor bias = torch::zeros({24});
  gate_up.value.requires_grad_(true);
  down.value.requires_grad_(true);
  RoutingStatistics statistics;
  Tape tape;
  measure(
      state, {h, logits, gate_up.value, down.value},
      [&] {
        tape.dispatch.clear();
        return fused_experts(h, logits, gate_up.weight(), down.weight(), bias.data_ptr<float>(),
                             shape, statistics, tape);
      },
      [&] { return plain::experts(h, logits, gate_up.value, down.value, bias, shape); });
}

void cross_entropy_bench(benchmark::State& state) {
  const Tensor logits = leaf({kTokens, 1024});
  const std::vector<int32_t> targets(kTokens, 5);
  const std::vector<float> weights(kTokens, 1);
  std::vector<float> loss(kTokens);
  const Tensor ids = torch::full({kTokens}, 5, torch::kInt64);
  measure(
      state, {logits},
      [&] {
        return fused_cross_entropy(logits * 1.0, targets.data(), weights.data(), loss.data());
      },
      [&] { return plain::cross_entropy(logits * 1.0, ids).sum(); });
}

BENCHMARK(residual_norm_bench)->Arg(fused)->Arg(plainly);
BENCHMARK(swiglu_bench)->Arg(fused)->Arg(plainly);
BENCHMARK(attention_bench)->ArgsProduct({{fused, plainly}, {0, 1}});
BENCHMARK(experts_bench)->Arg(fused)->Arg(plainly);
BENCHMARK(cross_entropy_bench)->Arg(fused)->Arg(plainly);

}  // namespace
}  // namespace stride::train

BENCHMARK_MAIN();
