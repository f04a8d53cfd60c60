// SPDX-License-Identifier: Apache-2.0
#include "bench/forecast.h"

#include <gtest/gtest.h>

namespace stride::bench {
namespace {

TEST(Forecast, NeedsExperienceOfEachKindOfWork) {
  // Two repetitions at two depths: 20 to fill, 4 * 100 of prompts, 4 * 8 steps of one and of four
  // rows.
  Forecast forecast(
      {.prompts = {100}, .depths = {0, 20}, .rows = {1, 4}, .n_gen = 8, .repetitions = 2});
  EXPECT_FALSE(forecast.seconds_left());
  EXPECT_EQ(forecast.share(), 0);
  forecast.did_prefill(100, 50);
  EXPECT_FALSE(forecast.seconds_left());
  for (int i = 0; i < 8; ++i) forecast.did_decode(1, 2);
  // Of four rows nothing is known: four times as long as one.
  EXPECT_DOUBLE_EQ(forecast.seconds_left().value(), 320 * 0.5 + 24 * 2 + 32 * 8);
  for (int i = 0; i < 8; ++i) forecast.did_decode(4, 3);
  EXPECT_DOUBLE_EQ(forecast.seconds_left().value(), 320 * 0.5 + 24 * 2 + 24 * 3);
  EXPECT_DOUBLE_EQ(forecast.share(), 116.0 / (420 + 32 + 32));
}

TEST(Forecast, EndsAtNothing) {
  Forecast forecast({.prompts = {0}, .rows = {1}, .n_gen = 2, .repetitions = 1});
  forecast.did_decode(1, 1);
  EXPECT_DOUBLE_EQ(forecast.seconds_left().value(), 1);
  forecast.did_decode(1, 1);
  EXPECT_DOUBLE_EQ(forecast.seconds_left().value(), 0);
  EXPECT_EQ(forecast.share(), 1);
}

}  // namespace
}  // namespace stride::bench
