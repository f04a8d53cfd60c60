// SPDX-License-Identifier: Apache-2.0
#include "decode/loop_detector.h"

#include <gtest/gtest.h>

#include <functional>
#include <optional>

#include "base/random.h"

namespace stride::decode {
namespace {

// How many tokens pass before a loop is seen; none if it is not seen within n.
std::optional<uint32_t> detects(uint32_t n, const std::function<Token(uint32_t)>& text) {
  LoopDetector detector;
  for (uint32_t i = 0; i < n; ++i) {
    if (detector.add(text(i)) == LoopDetector::Sign::loop) return i + 1;
  }
  return std::nullopt;
}

TEST(LoopDetector, FindsExactRepetitionOfAnyPeriod) {
  for (uint32_t period = 1; period <= LoopDetector::kMaxPeriod; ++period) {
    const auto at = detects(3000, [&](uint32_t i) { return static_cast<Token>(i % period); });
    ASSERT_TRUE(at) << period;
    EXPECT_LE(*at, period + std::max(LoopDetector::kMinRun, LoopDetector::kCopies * period));
  }
}

TEST(LoopDetector, FindsALoopAfterALongText) {
  Random random(1);
  const auto at = detects(9000, [&](uint32_t i) {
    return i < 5000 ? static_cast<Token>(random.below(1000)) : static_cast<Token>(i % 40);
  });
  ASSERT_TRUE(at);
  EXPECT_GT(*at, 5000U);
  EXPECT_LT(*at, 5300U);
}

TEST(LoopDetector, FindsSentencesThatRecurWithSmallChanges) {
  // 30 tokens, of which one changes every time.
  Random random(2);
  const auto at = detects(6000, [&](uint32_t i) {
    return i % 30 == 7 ? static_cast<Token>(500 + random.below(1000)) : static_cast<Token>(i % 30);
  });
  EXPECT_FALSE(at) << "one word in thirty is new: a list or a table";
  const auto worse = detects(6000, [&](uint32_t i) {
    return i % 90 == 7 ? static_cast<Token>(500 + random.below(1000)) : static_cast<Token>(i % 90);
  });
  EXPECT_TRUE(worse);
}

TEST(LoopDetector, LeavesOrdinaryTextAlone) {
  Random random(3);
  // Zipf-like words of a small vocabulary.
  EXPECT_FALSE(
      detects(50'000, [&](uint32_t) { return static_cast<Token>(1 / (1e-3 + random.uniform())); }));
  // A table: the same 12 separators in each row, four fresh numbers.
  EXPECT_FALSE(detects(20'000, [&](uint32_t i) {
    return i % 4 == 0 ? static_cast<Token>(100 + random.below(1000)) : static_cast<Token>(i % 16);
  }));
  // Counting.
  EXPECT_FALSE(
      detects(20'000, [&](uint32_t i) { return i % 2 == 0 ? static_cast<Token>(i) : Token{5}; }));
  // A ruler of 150 equal tokens.
  EXPECT_FALSE(detects(5000, [&](uint32_t i) {
    return i % 1000 < 150 ? Token{9} : static_cast<Token>(random.below(5000));
  }));
}

TEST(LoopDetector, ResetForgets) {
  LoopDetector detector;
  for (int i = 0; i < 150; ++i) EXPECT_NE(detector.add(1), LoopDetector::Sign::loop);
  detector.reset();
  for (int i = 0; i < 150; ++i) EXPECT_NE(detector.add(1), LoopDetector::Sign::loop);
}

TEST(LoopDetector, GivesAnEarlySign) {
  for (const uint32_t period : {1U, 30U, 100U}) {
    LoopDetector detector;
    const uint32_t least = std::max(LoopDetector::kMinRun, LoopDetector::kCopies * period);
    for (uint32_t i = 0; i < period + least; ++i) {
      const auto sign = detector.add(static_cast<Token>(i % period));
      const uint32_t n_equal = i + 1 - std::min(i + 1, period);
      ASSERT_EQ(sign, n_equal >= least       ? LoopDetector::Sign::loop
                      : n_equal >= least / 2 ? LoopDetector::Sign::early
                                             : LoopDetector::Sign::none)
          << i << " of period " << period;
    }
  }
}

}  // namespace
}  // namespace stride::decode
