// SPDX-License-Identifier: Apache-2.0
#include "engine/step_pace.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace stride::engine {
namespace {

TEST(StepPace, AloneAPromptTakesAllTheRows) {
  EXPECT_EQ(StepPace().prompt_rows(0, 1.6, 512), 512U);
}

TEST(StepPace, BeginsCarefully) {
  EXPECT_EQ(StepPace().prompt_rows(4, 1.6, 512), 1U);
  EXPECT_EQ(StepPace().prompt_rows(4, 1.6, 0), 0U);
}

// Steps of answers take 10 ms, rows of prompts 0.1 ms each: 1.5 times as long is 50 rows.
TEST(StepPace, FindsTheRowsThatFit) {
  StepPace pace;
  for (int i = 0; i < 200; ++i) {
    pace.saw(4, 0, 0.010);
    const uint32_t n = pace.prompt_rows(4, 1.5, 512);
    pace.saw(4, n, 0.010 + n * 0.0001);
  }
  EXPECT_NEAR(pace.prompt_rows(4, 1.5, 512), 50, 1);
  EXPECT_NEAR(pace.prompt_rows(8, 1.5, 512), 50, 1);  // as many as for the next smaller number
  EXPECT_EQ(pace.prompt_rows(4, 1.5, 20), 20U);
}

// Answers become longer while a prompt is read: from 10 ms a step to 20.
TEST(StepPace, SeesAgainHowLongAnswersTakeAlone) {
  StepPace pace;
  for (int i = 0; i < 100; ++i) {
    pace.saw(4, 0, 0.010);
    pace.saw(6, 0, 0.012);
  }
  uint32_t most_between = 0, between = 0;
  for (int i = 0; i < 4000; ++i) {
    const double alone = 0.010 * (1 + i / 4000.0);
    const uint32_t n = pace.prompt_rows(4, 1.5, 512);
    pace.saw(4, n, alone + n * 0.0001);
    between = n == 0 ? 0 : between + 1;
    most_between = std::max(most_between, between);
  }
  EXPECT_EQ(most_between, StepPace::kProbe);
  pace.saw(4, 0, 0.020);
  EXPECT_NEAR(pace.prompt_rows(4, 1.5, 512), 100, 8);
  EXPECT_NEAR(pace.prompt_rows(6, 1.5, 512), 120, 15);
}

TEST(StepPace, StepsThatWereHeldUpMakeNoRoom) {
  StepPace pace;
  for (int i = 0; i < 200; ++i) {
    pace.saw(4, 0, i % 10 == 9 ? 0.2 : 0.010);
    pace.saw(4, 50, 0.015);
  }
  EXPECT_NEAR(pace.prompt_rows(4, 1.5, 512), 50, 10);
}

TEST(StepPace, KnowsHowManyRowsTakeSoLong) {
  StepPace pace;
  EXPECT_EQ(pace.rows_in(1), 0U);
  for (int i = 0; i < 200; ++i) pace.saw(0, 100, 0.5);
  EXPECT_EQ(pace.rows_in(1), 200U);
}

TEST(StepPace, StandsClocksThatSayNothing) {
  StepPace pace;
  pace.saw(4, 0, 0.010);
  pace.saw(4, 10, 0.005);
  pace.saw(4, 10, 0);
  const uint32_t n = pace.prompt_rows(4, 1.5, 512);
  EXPECT_GE(n, 1U);
  EXPECT_LE(n, 512U);
}

}  // namespace
}  // namespace stride::engine
