// SPDX-License-Identifier: Apache-2.0
#include "base/thread_team.h"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "base/cpu.h"

namespace stride {
namespace {

TEST(Split, CoversEverythingOnce) {
  for (const size_t n : {0U, 1U, 7U, 8U, 100U, 4096U}) {
    for (const size_t parts : {1U, 2U, 3U, 7U, 64U}) {
      for (const size_t granule : {1U, 8U, 16U}) {
        size_t at = 0;
        for (size_t i = 0; i < parts; ++i) {
          const auto [begin, end] = split(n, parts, i, granule);
          EXPECT_EQ(begin, at);
          EXPECT_TRUE(end == n || end % granule == 0);
          EXPECT_LE(end - begin, n / parts + 2 * granule);
          at = end;
        }
        EXPECT_EQ(at, n);
      }
    }
  }
}

class Team : public testing::TestWithParam<unsigned> {};

TEST_P(Team, RunsEveryThreadOncePerJob) {
  ThreadTeam team(GetParam());
  ASSERT_EQ(team.size(), GetParam());
  std::vector<int> counts(team.size());
  for (int i = 0; i < 2000; ++i) team.run([&](unsigned thread) { ++counts[thread]; });
  for (const int n : counts) EXPECT_EQ(n, 2000);
}

TEST_P(Team, BarrierShowsWhatOthersWrote) {
  ThreadTeam team(GetParam());
  const unsigned n = team.size();
  std::vector<int> values(n);
  std::vector<int> errors(n);
  team.run([&](unsigned thread) {
    for (int round = 1; round <= 500; ++round) {
      values[thread] = round;
      team.barrier();
      if (values[(thread + 1) % n] != round) ++errors[thread];
      team.barrier();
    }
  });
  for (const int e : errors) EXPECT_EQ(e, 0);
}

TEST_P(Team, QueueHandsOutEachItemOnce) {
  ThreadTeam team(GetParam());
  WorkQueue queue;
  std::vector<int> taken(1000);
  for (int round = 1; round <= 20; ++round) {
    queue.reset();
    team.run([&](unsigned) {
      for (size_t i = queue.next(); i < taken.size(); i = queue.next()) ++taken[i];
    });
    for (const int n : taken) EXPECT_EQ(n, round);
  }
}

TEST_P(Team, WakesFromSleep) {
  ThreadTeam team(GetParam());
  std::atomic<unsigned> n = 0;
  for (int i = 0; i < 3; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    team.run([&](unsigned thread) {
      if (thread == 0) std::this_thread::sleep_for(std::chrono::milliseconds(5));
      n.fetch_add(1);
    });
  }
  EXPECT_EQ(n.load(), 3 * team.size());
}

INSTANTIATE_TEST_SUITE_P(Sizes, Team, testing::Values(1U, 2U, 3U, 9U));

TEST(ThreadTeam, ZeroMeansOneACore) {
  EXPECT_EQ(ThreadTeam(0).size(), n_cores());
}

TEST(ThreadTeam, ManyTeamsComeAndGo) {
  for (int i = 0; i < 50; ++i) {
    ThreadTeam team(3);
    if (i % 2 == 0) team.run([](unsigned) {});
  }
}

}  // namespace
}  // namespace stride
