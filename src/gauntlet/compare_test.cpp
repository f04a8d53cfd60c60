// SPDX-License-Identifier: Apache-2.0
#include "gauntlet/compare.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gauntlet/gate.h"
#include "gauntlet/testing/made_run.h"

namespace stride::gauntlet {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

Summary made(MadeRuns& runs, const RunPlan& plan,
             const std::function<double(const CellKey&)>& score) {
  const int64_t id = runs.add(
      plan, [&](const CellKey& key) { return graded(score(key), delivered_answer("42")); });
  return summarize(runs.store(), id, Texts::leave).value();
}

double spread(const CellKey& key) {
  return 0.5 + 0.1 * static_cast<double>((key.variant * 7 + key.test.size() + key.repeat) % 3);
}

TEST(Compare, NamesAWinnerOnlyWithEvidence) {
  MadeRuns runs("compare_winner");
  const Summary low = made(runs, {}, spread);
  const Summary high =
      made(runs, {}, [](const CellKey& key) { return spread(key) + 0.2 + 0.02 * key.variant; });
  const Comparison comparison = compare(high, low).value();
  EXPECT_THAT(comparison.tests, SizeIs(15));
  EXPECT_EQ(comparison.verdict, Verdict::a);
  EXPECT_NEAR(comparison.difference.value, 0.24, 1e-9);
  EXPECT_LT(comparison.p, 0.001);
  // Five cells of a test cannot show it after the adjustment.
  for (const TestComparison& test : comparison.tests) {
    EXPECT_EQ(test.verdict, Verdict::undecided);
    EXPECT_DOUBLE_EQ(test.p, 2.0 / 32);
    EXPECT_GE(test.p_adjusted, test.p);
  }
  EXPECT_EQ(compare(low, high).value().verdict, Verdict::b);
  EXPECT_EQ(compare(low, low).value().verdict, Verdict::tie);
}

TEST(Compare, MoreRepeatsDecideASingleTest) {
  MadeRuns runs("compare_repeats");
  const RunPlan plan{.repeats = 4};
  const auto better_at_one = [](const CellKey& key) {
    return spread(key) + (key.test == "debugging" ? 0.25 : 0);
  };
  const Summary a = made(runs, plan, better_at_one);
  const Summary b = made(runs, plan, spread);
  const Comparison comparison = compare(a, b).value();
  for (const TestComparison& test : comparison.tests)
    EXPECT_EQ(test.verdict, test.id == "debugging" ? Verdict::a : Verdict::tie) << test.id;
}

TEST(Compare, NeedsTheSameQuestions) {
  MadeRuns runs("compare_same");
  const Summary a = made(runs, {}, spread);
  const Summary fresh = made(runs, {.fresh_seed = 3}, spread);
  const auto other_seed = compare(a, fresh);
  ASSERT_FALSE(other_seed);
  EXPECT_THAT(other_seed.error().message, HasSubstr("same questions"));
  Summary pack = a;
  pack.run.pack_sha = "another";
  EXPECT_FALSE(compare(a, pack));
  const Summary one = made(runs, {.tests = {"debugging"}}, spread);
  const Summary two = made(runs, {.tests = {"tool_use"}}, spread);
  EXPECT_FALSE(compare(one, two));
  EXPECT_THAT(compare(one, a).value().tests, SizeIs(1));
}

TEST(Policy, ReadsTheOneOfTheSpecification) {
  const auto policy = parse_policy(
      R"({"max_drop":0.03,"tests":{"structured_output":{"min_clean":0.95},"tool_use":{"max_drop":0.05}},
          "latency":{"ttfa_p95_ms":8000},"delivery_min":0.98,"on_inconclusive":"more",
          "max_extra_cells":150})");
  ASSERT_TRUE(policy) << policy.error().message;
  EXPECT_EQ(policy->tests.at("tool_use").max_drop, 0.05);
  EXPECT_EQ(policy->latency_ms.at("ttfa_p95"), 8000);
  EXPECT_EQ(policy->on_inconclusive, OnInconclusive::more);
  EXPECT_EQ(policy->max_extra_cells, 150);
}

TEST(Policy, RefusesWhatItDoesNotKnow) {
  for (const char* bad :
       {"", "[]", "{}", R"({"max_drp":0.1})", R"({"max_drop":"0.1"})", R"({"max_drop":-1})",
        R"({"max_drop":0.1,"max_drop":0.9})", R"({"tests":{"nothing":{"min_clean":1}}})",
        R"({"tests":{"tool_use":{"clean":1}}})", R"({"latency":{"ttfa_p96_ms":1}})",
        R"({"latency":{"ttfa_ms":1}})", R"({"latency":{"_ms":1}})", R"({"latency":{"ttfa_p95":1}})",
        R"({"max_drop":0.1,"on_inconclusive":"maybe"})"}) {
    const auto policy = parse_policy(bad);
    ASSERT_FALSE(policy) << bad;
    EXPECT_NE(policy.error().message, "");
  }
}

GateResult gate(const char* policy, const Summary& fresh, const Summary& baseline) {
  return run_gate(parse_policy(policy).value(), fresh, baseline).value().result;
}

TEST(Gate, JudgesADropByItsInterval) {
  MadeRuns runs("gate_drop");
  const Summary baseline = made(runs, {}, spread);
  const Summary worse =
      made(runs, {}, [](const CellKey& key) { return spread(key) - 0.2 + 0.02 * key.variant; });
  const Summary unsure = made(runs, {}, [](const CellKey& key) {
    return spread(key) + (key.variant % 2 == 0 ? 0.3 : -0.45);
  });
  constexpr const char* kPolicy = R"({"max_drop":0.03})";
  EXPECT_EQ(gate(kPolicy, baseline, baseline), GateResult::pass);
  EXPECT_EQ(gate(kPolicy, worse, baseline), GateResult::fail);
  EXPECT_EQ(gate(kPolicy, unsure, baseline), GateResult::inconclusive);
  EXPECT_EQ(gate(R"({"max_drop":0.3})", worse, baseline), GateResult::pass);
}

TEST(Gate, JudgesSharesTimesAndReadiness) {
  MadeRuns runs("gate_shares");
  const Summary good = made(runs, {}, [](const CellKey&) { return 1.0; });
  const Summary bad = made(runs, {}, [](const CellKey&) { return 0.1; });
  constexpr const char* kClean = R"({"tests":{"structured_output":{"min_clean":0.95}}})";
  EXPECT_EQ(gate(kClean, good, good), GateResult::pass);
  EXPECT_EQ(gate(kClean, bad, good), GateResult::fail);
  EXPECT_EQ(gate(R"({"latency":{"ttfa_p95_ms":2000}})", good, good), GateResult::pass);
  EXPECT_EQ(gate(R"({"latency":{"ttfa_p95_ms":1000}})", good, good), GateResult::fail);
  EXPECT_EQ(gate(R"({"latency":{"ttfa_p99_ms":2000}})", good, good), GateResult::inconclusive);
  EXPECT_EQ(gate(R"({"delivery_min":0.98})", good, good), GateResult::pass);
  EXPECT_EQ(gate(R"({"readiness_min":8.5})", good, good), GateResult::pass);
  EXPECT_EQ(gate(R"({"readiness_min":8.5})", bad, good), GateResult::fail);
  const Summary few = made(runs, {.tests = {"structured_output"}},
                           [](const CellKey& key) { return key.variant == 0 ? 0.5 : 1; });
  EXPECT_EQ(gate(kClean, few, good), GateResult::inconclusive);  // 4 of 5
}

TEST(Gate, ThePolicySettlesWhatIsInconclusive) {
  GatePolicy policy;
  EXPECT_EQ(settle(policy, GateResult::inconclusive), GateResult::inconclusive);
  policy.on_inconclusive = OnInconclusive::pass;
  EXPECT_EQ(settle(policy, GateResult::inconclusive), GateResult::pass);
  EXPECT_EQ(settle(policy, GateResult::fail), GateResult::fail);
  policy.on_inconclusive = OnInconclusive::fail;
  EXPECT_EQ(settle(policy, GateResult::inconclusive), GateResult::fail);
  policy.on_inconclusive = OnInconclusive::more;
  EXPECT_EQ(settle(policy, GateResult::inconclusive), GateResult::inconclusive);
}

}  // namespace
}  // namespace stride::gauntlet
