// SPDX-License-Identifier: Apache-2.0
// Each fused operation against the same formula in plain libtorch in double precision, values and
// derivatives.
#include "train/fused_ops.h"

#include <gtest/gtest.h>

#include <cmath>

#include "train/plain_ops.h"

namespace stride::train {
namespace {

using torch::Tensor;

constexpr auto kDouble = torch::kFloat64;

// A float weight with a gradient buffer, and its double twin whose gradient autograd computes.
struct Pair {
  explicit Pair(Tensor value) : fused(value.contiguous()), grad(torch::zeros_like(fused)) {
    plain = fused.to(kDouble).requires_grad_(true);
  }
  Weight weight() const { return {fused, grad.data_ptr<float>()}; }

  Tensor fused, grad, plain;
};

// A float activation and its double twin, both leaves.
struct Leaf {
  explicit Leaf(Tensor value) : fused(value.contiguous().requires_grad_(true)) {
    plain = fused.detach().to(kDouble).requires_grad_(true);
  }
  Tensor fused, plain;
};

void expect_close(const Tensor& got, const Tensor& want, const char* what, double bound = 2e-6) {
  ASSERT_TRUE(got.defined()) << what;
  const Tensor wanted = want.detach(), error = got.detach().to(kDouble).reshape_as(wanted) - wanted;
  const double relative = (error.norm() / (wanted.norm() + 1e-12)).item<double>();
  EXPECT_LT(relative, bound) << what;
  EXPECT_GT(wanted.norm().item<double>(), 0) << what << " is zero: nothing was compared";
}

// Runs both graphs backwards from the same random derivative of their outputs.
void backward(const Tensor& fused, const Tensor& plain) {
  const Tensor d = torch::randn_like(fused);
  fused.backward(d);
  plain.backward(d.to(kDouble));
}

class FusedOps : public testing::Test {
 protected:
  void SetUp() override { torch::manual_seed(7); }
};

TEST_F(FusedOps, Linear) {
  Leaf x(torch::randn({9, 24}));
  Pair w(torch::randn({17, 24}));
  const Tensor y = fused_linear(x.fused, w.weight()), z = torch::linear(x.plain, w.plain);
  backward(y, z);
  expect_close(y, z, "y");
  expect_close(x.fused.grad(), x.plain.grad(), "d x");
  expect_close(w.grad, w.plain.grad(), "d w");
}

TEST_F(FusedOps, GradientsOfWeightsAccumulate) {
  Leaf x(torch::randn({9, 24}));
  Pair w(torch::randn({17, 24}));
  for (int pass = 0; pass < 2; ++pass)
    backward(fused_linear(x.fused, w.weight()), torch::linear(x.plain, w.plain));
  expect_close(w.grad, w.plain.grad(), "d w of two passes");
}

TEST_F(FusedOps, Embedding) {
  Pair table(torch::randn({11, 8}));
  table.fused.requires_grad_(true);
  const Tensor ids = torch::tensor({3, 0, 3, 10}, torch::kInt64);
  const Tensor y = embed(table.weight(), ids), z = torch::embedding(table.plain, ids);
  backward(y, z);
  expect_close(y, z, "y", 1e-12);
  expect_close(table.grad, table.plain.grad(), "d table");
}

TEST_F(FusedOps, Norm) {
  Leaf x(torch::randn({7, 40}) * 3);
  Pair w(torch::randn({40}) * 0.3);
  const Tensor y = fused_norm(x.fused, w.weight(), 1e-5F), z = plain::norm(x.plain, w.plain);
  backward(y, z);
  expect_close(y, z, "y");
  expect_close(x.fused.grad(), x.plain.grad(), "d x");
  expect_close(w.grad, w.plain.grad(), "d w");
}

TEST_F(FusedOps, ResidualNormWithBothOutputsUsed) {
  Leaf x(torch::randn({7, 40})), delta(torch::randn({7, 40}));
  Pair w(torch::randn({40}) * 0.3);
  const SumAndNorm y = fused_residual_norm(x.fused, delta.fused, w.weight(), 1e-5F);
  const Tensor sum = x.plain + delta.plain, norm = plain::norm(sum, w.plain);
  const Tensor factor = torch::randn({7, 40});
  backward(y.sum * factor + y.norm, sum * factor.to(kDouble) + norm);
  expect_close(y.sum, sum, "sum");
  expect_close(y.norm, norm, "norm");
  expect_close(x.fused.grad(), x.plain.grad(), "d x");
  expect_close(delta.fused.grad(), delta.plain.grad(), "d delta");
  expect_close(w.grad, w.plain.grad(), "d w");
}

TEST_F(FusedOps, ResidualNormWithOneOutputUsed) {
  for (const bool use_norm : {false, true}) {
    Leaf x(torch::randn({5, 16})), delta(torch::randn({5, 16}));
    Pair w(torch::randn({16}) * 0.3);
    const SumAndNorm y = fused_residual_norm(x.fused, delta.fused, w.weight(), 1e-5F);
    const Tensor sum = x.plain + delta.plain;
    backward(use_norm ? y.norm : y.sum, use_norm ? plain::norm(sum, w.plain) : sum);
    expect_close(x.fused.grad(), x.plain.grad(), "d x");
    expect_close(delta.fused.grad(), delta.plain.grad(), "d delta");
  }
}

TEST_F(FusedOps, SwigluWithEveryKindOfClampActive) {
  for (const double limit : {0.0, 0.7}) {
    Leaf x(torch::randn({13, 42}) * 2);
    float largest = 0;
    const Tensor y = fused_swiglu(x.fused, static_cast<float>(limit), largest);
    const Tensor z = plain::swiglu(x.plain, limit);
    backward(y, z);
    expect_close(y, z, "y");
    expect_close(x.fused.grad(), x.plain.grad(), "d x");
    EXPECT_NEAR(largest, z.abs().max().item<double>(), 1e-5);
  }
}

struct AttentionCase {
  size_t n_head, n_head_kv, head_dim, window, n_rot;
};

class FusedAttention : public testing::TestWithParam<AttentionCase> {};

TEST_P(FusedAttention, EqualsPlainAttention) {
  torch::manual_seed(11);
  const AttentionCase c = GetParam();
  const AttentionShape shape{c.n_head, c.n_head_kv, c.head_dim, c.window, 1e-5F};
  std::vector<double> frequencies;
  for (size_t i = 0; i < c.n_rot / 2; ++i)
    frequencies.push_back(
        std::pow(100.0, -2.0 * static_cast<double>(i) / static_cast<double>(c.n_rot)));
  const RotaryTable rotary = make_rotary_table(frequencies, 80);
  const int32_t length = 61, n_row = 2;
  std::vector<int32_t> starts, positions;
  for (int32_t row = 0; row < n_row; ++row)
    for (int32_t i = 0; i < length; ++i) {
      const int32_t edge = row == 0 ? 50 : 7;
      starts.push_back(i < edge ? 0 : edge);
      positions.push_back(i - starts.back());
    }
  const PackedText text{static_cast<size_t>(n_row), static_cast<size_t>(length), starts.data(),
                        positions.data()};
  Leaf x(torch::randn({n_row * length, static_cast<int64_t>(shape.row_width())}));
  Pair q_norm(torch::randn({static_cast<int64_t>(c.head_dim)}) * 0.3);
  Pair k_norm(torch::randn({static_cast<int64_t>(c.head_dim)}) * 0.3);
  const Tensor y = fused_attention(x.fused, q_norm.weight(), k_norm.weight(), shape, rotary, text);
  std::vector<Tensor> rows;
  for (int32_t row = 0; row < n_row; ++row) {
    const auto at = static_cast<size_t>(row * length), n = static_cast<size_t>(length);
    const plain::Geometry geometry(shape, rotary, std::span(starts).subspan(at, n),
                                   std::span(positions).subspan(at, n), kDouble);
    rows.push_back(plain::attention(x.plain.narrow(0, row * length, length), q_norm.plain,
                                    k_norm.plain, shape, geometry));
  }
  const Tensor z = torch::cat(rows, 0);
  backward(y, z);
  expect_close(y, z, "y");
  expect_close(x.fused.grad(), x.plain.grad(), "d projection", 1e-5);
  expect_close(q_norm.grad, q_norm.plain.grad(), "d q_norm", 1e-5);
  expect_close(k_norm.grad, k_norm.plain.grad(), "d k_norm", 1e-5);
}

INSTANTIATE_TEST_SUITE_P(Shapes, FusedAttention,
                         testing::Values(AttentionCase{4, 2, 16, 0, 8},
                                         AttentionCase{6, 2, 16, 9, 16},
                                         AttentionCase{3, 1, 8, 2, 8},
                                         AttentionCase{2, 2, 32, 200, 16},
                                         AttentionCase{6, 1, 24, 24, 24}));

TEST_F(FusedOps, ExpertsAndTheirRouter) {
  for (const float limit : {0.0F, 0.5F}) {
    const MoeShape shape{16, 6, 3, 8, 3.0F, limit};
    Leaf h(torch::randn({21, 16})), logits(torch::randn({21, 6}));
    Pair gate_up(torch::randn({6, 16, 16}) * 0.5), down(torch::randn({6, 16, 8}) * 0.5);
    const Tensor bias = torch::randn({6}) * 0.3;
    RoutingStatistics statistics;
    Tape tape;
    const Tensor y = fused_experts(h.fused, logits.fused, gate_up.weight(), down.weight(),
                                   bias.data_ptr<float>(), shape, statistics, tape);
    const Tensor z =
        plain::experts(h.plain, logits.plain, gate_up.plain, down.plain, bias.to(kDouble), shape);
    backward(y, z);
    expect_close(y, z, "y");
    expect_close(h.fused.grad(), h.plain.grad(), "d h", 1e-5);
    expect_close(logits.fused.grad(), logits.plain.grad(), "d logits", 1e-5);
    expect_close(gate_up.grad, gate_up.plain.grad(), "d gate_up", 1e-5);
    expect_close(down.grad, down.plain.grad(), "d down", 1e-5);
    EXPECT_EQ(statistics.n_token, 21U);
    const Tensor chosen = plain::routing(logits.plain, bias.to(kDouble), shape).detach() > 0;
    const Tensor p = torch::sigmoid(logits.plain.detach());
    for (int64_t e = 0; e < 6; ++e)
      EXPECT_EQ(static_cast<int64_t>(statistics.load[static_cast<size_t>(e)]),
                chosen.select(1, e).sum().item<int64_t>());
    EXPECT_NEAR(statistics.confidence, ((p * chosen).sum(1) / p.sum(1)).sum().item<double>(), 1e-4);
  }
}

TEST_F(FusedOps, CrossEntropy) {
  Leaf logits(torch::randn({6, 33}) * 4);
  const std::vector<int32_t> target{0, 32, 5, 5, 17, 1};
  const std::vector<float> weight{1, 0.5F, 0, 0.25F, 1, 2};
  std::vector<float> loss(6);
  // The operation uses its input up, so it gets the output of another node.
  const Tensor y =
      fused_cross_entropy(logits.fused * 1.0, target.data(), weight.data(), loss.data());
  const Tensor ids = torch::tensor(std::vector<int64_t>(target.begin(), target.end()));
  const Tensor terms = plain::cross_entropy(logits.plain, ids);
  const Tensor z = (terms * torch::tensor(weight).to(kDouble)).sum();
  y.backward();
  z.backward();
  expect_close(y, z, "total");
  expect_close(logits.fused.grad(), logits.plain.grad(), "d logits");
  const Tensor best = logits.plain.argmax(1);
  for (int64_t i = 0; i < 6; ++i) {
    const float got = loss[static_cast<size_t>(i)];
    EXPECT_NEAR(std::abs(got), terms[i].item<double>(), 1e-4);
    EXPECT_EQ(!std::signbit(got), best[i].item<int64_t>() == target[static_cast<size_t>(i)]);
  }
}

TEST_F(FusedOps, FrozenWeightsStayOutOfTheWay) {
  Leaf x(torch::randn({9, 16}));
  Pair norm(torch::randn({16}) * 0.3), w(torch::randn({5, 16}));
  Weight frozen_norm = norm.weight(), frozen_w = w.weight();
  frozen_norm.gradient = frozen_w.gradient = nullptr;
  const Tensor y = fused_linear(fused_norm(x.fused, frozen_norm, 1e-5F), frozen_w);
  backward(y, torch::linear(plain::norm(x.plain, norm.plain), w.plain));
  expect_close(x.fused.grad(), x.plain.grad(), "d x");
  EXPECT_EQ(norm.grad.abs().sum().item<double>() + w.grad.abs().sum().item<double>(), 0);
}

}  // namespace
}  // namespace stride::train
