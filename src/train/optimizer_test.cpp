// SPDX-License-Identifier: Apache-2.0
// The updates against closed forms: AdamW worked out by hand, Muon on matrices whose singular
// vectors are known.
#include "train/optimizer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "train/test_model.h"

namespace stride::train {
namespace {

using Matrix = std::vector<double>;  // row-major

// n_column orthonormal columns of length n_row, by Gram and Schmidt.
Matrix orthonormal(size_t n_row, size_t n_column, Random& random) {
  Matrix q(n_row * n_column);
  for (size_t c = 0; c < n_column; ++c) {
    for (size_t r = 0; r < n_row; ++r) q[r * n_column + c] = random.normal();
    for (int pass = 0; pass < 2; ++pass)
      for (size_t other = 0; other < c; ++other) {
        double dot = 0;
        for (size_t r = 0; r < n_row; ++r) dot += q[r * n_column + c] * q[r * n_column + other];
        for (size_t r = 0; r < n_row; ++r) q[r * n_column + c] -= dot * q[r * n_column + other];
      }
    double norm = 0;
    for (size_t r = 0; r < n_row; ++r) norm += std::pow(q[r * n_column + c], 2);
    for (size_t r = 0; r < n_row; ++r) q[r * n_column + c] /= std::sqrt(norm);
  }
  return q;
}

// U diag(s) V' with U [n_row, k], V [n_column, k].
std::vector<float> product(const Matrix& u, const std::vector<double>& s, const Matrix& v,
                           size_t n_row, size_t n_column) {
  const size_t k = s.size();
  std::vector<float> x(n_row * n_column);
  for (size_t i = 0; i < n_row; ++i)
    for (size_t j = 0; j < n_column; ++j) {
      double sum = 0;
      for (size_t c = 0; c < k; ++c) sum += u[i * k + c] * s[c] * v[j * k + c];
      x[i * n_column + j] = static_cast<float>(sum);
    }
  return x;
}

// u_c' X v_c: the singular value that X has where u_c, v_c are a pair of its vectors.
double along(const std::vector<float>& x, const Matrix& u, const Matrix& v, size_t c, size_t k,
             size_t n_row, size_t n_column) {
  double sum = 0;
  for (size_t i = 0; i < n_row; ++i)
    for (size_t j = 0; j < n_column; ++j)
      sum += u[i * k + c] * static_cast<double>(x[i * n_column + j]) * v[j * k + c];
  return sum;
}

TEST(Orthogonalise, KeepsSingularVectorsAndMakesTheirValuesOne) {
  Random random(3);
  for (const auto& [n_row, n_column] : {std::pair<size_t, size_t>{24, 40}, {40, 24}, {16, 16}}) {
    const size_t k = std::min(n_row, n_column);
    const Matrix u = orthonormal(n_row, k, random), v = orthonormal(n_column, k, random);
    std::vector<double> s(k);
    for (size_t c = 0; c < k; ++c)
      s[c] = 5 * std::pow(10, -2.4 * static_cast<double>(c) / static_cast<double>(k));
    std::vector<float> x = product(u, s, v, n_row, n_column), scratch;
    orthogonalise(x.data(), n_row, n_column, scratch);
    for (size_t c = 0; c < k; ++c)
      EXPECT_NEAR(along(x, u, v, c, k, n_row, n_column), 1, 0.02) << "value " << s[c];
    // Nothing may be added outside the pairs: the squares of X sum to those of its values.
    double squares = 0;
    for (const float value : x) squares += static_cast<double>(value) * static_cast<double>(value);
    EXPECT_NEAR(squares, static_cast<double>(k), 0.02 * static_cast<double>(k));
  }
}

TEST(Orthogonalise, ZeroStaysZero) {
  std::vector<float> x(12), scratch;
  orthogonalise(x.data(), 3, 4, scratch);
  EXPECT_EQ(x, std::vector<float>(12));
}

TEST(Adam, FirstStepsAreAsWorkedOutByHand) {
  // g = 2 then -1, betas 0.9 and 0.95: m = 0.2, 0.08; v = 0.2, 0.24; corrected m = 2, 0.08 / 0.19;
  // corrected v = 4, 0.24 / 0.0975.
  const OptimizerOptions options;
  float w = 3, first = 0, second = 0;
  const float g1 = 2, g2 = -1;
  adam_update(&w, &first, &second, &g1, 1, 1, 0.1, 0.5, options);
  const double w1 = 3 * (1 - 0.1 * 0.5) - 0.1 * 2 / std::sqrt(4);
  EXPECT_NEAR(w, w1, 1e-6);
  adam_update(&w, &first, &second, &g2, 1, 2, 0.1, 0.5, options);
  const double w2 = w1 * (1 - 0.1 * 0.5) - 0.1 * (0.08 / 0.19) / std::sqrt(0.24 / 0.0975);
  EXPECT_NEAR(w, w2, 1e-6);
}

class OptimizerStep : public testing::Test {
 protected:
  OptimizerStep()
      : config(test_config()), table(config), weights(table.size()), gradients(table.size()) {
    Random random(5);
    table.initialise(weights, random);
    for (float& g : gradients) g = static_cast<float>(random.normal());
    before = weights;
  }

  std::vector<float> matrix(const std::vector<float>& from, const Parameter& p, size_t m) const {
    const auto at = from.begin() + static_cast<ptrdiff_t>(p.offset + m * p.stride);
    return {at, at + static_cast<ptrdiff_t>(p.n_row * p.n_column)};
  }

  model::Config config;
  ParameterTable table;
  std::vector<float> weights, gradients, before;
};

TEST_F(OptimizerStep, MovesEachMatrixAlongItsOrthogonalFactor) {
  Optimizer optimizer(table, {});
  optimizer.step(weights, gradients, 0.01, {.trunk = true, .n_mtp = 3}, 1);
  std::vector<float> scratch;
  for (const char* name : {"blk.1.attn_k.weight", "blk.1.ffn_down_exps.weight"}) {
    const Parameter& p = *table.find(name);
    for (size_t m = 0; m < p.n_matrix; ++m) {
      std::vector<float> factor = matrix(gradients, p, m);
      orthogonalise(factor.data(), p.n_row, p.n_column, scratch);
      const auto was = matrix(before, p, m), is = matrix(weights, p, m);
      const double size =
          0.01 * 0.2 * std::sqrt(static_cast<double>(std::max(p.n_row, p.n_column)));
      for (size_t i = 0; i < is.size(); ++i)
        ASSERT_NEAR(
            is[i],
            static_cast<double>(was[i]) * (1 - 0.01 * 0.1) - size * static_cast<double>(factor[i]),
            1e-6)
            << name;
    }
  }
}

TEST_F(OptimizerStep, SecondMuonStepUsesNesterovMomentum) {
  Optimizer optimizer(table, {.decay = 0});
  optimizer.step(weights, gradients, 0.01, {}, 1);
  const std::vector<float> middle = weights;
  std::vector<float> other(gradients.rbegin(), gradients.rend());
  optimizer.step(weights, other, 0.01, {}, 1);
  const Parameter& p = *table.find("blk.2.attn_v.weight");
  const auto g1 = matrix(gradients, p, 0), g2 = matrix(other, p, 0);
  std::vector<float> u(g1.size()), scratch;
  for (size_t i = 0; i < u.size(); ++i) u[i] = g2[i] + 0.95F * (0.95F * g1[i] + g2[i]);
  orthogonalise(u.data(), p.n_row, p.n_column, scratch);
  const auto was = matrix(middle, p, 0), is = matrix(weights, p, 0);
  const double size = 0.01 * 0.2 * std::sqrt(static_cast<double>(std::max(p.n_row, p.n_column)));
  for (size_t i = 0; i < is.size(); ++i)
    ASSERT_NEAR(is[i], static_cast<double>(was[i]) - size * static_cast<double>(u[i]), 1e-5);
}

TEST_F(OptimizerStep, DoesNotDependOnThreads) {
  std::vector<float> other = weights;
  Optimizer one(table, {}), three(table, {});
  for (int step = 0; step < 2; ++step) {
    one.step(weights, gradients, 0.01, {.trunk = true, .n_mtp = 3}, 1);
    three.step(other, gradients, 0.01, {.trunk = true, .n_mtp = 3}, 3);
  }
  EXPECT_EQ(weights, other);
}

TEST_F(OptimizerStep, LeavesBiasesAndWhatDoesNotLearnAlone) {
  Optimizer optimizer(table, {});
  optimizer.step(weights, gradients, 0.01, {.trunk = false, .n_mtp = 2}, 1);
  for (const Parameter& p : table.entries()) {
    const bool moved = matrix(weights, p, 0) != matrix(before, p, 0);
    EXPECT_EQ(moved, p.mtp_head == 0 || p.mtp_head == 1) << p.name;
  }
  optimizer.step(weights, gradients, 0.01, {.trunk = true, .n_mtp = 0}, 1);
  for (const Parameter& p : table.entries()) {
    if (p.mtp_head >= 0) continue;
    EXPECT_EQ(matrix(weights, p, 0) != matrix(before, p, 0), p.rule != Rule::balance) << p.name;
  }
}

TEST_F(OptimizerStep, CopiesAHeadWithItsState) {
  Optimizer optimizer(table, {});
  optimizer.step(weights, gradients, 0.01, {.trunk = true, .n_mtp = 1}, 1);
  table.copy_head(weights, 0, 2);
  optimizer.copy_head(0, 2);
  table.copy_head(gradients, 0, 2);
  optimizer.step(weights, gradients, 0.01, {.trunk = false, .n_mtp = 3}, 1);
  const Parameter& from = *table.find("blk.5.nextn.shared_head_head.weight");
  const Parameter& to = *table.find("blk.7.nextn.shared_head_head.weight");
  EXPECT_EQ(matrix(weights, from, 0), matrix(weights, to, 0));
}

TEST_F(OptimizerStep, GradientNormSumsWhatLearns) {
  std::fill(gradients.begin(), gradients.end(), 0.0F);
  gradients[table.at("output_norm.weight")] = 3;
  gradients[table.find("blk.1.ffn_up_exps.weight")->offset] = 4;
  gradients[table.at("blk.5.nextn.enorm.weight")] = 12;
  gradients[table.at("blk.1.exp_probs_b.bias")] = 100;
  EXPECT_DOUBLE_EQ(gradient_norm(table, gradients, {}), 5);
  EXPECT_DOUBLE_EQ(gradient_norm(table, gradients, {.trunk = true, .n_mtp = 1}), 13);
  gradients[0] = NAN;
  EXPECT_TRUE(std::isnan(gradient_norm(table, gradients, {})));
}

}  // namespace
}  // namespace stride::train
