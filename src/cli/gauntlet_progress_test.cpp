// SPDX-License-Identifier: Apache-2.0
#include "cli/gauntlet_progress.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace stride::cli {
namespace {

using namespace gauntlet;
using testing::HasSubstr;
using testing::Not;

TEST(GauntletProgress, BarTellsScoreCostAndTimeLeft) {
  Standing standing{.n_done = 25,
                    .n_all = 75,
                    .score = {0.8125, Interval{0.76, 0.86}},
                    .cost_usd = 0.125,
                    .seconds_left = 190};
  EXPECT_EQ(bar_line(standing, 200),
            "[########................] 25/75, score 0.81 +- 0.05, $0.12, about 3:10 left");
  standing = {.n_done = 0, .n_all = 75};
  EXPECT_EQ(bar_line(standing, 200), "[........................] 0/75, score 0.00");
  EXPECT_EQ(bar_line(standing, 10).size(), 10);
}

TEST(GauntletProgress, LineOfACellIsSafeForTheTerminal) {
  const CellKey key{"debugging", 2, 1, "warm"};
  const Grade grade{.score = 0, .failure = FailureClass::http_5xx};
  Attempt last;
  last.message = "HTTP 503: \x1b[2Joverloaded\nreally";
  last.timing.total = 2.1;
  const std::string line = cell_line({key, grade, last, 5}, {.n_done = 33, .n_all = 75});
  EXPECT_THAT(line, HasSubstr("33/75 debugging 2.1: 0.00 http 5xx in 2.10 s after 5 tries: HTTP"));
  EXPECT_THAT(line, Not(HasSubstr("\x1b")));
  EXPECT_THAT(line, Not(HasSubstr("\n")));
}

}  // namespace
}  // namespace stride::cli
