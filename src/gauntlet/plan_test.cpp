// SPDX-License-Identifier: Apache-2.0
#include "gauntlet/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace stride::gauntlet {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Plan, SurvivesItsJson) {
  RunPlan plan{.n_variants = 3,
               .repeats = 4,
               .fresh_seed = 99,
               .tests = {"debugging"},
               .envs = {"warm", "cold"},
               .profile = "agent",
               .today = "2026-11-26",
               .seed = 5,
               .send_seed = false,
               .nonce_seed = ~uint64_t{0},
               .deadline_scale = 2.5,
               .cold_idle_s = 45,
               .cold_command = "systemctl restart \"x\"",
               .concurrency = 8,
               .adaptive = true,
               .rpm = 60,
               .tpm = 1e5,
               .max_cost = 1.5,
               .prices = Prices{0.1, 0.02, 0.3},
               .weak_sandbox = true,
               .run_contract = false,
               .load_levels = {1, 3},
               .load_rates = {0.5}};
  const auto back = plan_from_json(to_json(plan));
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(to_json(*back), to_json(plan));
  EXPECT_EQ(back->nonce_seed, ~uint64_t{0});
  EXPECT_EQ(back->prices->cached, 0.02);
}

TEST(Plan, EndpointSurvivesWithoutItsSecrets) {
  EndpointOptions options{.url = "http://h/v1",
                          .api = Api::anthropic,
                          .model = "m",
                          .key = "secret",
                          .sampling = {"greedy", 0.0, std::nullopt},
                          .shared_budget = 4000,
                          .thinking = Thinking::off,
                          .effort = "low",
                          .headers = {{"x-token", "secret"}}};
  const std::string text = to_json(options);
  EXPECT_THAT(text, Not(HasSubstr("secret")));
  const auto back = endpoint_from_json(text);
  ASSERT_TRUE(back);
  EXPECT_EQ(to_json(*back), text);
  EXPECT_EQ(back->api, Api::anthropic);
  EXPECT_EQ(back->sampling.temperature, 0.0);
  EXPECT_EQ(back->shared_budget, 4000);
  options.tags = {{"<a>", "</a>"}};
  EXPECT_EQ(endpoint_from_json(to_json(options))->tags, options.tags);
}

TEST(Plan, RefusesDamage) {
  EXPECT_FALSE(plan_from_json("[]"));
  EXPECT_FALSE(plan_from_json("{"));
  EXPECT_FALSE(plan_from_json(R"({"envs": ["hot"]})"));
  EXPECT_FALSE(endpoint_from_json(R"({"api": "telegraph"})"));
}

TEST(Plan, NamesWhatCannotBeDone) {
  const auto message = [](RunPlan plan) {
    const auto checked = check(plan);
    return checked ? std::string() : checked.error().message;
  };
  EXPECT_EQ(message({}), "");
  EXPECT_THAT(message({.tests = {"debuging"}}), HasSubstr("debuging"));
  EXPECT_THAT(message({.envs = {"hot"}}), HasSubstr("sustained"));
  EXPECT_THAT(message({.profile = "none"}), HasSubstr("general"));
  EXPECT_THAT(message({.envs = {"recovery"}}), HasSubstr("warm or cold"));
  EXPECT_NE(message({.n_variants = 6}), "");
  EXPECT_EQ(message({.n_variants = 6, .fresh_seed = 1}), "");
  EXPECT_NE(message({.repeats = 0}), "");
  EXPECT_NE(message({.deadline_scale = 0}), "");
  EXPECT_NE(message({.cold_idle_s = 5}), "");
  EXPECT_NE(message({.concurrency = 0}), "");
  EXPECT_NE(message({.max_cost = -1}), "");
}

TEST(Plan, CellsOfTheStandardSizes) {
  EXPECT_EQ(planned_cells({}).size(), 75);
  EXPECT_EQ(planned_cells({.n_variants = 1}).size(), 15);
  EXPECT_EQ(planned_cells({.repeats = 4}).size(), 300);
  EXPECT_EQ(planned_cells({.envs = {"warm", "cold", "sustained", "recovery"}}).size(), 150);
  EXPECT_EQ(planned_cells({.envs = {"warm", "json_object", "rag_32k"}}).size(), 85);
  EXPECT_EQ(planned_cells({.tests = {"tool_use", "debugging"}})[0].test, "debugging");
}

TEST(Plan, FreshVariantsAndSeedsDiffer) {
  const RunPlan plan{.fresh_seed = 7};
  std::set<uint64_t> seeds;
  for (uint32_t i = 0; i < 5; ++i) seeds.insert(*variant_of(plan, i).seed);
  EXPECT_EQ(seeds.size(), 5);
  EXPECT_FALSE(variant_of({}, 3).seed);
  EXPECT_EQ(variant_of({}, 3).index, 3);
  EXPECT_NE(seed_of(plan, {"a", 1, 0}), seed_of(plan, {"a", 0, 1}));
}

}  // namespace
}  // namespace stride::gauntlet
