// SPDX-License-Identifier: Apache-2.0
#include "base/random.h"

#include <gtest/gtest.h>

#include <vector>

namespace stride {
namespace {

TEST(Random, SameSeedSameNumbers) {
  Random a(7), b(7), c(8);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(a.next(), b.next());
  EXPECT_NE(a.next(), c.next());
}

TEST(Random, ContinuesFromState) {
  Random a(1);
  for (int i = 0; i < 10; ++i) a.next();
  Random b(a.state());
  EXPECT_EQ(a.next(), b.next());
}

TEST(Random, BelowCoversItsRangeEvenly) {
  Random random(3);
  std::vector<int> counts(10);
  for (int i = 0; i < 100'000; ++i) ++counts[random.below(10)];
  for (const int n : counts) EXPECT_NEAR(n, 10'000, 500);
}

TEST(Random, NormalHasUnitVariance) {
  Random random(5);
  double sum = 0, squares = 0;
  constexpr int kSamples = 200'000;
  for (int i = 0; i < kSamples; ++i) {
    const double x = random.normal();
    sum += x;
    squares += x * x;
  }
  EXPECT_NEAR(sum / kSamples, 0, 0.02);
  EXPECT_NEAR(squares / kSamples, 1, 0.02);
}

}  // namespace
}  // namespace stride
