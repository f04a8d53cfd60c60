// SPDX-License-Identifier: Apache-2.0
#include "gauntlet/summary.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gauntlet/testing/made_run.h"

namespace stride::gauntlet {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

Summary summary_of(MadeRuns& runs, int64_t id) {
  return summarize(runs.store(), id, Texts::load).value();
}

TEST(Summary, CountsWhatARunIsWorth) {
  MadeRuns runs("summary_counts");
  const int64_t id = runs.add({}, [](const CellKey& key) {
    if (key.test == "debugging") return graded(0, delivered_answer("no"));
    if (key.test == "tool_use" && key.variant < 2) return graded(0.4, delivered_answer("half"));
    return graded(1, delivered_answer("42"));
  });
  const Summary summary = summary_of(runs, id);
  EXPECT_THAT(summary.tests, SizeIs(15));
  EXPECT_NEAR(summary.average.value, (13 + (3 + 0.8) / 5) / 15, 1e-9);
  ASSERT_TRUE(summary.average.ci);
  EXPECT_LT(summary.average.ci->low, summary.average.value);
  EXPECT_EQ(summary.n_tests_passed, 14);
  EXPECT_EQ(summary.n_graded, 75);
  EXPECT_EQ(summary.n_requests, 75);
  EXPECT_EQ(summary.n_delivered, 75);
  const TestSummary& tools = *find(summary, "tool_use");
  EXPECT_EQ(tools.n_passed, 3);
  EXPECT_EQ(tools.k, 3);
  EXPECT_DOUBLE_EQ(tools.pass_hat, 0.1);
  EXPECT_EQ(tools.classes.at(FailureClass::wrong), 2);
  EXPECT_EQ(tools.times.ttfa.n, 5);
  EXPECT_DOUBLE_EQ(*tools.times.think.p50, 1.0);
  EXPECT_DOUBLE_EQ(*tools.reasoning_tokens, 40);
  EXPECT_THAT(tools.key_finding, HasSubstr("2 of 5: wrong"));
  EXPECT_THAT(tools.key_finding, HasSubstr("answer"));
  EXPECT_EQ(find(summary, "summarization")->key_finding, "all 5 cells clean");
  EXPECT_NEAR(*summary.decode_rate, 59 / 1.5, 1e-9);
  EXPECT_NEAR(*summary.reasoning_share, 2.0 / 3, 1e-9);
  const Readiness& general = headline(summary);
  EXPECT_EQ(general.profile, "general");
  EXPECT_DOUBLE_EQ(general.shares.delivery, 1);
  EXPECT_DOUBLE_EQ(general.shares.latency, 1);
  EXPECT_NEAR(general.shares.consistency, 13.1 / 15, 1e-9);
  EXPECT_TRUE(general.blockers.empty());
  ASSERT_TRUE(general.score.ci);
  EXPECT_LE(general.score.ci->low, general.score.value);
  EXPECT_GE(general.score.ci->high, general.score.value);
  EXPECT_THAT(summary.readiness, SizeIs(profiles().size()));
}

// The published failure: the budget was spent on thinking.
Attempt thought_away() {
  Attempt attempt = delivered_answer("");
  attempt.failure = FailureClass::truncated_in_reasoning;
  attempt.message = "the budget ended inside the reasoning";
  attempt.finish_reason = "length";
  attempt.usage.output = 4000;
  attempt.usage.reasoning = 4000;
  attempt.timing.ttfa = std::nullopt;
  attempt.timing.last_answer = std::nullopt;
  return attempt;
}

TEST(Summary, UndeliveredAnswersAreNamedAndBlock) {
  MadeRuns runs("summary_undelivered");
  const int64_t id = runs.add({.n_variants = 1}, [](const CellKey& key) {
    if (key.test != "code_generation") return graded(1, delivered_answer("42"));
    FinishedCell cell = graded(0, thought_away());
    cell.recovered_score = 1;
    return cell;
  });
  const Summary summary = summary_of(runs, id);
  const TestSummary& code = *find(summary, "code_generation");
  EXPECT_EQ(code.key_finding,
            "truncated inside reasoning at 4,000 tokens; correct answer present in reasoning");
  EXPECT_EQ(code.times.ttfa.n, 0);  // nothing is put in its place
  EXPECT_EQ(code.times.ttfr.n, 1);
  EXPECT_EQ(summary.n_delivered, 14);
  EXPECT_FALSE(summary.average.ci);  // one cell a test shows no spread
  const Readiness& general = headline(summary);
  EXPECT_THAT(general.blockers, SizeIs(2));  // delivery 93 %, code never clean
  EXPECT_DOUBLE_EQ(general.score.value, 3.9);
}

TEST(Summary, FailedRequestsScoreZeroAndHaveNoTimes) {
  MadeRuns runs("summary_failed");
  const int64_t id = runs.add({.tests = {"debugging"}}, [](const CellKey& key) {
    if (key.variant > 0) return graded(1, delivered_answer("42"));
    Attempt refused;
    refused.failure = FailureClass::http_5xx;
    refused.message = "503 overloaded";
    refused.timing.total = 9;
    FinishedCell cell = graded(0, refused);
    cell.attempts.push_back(cell.attempts[0]);
    cell.attempts[1].n = 1;
    return cell;
  });
  const Summary summary = summary_of(runs, id);
  EXPECT_DOUBLE_EQ(summary.average.value, 0.8);
  EXPECT_EQ(summary.n_requests, 5);
  EXPECT_EQ(summary.n_tries, 6);
  EXPECT_EQ(summary.n_first_try, 4);
  EXPECT_EQ(summary.n_eventually, 4);
  EXPECT_EQ(summary.times.total.n, 4);
  EXPECT_THAT(summary.tests[0].key_finding, HasSubstr("503 overloaded"));
}

TEST(Summary, OpenVoidAndUnsupportedCellsAreLeftOutAndCounted) {
  MadeRuns runs("summary_open");
  int n = 0;
  const int64_t id = runs.add({.tests = {"debugging"}}, [&](const CellKey&) {
    FinishedCell cell = graded(1, delivered_answer("42"));
    ++n;
    if (n == 2) cell.state = CellState::void_cell;
    if (n == 3) cell.state = CellState::unsupported;
    return n == 4 ? FinishedCell{} : cell;
  });
  const Summary summary = summary_of(runs, id);
  EXPECT_EQ(summary.n_graded, 1);
  EXPECT_EQ(summary.n_void, 1);
  EXPECT_EQ(summary.n_unsupported, 1);
  EXPECT_EQ(summary.n_open, 2);
  EXPECT_DOUBLE_EQ(summary.average.value, 1);
}

TEST(Summary, OtherEnvironmentsStandBeside) {
  MadeRuns runs("summary_envs");
  const int64_t id =
      runs.add({.tests = {"debugging"}, .envs = {"warm", "cold"}}, [](const CellKey& key) {
        return graded(key.env == "warm" ? 1 : 0.5, delivered_answer("42"));
      });
  const Summary summary = summary_of(runs, id);
  EXPECT_EQ(summary.env, "warm");
  EXPECT_DOUBLE_EQ(summary.average.value, 1);
  ASSERT_THAT(summary.other_envs, SizeIs(1));
  EXPECT_EQ(summary.other_envs[0].env, "cold");
  EXPECT_DOUBLE_EQ(summary.other_envs[0].average.value, 0.5);
}

TEST(Summary, CostsAndContract) {
  MadeRuns runs("summary_costs");
  const int64_t id = runs.add({.tests = {"debugging"}}, [](const CellKey& key) {
    FinishedCell cell = graded(key.variant == 0 ? 1 : 0, delivered_answer("42"));
    cell.attempts[0].cost_usd = 0.02;
    return cell;
  });
  const ContractRow rows[] = {{"C01", "pass", ""},
                              {"C02", "fail", "x"},
                              {"C03", "unsupported", ""},
                              {"recovery: abort", "fail", ""}};
  ASSERT_TRUE(runs.store().put_contract(id, rows));
  const Summary summary = summary_of(runs, id);
  EXPECT_DOUBLE_EQ(*summary.costs.total, 0.1);
  EXPECT_DOUBLE_EQ(*summary.costs.per_passed, 0.1);
  EXPECT_DOUBLE_EQ(*summary.costs.per_thousand, 20);
  EXPECT_NEAR(*summary.costs.reasoning, 0.1 * 40 / 160, 1e-9);
  EXPECT_DOUBLE_EQ(*summary.contract_share, 0.5);
  EXPECT_DOUBLE_EQ(headline(summary).shares.delivery, 0.5);
}

TEST(Summary, DeliveryNeedsAnAnswerAnEndAndNoLeak) {
  EXPECT_TRUE(delivers(delivered_answer("x")));
  EXPECT_FALSE(delivers(delivered_answer(" \n")));
  EXPECT_FALSE(delivers(thought_away()));
  Attempt attempt = delivered_answer("x");
  attempt.tag_leak = true;
  EXPECT_FALSE(delivers(attempt));
  attempt = delivered_answer("x");
  attempt.finish_reason.clear();
  EXPECT_FALSE(delivers(attempt));
  attempt = delivered_answer("");
  attempt.calls = {{"1", "f", "{}"}};
  EXPECT_TRUE(delivers(attempt));
}

}  // namespace
}  // namespace stride::gauntlet
