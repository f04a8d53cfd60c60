// SPDX-License-Identifier: Apache-2.0
#include "engine/divergence.h"

#include <gtest/gtest.h>

#include <cmath>

namespace stride::engine {
namespace {

std::vector<float> logits_of(std::initializer_list<double> probabilities, double shift = 0) {
  std::vector<float> out;
  for (const double p : probabilities) out.push_back(static_cast<float>(std::log(p) + shift));
  return out;
}

TEST(Divergence, IsThatOfTheDefinition) {
  const auto p = logits_of({0.5, 0.25, 0.25}), q = logits_of({0.25, 0.5, 0.25}, 17);
  EXPECT_NEAR(kl_divergence(p, q), 0.25 * std::log(2.0), 1e-6);
  EXPECT_NEAR(kl_divergence(logits_of({0.9, 0.1}), logits_of({0.5, 0.5})),
              0.9 * std::log(1.8) + 0.1 * std::log(0.2), 1e-6);
  // The other way round it is another number.
  EXPECT_NEAR(kl_divergence(logits_of({0.5, 0.5}), logits_of({0.9, 0.1})),
              0.5 * std::log(5.0 / 9) + 0.5 * std::log(5.0), 1e-6);
}

TEST(Divergence, IsZeroForTheSameDistribution) {
  const auto p = logits_of({0.3, 0.3, 0.4});
  EXPECT_EQ(kl_divergence(p, p), 0);
  EXPECT_NEAR(kl_divergence(p, logits_of({0.3, 0.3, 0.4}, -80)), 0, 1e-6);
}

TEST(Divergence, TokensThatTheBaseRulesOutDoNotCount) {
  const float never = -INFINITY;
  EXPECT_NEAR(kl_divergence(std::vector{0.0F, never}, std::vector{0.0F, 0.0F}), std::log(2.0),
              1e-9);
  EXPECT_EQ(kl_divergence(std::vector{0.0F, never}, std::vector{0.0F, never}), 0);
  EXPECT_EQ(kl_divergence(std::vector{0.0F, 0.0F}, std::vector{0.0F, never}), INFINITY);
}

TEST(Divergence, SumsLargeLogitsWithoutOverflow) {
  EXPECT_NEAR(log_sum_exp(std::vector{1000.0F, 1000.0F}), 1000 + std::log(2.0), 1e-9);
}

// Row i of 200 has the divergence log(1 + i / 100): the base is sure of one token.
TEST(Divergence, MeterTellsMeanTailAndAgreement) {
  DivergenceMeter meter;
  double sum = 0, squares = 0;
  constexpr int kRows = 200;
  for (int i = 0; i < kRows; ++i) {
    const int shuffled = i * 37 % kRows;
    const double odds = shuffled / 100.0;  // from 1 on, the other model prefers another token
    meter.add(std::vector{0.0F, -INFINITY}, std::vector{0.0F, static_cast<float>(std::log(odds))});
    sum += std::log1p(odds);
    squares += std::log1p(odds) * std::log1p(odds);
  }
  const Divergence got = meter.result();
  const double mean = sum / kRows;
  EXPECT_EQ(got.n_row, 200U);
  EXPECT_NEAR(got.mean, mean, 1e-6);
  EXPECT_NEAR(got.error, std::sqrt((squares - kRows * mean * mean) / (kRows - 1) / kRows), 1e-6);
  EXPECT_NEAR(got.p99, std::log1p(1.97), 1e-6);
  EXPECT_NEAR(got.largest, std::log1p(1.99), 1e-6);
  EXPECT_NEAR(got.same_best, 101.0 / 200, 1e-9);  // equal logits: the first is preferred
}

TEST(Divergence, NothingIsNothing) {
  EXPECT_EQ(DivergenceMeter().result().n_row, 0U);
}

}  // namespace
}  // namespace stride::engine
