// SPDX-License-Identifier: Apache-2.0
#include "engine/perplexity.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/random.h"
#include "decode/testing/scripted_model.h"

namespace stride::engine {
namespace {

using decode::testing::LogitScript;
using decode::testing::ScriptedModel;

constexpr uint32_t kVocab = 7;

// Logits that depend on the last two tokens and on how many there are.
std::vector<float> logits_of(std::span<const Token> tokens) {
  std::vector<float> out(kVocab);
  const size_t n = tokens.size();
  const Token before = n > 1 ? tokens[n - 2] : 0;
  for (size_t i = 0; i < kVocab; ++i)
    out[i] = static_cast<float>(
        std::sin(double(tokens.back()) * 3 + double(before) + double(i) * 2 + double(n) * 0.1));
  return out;
}

double nll(std::span<const Token> before, Token next) {
  double total = 0;
  const auto logits = logits_of(before);
  for (const float x : logits) total += std::exp(double{x});
  return std::log(total) - logits[next];
}

std::vector<Token> random_text(size_t n) {
  Random random(8);
  std::vector<Token> out(n);
  for (Token& t : out) t = static_cast<Token>(random.below(kVocab));
  return out;
}

struct Expected {
  double mean = 0, error = 0;
  uint64_t n = 0;
};

Expected statistics(const std::vector<double>& x) {
  Expected out;
  out.n = x.size();
  for (const double v : x) out.mean += v / static_cast<double>(x.size());
  double squares = 0;
  for (const double v : x) squares += (v - out.mean) * (v - out.mean);
  out.error =
      std::sqrt(squares / static_cast<double>(x.size() - 1) / static_cast<double>(x.size()));
  return out;
}

PerplexityResult run(const std::vector<Token>& text, const PerplexityOptions& options) {
  ScriptedModel model(kVocab, 4, LogitScript(logits_of));
  const auto result = perplexity(model, text, options, {}, {});
  EXPECT_TRUE(result) << result.error().message;
  return result.value_or(PerplexityResult{});
}

void expect_equal(const PerplexityResult& got, const std::vector<double>& scores) {
  const Expected expected = statistics(scores);
  EXPECT_EQ(got.n_scored, expected.n);
  EXPECT_NEAR(got.mean_nll, expected.mean, 1e-6);
  EXPECT_NEAR(got.nll_error, expected.error, 1e-6);
  EXPECT_NEAR(got.perplexity, std::exp(expected.mean), 1e-5);
  EXPECT_NEAR(got.error, std::exp(expected.mean) * expected.error, 1e-5);
}

TEST(Perplexity, ScoresTheSecondHalfOfEachWindow) {
  const auto text = random_text(107);
  for (const uint32_t chunk : {1U, 3U, 512U}) {
    std::vector<double> scores;
    for (size_t begin = 0; begin + 20 <= text.size(); begin += 20)
      for (size_t i = 10; i < 20; ++i)
        scores.push_back(nll(std::span(text).subspan(begin, i), text[begin + i]));
    expect_equal(run(text, {.window = 20, .chunk = chunk}), scores);
  }
}

TEST(Perplexity, SlidesByTheStride) {
  const auto text = random_text(50);
  std::vector<double> scores;
  for (size_t begin = 0; begin + 20 <= text.size(); begin += 6)
    for (size_t i = begin == 0 ? 1 : 14; i < 20; ++i)
      scores.push_back(nll(std::span(text).subspan(begin, i), text[begin + i]));
  expect_equal(run(text, {.window = 20, .stride = 6}), scores);
}

TEST(Perplexity, BosTakesTheFirstPlaceOfEachWindow) {
  const auto text = random_text(40);
  std::vector<double> scores;
  for (size_t begin = 0; begin < 40; begin += 20) {
    std::vector<Token> window(text.begin() + begin, text.begin() + begin + 20);
    window[0] = 6;
    for (size_t i = 10; i < 20; ++i) scores.push_back(nll(std::span(window).first(i), window[i]));
  }
  expect_equal(run(text, {.window = 20, .bos = 6}), scores);
}

// A model of which every logit is half of the base's.
TEST(Perplexity, ComparesWithABaseOnTheScoredRows) {
  const auto halved = [](std::span<const Token> tokens) {
    auto out = logits_of(tokens);
    for (float& x : out) x /= 2;
    return out;
  };
  ScriptedModel model(kVocab, 4, LogitScript(halved)), base(kVocab, 4, LogitScript(logits_of));
  const auto text = random_text(50);
  DivergenceMeter expected;
  for (size_t begin = 0; begin + 20 <= text.size(); begin += 20)
    for (size_t i = 10; i < 20; ++i) {
      const auto before = std::span(text).subspan(begin, i);
      expected.add(logits_of(before), halved(before));
    }
  const auto got = perplexity(model, text, {.window = 20, .chunk = 7, .base = &base}, {}, {});
  ASSERT_TRUE(got) << got.error().message;
  ASSERT_TRUE(got->divergence);
  EXPECT_EQ(got->divergence->n_row, 20U);
  EXPECT_GT(got->divergence->mean, 0.01);
  EXPECT_EQ(got->divergence->mean, expected.result().mean);
  EXPECT_EQ(got->divergence->p99, expected.result().p99);
  EXPECT_EQ(got->divergence->same_best, 1);
  EXPECT_EQ(got->perplexity, perplexity(model, text, {.window = 20}, {}, {})->perplexity);

  ScriptedModel other(kVocab + 1, 4, LogitScript(logits_of));
  EXPECT_FALSE(perplexity(model, text, {.window = 20, .base = &other}, {}, {}));
}

TEST(Perplexity, AShortTextIsOneWindow) {
  const auto text = random_text(9);
  std::vector<double> scores;
  for (size_t i = 1; i < 9; ++i) scores.push_back(nll(std::span(text).first(i), text[i]));
  expect_equal(run(text, {.window = 20}), scores);
}

TEST(Perplexity, RefusesWhatCannotBeScored) {
  ScriptedModel model(kVocab, 4, LogitScript(logits_of));
  const auto text = random_text(30);
  EXPECT_FALSE(perplexity(model, {}, {}, {}, {}));
  EXPECT_FALSE(perplexity(model, std::span(text).first(1), {}, {}, {}));
  EXPECT_FALSE(perplexity(model, text, {.window = 1}, {}, {}));
  EXPECT_FALSE(perplexity(model, text, {.window = 20, .stride = 0}, {}, {}));
  EXPECT_FALSE(perplexity(model, text, {.window = 20, .stride = 20}, {}, {}));
  EXPECT_FALSE(perplexity(model, std::vector<Token>{1, 2, 99, 3}, {.window = 4}, {}, {}));
}

TEST(Perplexity, ReportsEachWindowAndStops) {
  ScriptedModel model(kVocab, 4, LogitScript(logits_of));
  std::stop_source stop;
  std::vector<uint32_t> windows;
  const auto note = [&](const PerplexityResult& r) {
    windows.push_back(r.n_window);
    EXPECT_EQ(r.n_windows, 10U);
    if (r.n_window == 3) stop.request_stop();
  };
  const auto result = perplexity(model, random_text(100), {.window = 10}, note, stop.get_token());
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Errc::cancelled);
  EXPECT_EQ(windows, (std::vector<uint32_t>{1, 2, 3}));
}

}  // namespace
}  // namespace stride::engine
