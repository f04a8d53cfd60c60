// SPDX-License-Identifier: Apache-2.0
#include "decode/penalties.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <limits>
#include <map>

#include "base/random.h"

namespace stride::decode {
namespace {

TEST(Bias, AddsAndRulesOut) {
  std::vector<float> logits{1, 2, 3};
  const float ban = -std::numeric_limits<float>::infinity();
  add_bias(logits, std::vector<TokenBias>{{0, 2.5F}, {2, ban}, {0, 1}});
  EXPECT_EQ(logits, (std::vector<float>{4.5F, 2, ban}));
}

TEST(Repetition, FollowsItsDefinition) {
  std::vector<float> logits{2, -2, 1, 0};
  penalise_repetition(logits, std::vector<Token>{1, 0, 1, 1, 77, -3},
                      {.repetition = 2, .frequency = 0.5, .presence = 0.25});
  EXPECT_FLOAT_EQ(logits[0], 1 - 0.5F - 0.25F);
  EXPECT_FLOAT_EQ(logits[1], -4 - 1.5F - 0.25F);
  EXPECT_FLOAT_EQ(logits[2], 1);
  EXPECT_FLOAT_EQ(logits[3], 0);
}

// The definition: for every earlier position, count how far back the text before it equals the
// text's end.
std::map<Token, uint32_t> plain_dry(const std::vector<Token>& text, uint32_t allowed,
                                    const std::unordered_set<Token>& breakers) {
  std::map<Token, uint32_t> longest;
  for (size_t i = 1; i < text.size(); ++i) {  // the token text[i] followed an earlier copy
    uint32_t n = 0;
    while (n < i && text[i - 1 - n] == text[text.size() - 1 - n] &&
           !breakers.contains(text[i - 1 - n]))
      ++n;
    if (n >= allowed && !breakers.contains(text[i]))
      longest[text[i]] = std::max(longest[text[i]], n);
  }
  return longest;
}

TEST(Dry, EqualsThePlainDefinition) {
  Random random(21);
  for (int round = 0; round < 500; ++round) {
    const uint64_t alphabet = 2 + random.below(6);
    std::vector<Token> text(random.below(80));
    for (Token& t : text) t = static_cast<Token>(random.below(alphabet));
    std::unordered_set<Token> breakers;
    if (random.below(2) == 0) breakers.insert(static_cast<Token>(random.below(alphabet)));
    const DryPenalty penalty{.multiplier = 0.8,
                             .base = 1.5,
                             .allowed_length = static_cast<uint32_t>(1 + random.below(4))};
    std::vector<float> logits(alphabet, 0);
    penalise_dry(logits, text, penalty, breakers);
    std::vector<float> expected(alphabet, 0);
    for (const auto& [id, n] : plain_dry(text, penalty.allowed_length, breakers))
      expected[id] = -static_cast<float>(0.8 * std::pow(1.5, n - penalty.allowed_length));
    ASSERT_EQ(logits, expected) << "round " << round;
  }
}

TEST(Dry, LongRepetitionsStayFinite) {
  std::vector<float> logits(4, 0);
  penalise_dry(logits, std::vector<Token>(5000, 1), {.multiplier = 100, .base = 100}, {});
  EXPECT_EQ(logits[1], -1e6F);
  EXPECT_EQ(logits[0], 0);
}

TEST(Dry, IsLinearOnPeriodicText) {
  // Counting each repetition separately would take 3 * 10^9 steps here.
  std::vector<Token> text(100'000);
  for (size_t i = 0; i < text.size(); ++i) text[i] = i % 2;
  std::vector<float> logits(4, 0);
  const auto start = std::chrono::steady_clock::now();
  penalise_dry(logits, text, {.multiplier = 1}, {});
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
  EXPECT_LT(logits[0], 0);
  EXPECT_EQ(logits[1], 0);
}

TEST(Dry, IgnoresTokensOutsideTheVocabulary) {
  std::vector<float> logits(2, 0);
  penalise_dry(logits, std::vector<Token>{9, 9, 9, -4, -4, -4}, {.multiplier = 1}, {});
  EXPECT_EQ(logits, (std::vector<float>{0, 0}));
}

}  // namespace
}  // namespace stride::decode
