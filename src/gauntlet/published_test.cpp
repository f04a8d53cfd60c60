// SPDX-License-Identifier: Apache-2.0
#include "gauntlet/published.h"

#include <gtest/gtest.h>

namespace stride::gauntlet {
namespace {

double average(double PublishedTest::* column) {
  double sum = 0;
  for (const PublishedTest& test : published_tests()) sum += test.*column;
  return sum / kPublishedTests;
}

TEST(Published, FloorAndMaximumAreThoseOfTheTests) {
  EXPECT_NEAR(average(&PublishedTest::empty), kPublishedFloor, 0.001);
  EXPECT_NEAR(average(&PublishedTest::max), kPublishedMax, 0.001);
}

TEST(Published, ConstantsAreTheSameForEveryAnswer) {
  int n = 0;
  for (const PublishedTest& test : published_tests()) {
    n += test.constant ? 1 : 0;
    if (test.constant) {
      EXPECT_EQ(test.empty, test.max) << test.id;
      EXPECT_LT(test.max, test.pass) << test.id;  // so they can never pass
    }
  }
  EXPECT_EQ(n, 6);
}

TEST(Published, AveragesAndPassesAreThosePrinted) {
  const auto check = [](std::string_view id, double printed, size_t passes) {
    const PublishedModel* model = find_published(id);
    ASSERT_NE(model, nullptr) << id;
    EXPECT_NEAR(published_average(*model), printed, 0.001) << id;
    EXPECT_EQ(published_passes(*model), passes) << id;
  };
  check("step-3.7-flash", .482, 3);
  check("kimi-k2.6", .578, 5);
  check("gemma-4-26b", .645, 7);
  check("gpt-5.5", .635, 8);
  check("qwen3.7-max", .659, 8);
  check("gemini-2.5-pro", .662, 7);
  check("nex-n2-pro", .616, 7);
  check("gemma-4-31b", .573, 12);
  check("minimax-m3@0618", .568, 5);
  EXPECT_EQ(find_published("nobody"), nullptr);
  EXPECT_EQ(published_models().size(), 21);
}

// The public evaluator gives the six constant tests 0.5 and nothing else.
TEST(Published, OnlyTheFlaggedColumnHasValuesTheEvaluatorCannotGive) {
  for (const PublishedModel& model : published_models()) {
    bool possible = true;
    for (size_t i = 0; i < kPublishedTests; ++i)
      if (published_tests()[i].constant && model.scores[i])
        possible = possible && *model.scores[i] == published_tests()[i].empty;
    EXPECT_EQ(possible, !model.other_evaluator) << model.id;
  }
}

TEST(Published, InventedTimesAreATenth) {
  for (const PublishedTimes& times : times_of_step_post())
    EXPECT_TRUE(is_invented_ttft(times.ttft_s, times.total_s));
  EXPECT_FALSE(is_invented_ttft(11.4, 13.0));
}

}  // namespace
}  // namespace stride::gauntlet
