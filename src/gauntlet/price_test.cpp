// SPDX-License-Identifier: Apache-2.0
#include "gauntlet/price.h"

#include <gtest/gtest.h>

namespace stride::gauntlet {
namespace {

TEST(Prices, ReadsTwoOrThree) {
  const auto two = parse_prices("0.1,0.3");
  ASSERT_TRUE(two);
  EXPECT_EQ(two->cached, 0.1);
  EXPECT_EQ(two->output, 0.3);
  EXPECT_EQ(parse_prices("1,0.5,2")->cached, 0.5);
  for (const char* bad : {"", "1", "1,2,3,4", "1,x", "-1,2", "nan,1", "1,,2", "1,2,"})
    EXPECT_FALSE(parse_prices(bad)) << bad;
}

TEST(Prices, CostOfTokens) {
  const TokenUsage usage{.input = 1'000'000, .cached = 400'000, .output = 500'000};
  EXPECT_FALSE(cost_of(usage, std::nullopt));
  EXPECT_DOUBLE_EQ(*cost_of(usage, Prices{1, 0.5, 2}), 0.6 + 0.2 + 1);
  // A lie about the cached tokens makes no negative cost.
  EXPECT_DOUBLE_EQ(*cost_of({.input = 10, .cached = 99}, Prices{1, 1, 1}), 1e-5);
  EXPECT_FALSE(cost_of({}, Prices{1, 1, 1}));
  EXPECT_EQ(cost_of({.output = 5, .cost_usd = 0.7}, Prices{1, 1, 1}), 0.7);
}

TEST(Prices, PartOfTheReasoning) {
  const TokenUsage usage{.input = 1'000'000, .output = 500'000, .reasoning = 250'000};
  EXPECT_DOUBLE_EQ(reasoning_cost(usage, Prices{1, 1, 2}, 2), 0.5);
  EXPECT_DOUBLE_EQ(reasoning_cost({.output = 10, .reasoning = 5, .cost_usd = 1}, {}, 1), 0.5);
  EXPECT_EQ(reasoning_cost({.output = 10}, {}, 1), 0);
}

}  // namespace
}  // namespace stride::gauntlet
