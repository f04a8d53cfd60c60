// SPDX-License-Identifier: Apache-2.0
#include "gauntlet/readiness.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace stride::gauntlet {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

TEST(Readiness, WeightsOfEveryProfileAddUpToOne) {
  for (const Profile& profile : profiles()) {
    EXPECT_NEAR(weighted_score(profile.weights, {1, 1, 1, 1, 1}), 10, 1e-9) << profile.name;
    EXPECT_TRUE(find_profile(profile.name));
  }
  EXPECT_FALSE(find_profile("nonsense"));
}

// The published run of Step-3.7-Flash: quality .482, three of fifteen tests passed, nine delivered,
// six within the limits, no request lost.
TEST(Readiness, PublishedRunGives39With2BlockersAnd29With3) {
  const Profile general = *find_profile("general");
  const double before = weighted_score(general.weights, {.quality = .482,
                                                         .consistency = 3.0 / 15,
                                                         .delivery = 9.0 / 15,
                                                         .latency = 6.0 / 15,
                                                         .reliability = 1});
  EXPECT_NEAR(before, 4.83, 0.005);
  BlockerFacts facts{.delivery = 9.0 / 15, .reliability = 1, .code_clean = 0};
  const auto two = blockers(general, facts);
  EXPECT_THAT(two, SizeIs(2));
  EXPECT_DOUBLE_EQ(std::min(before, cap(two.size())), 3.9);
  facts.json_clean = 0;
  EXPECT_DOUBLE_EQ(std::min(before, cap(blockers(general, facts).size())), 2.9);
}

TEST(Readiness, BandsGoByTheScoreAsPrinted) {
  EXPECT_EQ(band(8.5), "ready");
  EXPECT_EQ(band(8.46), "ready");
  EXPECT_EQ(band(8.44), "ready with guardrails");
  EXPECT_EQ(band(7.0), "ready with guardrails");
  EXPECT_EQ(band(6.9), "pilot");
  EXPECT_EQ(band(5.0), "pilot");
  EXPECT_EQ(band(4.9), "not ready");
}

TEST(Readiness, CapsFallWithTheBlockers) {
  EXPECT_EQ(cap(0), 10);
  EXPECT_EQ(cap(1), 4.9);
  EXPECT_EQ(cap(2), 3.9);
  EXPECT_EQ(cap(3), 2.9);
  EXPECT_EQ(cap(9), 2.9);
}

TEST(Readiness, EachProfileHasItsBlockers) {
  BlockerFacts fine{.code_clean = 1,
                    .json_clean = 1,
                    .tool_clean = 1,
                    .debugging_pass = 1,
                    .tool_pass = 1,
                    .rag_pass = 1,
                    .forbidden_tool = 0,
                    .invented_booking = 0,
                    .hallucinated = 0};
  for (const Profile& profile : profiles()) EXPECT_THAT(blockers(profile, fine), IsEmpty());
  const auto count = [](std::string_view profile, const BlockerFacts& facts) {
    return blockers(*find_profile(profile), facts).size();
  };
  BlockerFacts bad{.delivery = .96,
                   .reliability = .97,
                   .code_clean = .5,
                   .json_clean = .9,
                   .tool_clean = 0,
                   .debugging_pass = .5,
                   .tool_pass = .7,
                   .rag_pass = .7,
                   .forbidden_tool = .02,
                   .invented_booking = .06,
                   .hallucinated = .06};
  EXPECT_EQ(count("general", bad), 1);  // tool_use is never clean
  EXPECT_EQ(count("chat", bad), 2);
  EXPECT_EQ(count("coding", bad), 2);
  EXPECT_EQ(count("json", bad), 1);
  EXPECT_EQ(count("agent", bad), 3);
  EXPECT_EQ(count("rag", bad), 2);
  EXPECT_EQ(count("batch", bad), 0);
  bad.delivery = .94;
  EXPECT_EQ(count("batch", bad), 1);
  // What did not run blocks nothing.
  EXPECT_THAT(blockers(*find_profile("agent"), {}), IsEmpty());
}

}  // namespace
}  // namespace stride::gauntlet
