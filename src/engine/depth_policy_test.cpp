// SPDX-License-Identifier: Apache-2.0
// The policy against simulated machines: given costs, given acceptance, no clock.
#include "engine/depth_policy.h"

#include <gtest/gtest.h>

#include <array>

#include "base/random.h"

namespace stride::engine {
namespace {

struct World {
  std::array<double, 4> seconds;  // of a step at each depth
  std::array<double, 3> right;    // chained acceptance
  double catch_up = 0;            // seconds more after steps that left the heads alone
  Random random{7};

  uint32_t n_backlog = 0;
  double total = 0;
  uint64_t n_token = 0;
  std::array<uint32_t, 4> n_step{};  // at each depth

  void step(DepthPolicy& policy, uint32_t limit = 3) {
    const uint32_t depth = policy.choose(limit);
    ASSERT_LE(depth, limit);
    ++n_step[depth];
    uint32_t accepted = 0;
    while (accepted < depth && random.uniform() < right[accepted]) ++accepted;
    const bool behind = depth > 0 && n_backlog > 0;
    const double took = seconds[depth] + (behind ? catch_up : 0);
    behind ? policy.saw_catch_up(depth, took) : policy.saw_step(depth, took);
    if (depth > 0) policy.saw_drafts(depth, accepted);
    n_backlog = depth == 0 ? n_backlog + 1 : 0;
    total += took;
    n_token += 1 + accepted;
  }

  // Tokens a second relative to no drafts.
  double run(DepthPolicy& policy, int n) {
    total = 0;
    n_token = 0;
    n_step = {};
    for (int i = 0; i < n; ++i) step(policy);
    return static_cast<double>(n_token) / total * seconds[0];
  }
};

TEST(DepthPolicy, UsesAllHeadsWhereTheyAreRightAndCheap) {
  DepthPolicy policy(3);
  World world{.seconds = {1, 1.2, 1.4, 1.6}, .right = {0.9, 0.85, 0.8}, .catch_up = 0.5};
  EXPECT_GT(world.run(policy, 1000), 1.8);  // 3.28 / 1.6 = 2.05 at best
  EXPECT_GT(world.n_step[3], 700U);
  EXPECT_NEAR(policy.acceptance(0), 0.9, 0.3);
}

TEST(DepthPolicy, FallsBackWhereDraftsDoNotPay) {
  for (const double right : {0.0, 0.1, 0.3}) {
    DepthPolicy policy(3);
    World world{.seconds = {1, 1.5, 2.1, 2.7}, .right = {right, right, right}, .catch_up = 1};
    EXPECT_GT(world.run(policy, 200), 0.97) << right << ", while it learns";
    EXPECT_GT(world.run(policy, 3000), 0.98) << right;
    EXPECT_GT(world.n_step[0], 2900U) << right;
    EXPECT_GT(world.n_step[1], 3U) << right << ": looked at now and then";
  }
}

TEST(DepthPolicy, StopsAtTheDepthThatPaysMost) {
  DepthPolicy policy(3);
  World world{.seconds = {1, 1.1, 1.9, 2.8}, .right = {0.8, 0.6, 0.5}};
  EXPECT_GT(world.run(policy, 1000), 1.5);  // 1.8 / 1.1 = 1.64
  EXPECT_GT(world.n_step[1], 800U);
}

// 1.95 / 1.8 with one draft, 2.6 / 2.6 at most with two.
TEST(DepthPolicy, ADeeperDraftIsExpectedToCostAsMuchAgain) {
  DepthPolicy policy(3);
  World world{.seconds = {1, 1.8, 2.6, 3.4}, .right = {0.95, 0.7, 0.7}};
  world.run(policy, 200);
  EXPECT_GT(world.n_step[1], 100U);
  EXPECT_LT(world.n_step[2] + world.n_step[3], 10U);
}

// The machine is slower for a while, now and then: no reason to think that drafts cost more.
TEST(DepthPolicy, SpeedOfTheMachineIsNotTheCostOfDrafts) {
  DepthPolicy policy(3);
  const World quick{.seconds = {1, 1.5, 2.2, 3}, .right = {0.9, 0.7, 0.6}};
  World world = quick;
  world.run(policy, 200);
  for (int round = 0; round < 20; ++round) {
    for (size_t d = 0; d < 4; ++d)
      world.seconds[d] = quick.seconds[d] * (round % 2 == 0 ? 1.4 : 1.0);
    EXPECT_GT(world.run(policy, 40), 1.1) << round;
    EXPECT_LT(world.n_step[0], 12U) << round;
  }
}

// What one session has found out, the next need not.
TEST(DepthPolicy, SessionsLearnTogether) {
  const auto experience = std::make_shared<DraftExperience>(3);
  World world{.seconds = {1, 1.2, 1.4, 1.6}, .right = {0.9, 0.85, 0.8}, .catch_up = 0.5};
  DepthPolicy first(3, experience);
  world.run(first, 300);
  DepthPolicy second(3, experience);
  world.n_backlog = 0;
  world.run(second, 10);
  EXPECT_GE(world.n_step[2] + world.n_step[3], 7U);
  EXPECT_GT(second.acceptance(0), 0.6);
}

// Answers of some twenty tokens, for each of which the heads have to read a prompt first. What one
// draft seems to bring is less than that, or nothing at all.
TEST(DepthPolicy, ShortAnswersDoNotPayForDrafts) {
  for (const double right : {0.97, 0.85}) {
    const auto experience = std::make_shared<DraftExperience>(3);
    World world{.seconds = {1, 1.85, 2.7, 3.5}, .right = {right, 0.7, 0.7}, .catch_up = 1.3};
    double seconds = 0;
    uint64_t n_token = 0;
    for (int answer = 0; answer < 200; ++answer) {
      DepthPolicy policy(3, experience);
      world.n_backlog = 16;
      world.run(policy, 12);
      seconds += world.total;
      n_token += world.n_token;
    }
    EXPECT_GT(static_cast<double>(n_token) / seconds, 0.98) << right;
  }
}

// The same drafts in long answers, after many short ones.
TEST(DepthPolicy, LongAnswersAfterShortOnesGetDrafts) {
  const auto experience = std::make_shared<DraftExperience>(3);
  World world{.seconds = {1, 1.7, 2.6, 3.5}, .right = {0.97, 0.7, 0.7}, .catch_up = 2};
  for (int answer = 0; answer < 100; ++answer) {
    DepthPolicy policy(3, experience);
    world.n_backlog = 16;
    world.run(policy, 8);
  }
  DepthPolicy policy(3, experience);
  world.run(policy, 12000);
  EXPECT_GT(world.n_step[1], 4000U);
}

TEST(DepthPolicy, FollowsTheText) {
  DepthPolicy policy(3);
  World world{.seconds = {1, 1.4, 1.7, 2}, .right = {0.1, 0.1, 0.1}, .catch_up = 0.5};
  world.run(policy, 500);
  EXPECT_GT(world.n_step[0], 400U);
  world.right = {0.9, 0.9, 0.9};
  world.run(policy, 1500);
  world.run(policy, 300);
  EXPECT_GT(world.n_step[3], 200U);
  world.right = {0.1, 0.1, 0.1};
  world.run(policy, 60);
  EXPECT_GT(world.n_step[0], 30U);
}

TEST(DepthPolicy, OneDisturbedStepDoesNotDecide) {
  DepthPolicy policy(3);
  World world{.seconds = {20, 25, 25, 25}, .right = {0.1, 0.1, 0.1}};  // a cold start
  world.step(policy);
  world.seconds = {1, 1.5, 2.1, 2.7};
  world.run(policy, 500);
  EXPECT_GT(world.n_step[0], 400U);
  policy.saw_step(0, 1000);
  world.run(policy, 100);
  EXPECT_GT(world.n_step[0], 80U);
}

TEST(DepthPolicy, KeepsToItsLimits) {
  DepthPolicy none(0);
  EXPECT_EQ(none.choose(3), 0U);
  none.saw_step(0, 1);
  EXPECT_EQ(none.choose(3), 0U);
  DepthPolicy policy(3);
  World world{.seconds = {1, 1, 1, 1}, .right = {1, 1, 1}};
  for (int i = 0; i < 100; ++i) world.step(policy, static_cast<uint32_t>(i) % 4);
  EXPECT_EQ(policy.choose(0), 0U);
}

TEST(DepthPolicy, ClocksThatStandStillDoNoHarm) {
  DepthPolicy policy(3);
  World world{.seconds = {0, 0, 0, 0}, .right = {0.5, 0.5, 0.5}};
  for (int i = 0; i < 100; ++i) world.step(policy);
}

// In company only likely drafts are worth their rows, and now and then one is tried.
TEST(DepthPolicy, InCompanyLikelyDraftsAreMade) {
  DepthPolicy policy(3);
  for (int i = 0; i < 400; ++i) policy.saw_drafts(3, 3);
  EXPECT_EQ(policy.choose_in_company(3), 3U);
  EXPECT_EQ(policy.choose_in_company(2), 2U);
  EXPECT_EQ(policy.choose_in_company(0), 0U);
  for (int i = 0; i < 400; ++i) policy.saw_drafts(3, 1);
  EXPECT_EQ(policy.choose_in_company(3), 1U);
  for (int i = 0; i < 400; ++i) policy.saw_drafts(3, 0);
  uint32_t n_draft = 0;
  for (int i = 0; i < 640; ++i) n_draft += policy.choose_in_company(3);
  EXPECT_EQ(n_draft, 10U);
}

}  // namespace
}  // namespace stride::engine
