// SPDX-License-Identifier: Apache-2.0
#include "decode/sampler.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace stride::decode {
namespace {

std::vector<float> random_row(Random& random, size_t n) {
  std::vector<float> row(n);
  for (float& x : row) x = static_cast<float>(3 * random.normal());
  return row;
}

std::vector<Token> sample_many(Sampler& sampler, int n) {
  Random random(99);
  std::vector<Token> history{1, 2, 3};
  for (int i = 0; i < n; ++i) {
    const auto token = sampler.sample(random_row(random, 500), history);
    EXPECT_TRUE(token);
    history.push_back(*token);
  }
  return history;
}

TEST(Sampler, GreedyTakesTheLowestOfTheLargest) {
  auto sampler = Sampler::make({.temperature = 0}, 5);
  ASSERT_TRUE(sampler);
  EXPECT_EQ(sampler->sample(std::vector<float>{1, 3, 2, 3, 3}, {}).value_or(-1), 1);
  EXPECT_EQ(sampler->sample(std::vector<float>{-0.0F, 0.0F, -1, 0, 0}, {}).value_or(-1), 0);
}

// Eight tokens may recur; what would be the ninth loses.
TEST(Sampler, RepetitionIsDiscouragedOnDemand) {
  std::vector<Token> history;
  for (int i = 0; i < 3; ++i)
    for (Token t = 0; t < 10; ++t) history.push_back(t);
  std::vector<float> row(50, 0);
  row[0] = 5;
  row[20] = 4;
  auto sampler = Sampler::make({.temperature = 0}, 50);
  ASSERT_TRUE(sampler);
  EXPECT_EQ(sampler->sample(row, history).value_or(-1), 0);
  EXPECT_EQ(sampler->sample(row, history, Repetition::discouraged).value_or(-1), 20);
  const std::vector<Token> fresh{0, 1, 2, 3, 4, 5, 6, 9, 1, 2, 3, 4, 5, 6};
  row[9] = 6;
  EXPECT_EQ(sampler->sample(row, fresh, Repetition::discouraged).value_or(-1), 9);
}

TEST(Sampler, BadLogitsAreErrorsInBothModes) {
  for (const double temperature : {0.0, 1.0}) {
    auto sampler = Sampler::make({.temperature = temperature}, 3);
    ASSERT_TRUE(sampler);
    const float nan = std::numeric_limits<float>::quiet_NaN();
    const float inf = std::numeric_limits<float>::infinity();
    EXPECT_FALSE(sampler->sample(std::vector<float>{1, nan, 2}, {}));
    EXPECT_FALSE(sampler->sample(std::vector<float>{1, inf, 2}, {}));
    EXPECT_FALSE(sampler->sample(std::vector<float>{-inf, -inf, -inf}, {}));
  }
}

TEST(Sampler, SameSeedSameTokens) {
  const SamplingOptions options{.temperature = 0.9, .top_p = 0.95, .min_p = 0.01, .seed = 42};
  auto a = Sampler::make(options, 500);
  auto b = Sampler::make(options, 500);
  auto other = Sampler::make({.temperature = 0.9, .seed = 43}, 500);
  const auto expected = sample_many(*a, 200);
  EXPECT_EQ(sample_many(*b, 200), expected);
  EXPECT_NE(sample_many(*other, 200), expected);
}

TEST(Sampler, ContinuesFromASavedState) {
  auto sampler = Sampler::make({.seed = 1}, 500);
  sample_many(*sampler, 10);
  const Random::State state = sampler->random_state();
  const auto expected = sample_many(*sampler, 50);
  sampler->restore_random(state);
  EXPECT_EQ(sample_many(*sampler, 50), expected);
}

TEST(Sampler, BiasAndPenaltiesApplyToGreedyToo) {
  SamplingOptions options{.temperature = 0};
  options.bias = {{0, -5}};
  auto biased = Sampler::make(options, 3);
  EXPECT_EQ(biased->sample(std::vector<float>{3, 2, 1}, {}).value_or(-1), 1);
  options.penalties.presence = 2;
  options.penalty_window = 2;
  auto penalised = Sampler::make(options, 3);
  EXPECT_EQ(penalised->sample(std::vector<float>{3, 2, 1}, std::vector<Token>{1, 0}).value_or(-1),
            2);
  // Out of the window.
  EXPECT_EQ(
      penalised->sample(std::vector<float>{3, 2, 1}, std::vector<Token>{1, 0, 0}).value_or(-1), 1);
}

TEST(Sampler, TinyTemperatureIsNearlyGreedy) {
  auto sampler = Sampler::make({.temperature = 1e-6}, 500);
  Random random(4);
  for (int i = 0; i < 50; ++i) {
    const auto row = random_row(random, 500);
    EXPECT_EQ(sampler->sample(row, {}).value_or(-1), argmax(row).value_or(-2));
  }
}

TEST(Logprobs, AreTheLogSoftmax) {
  const std::vector<float> row{1, 3, 3, -2, std::log(2.0F)};
  double total = 0;
  for (const float x : row) total += std::exp(double{x});
  const auto logprobs = log_probabilities(row, 4, 3);
  ASSERT_TRUE(logprobs);
  EXPECT_EQ(logprobs->chosen.id, 4);
  EXPECT_NEAR(logprobs->chosen.logprob, std::log(2 / total), 1e-6);
  ASSERT_EQ(logprobs->top.size(), 3U);
  EXPECT_EQ(logprobs->top[0].id, 1);
  EXPECT_EQ(logprobs->top[1].id, 2);
  EXPECT_EQ(logprobs->top[2].id, 0);
  EXPECT_NEAR(logprobs->top[2].logprob, 1 - std::log(total), 1e-6);
  EXPECT_EQ(log_probabilities(row, 0, 100)->top.size(), row.size());
}

}  // namespace
}  // namespace stride::decode
