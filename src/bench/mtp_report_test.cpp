// SPDX-License-Identifier: Apache-2.0
#include "bench/mtp_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "json/json.h"

namespace stride::bench {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

// 100 tokens a side: 10, 20 and 25 tokens/s without drafts, 20, 20 and 50 with.
MtpMeasurement sample(std::string name, double slower = 1) {
  engine::SpeculationStats stats;
  stats.n_pass = 40;
  stats.n_token = 100;
  stats.draft_seconds = 0.5;
  stats.heads = {{.n_draft = 36, .n_accepted = 27, .n_refused = 9},
                 {.n_draft = 10, .n_accepted = 4, .n_refused = 4}};
  return {std::move(name),
          2,
          100,
          {{10, 5 * slower, stats}, {5, 5 * slower, stats}, {4, 2 * slower, stats}}};
}

MtpReport sample_report() {
  MtpReport report;
  report.version = "1.2.3";
  report.machine = {"Quick", 4, 16'000'000'000, 32'000'000};
  report.kernels = "avx2";
  report.n_threads = 2;
  report.model_file = "a.gguf";
  report.model_name = "A";
  report.n_layer = 5;
  report.kv_type = "f16";
  report.plan.n_pair = 3;
  report.outcome.classes = {sample("easy"), sample("hard", 4)};
  return report;
}

TEST(MtpFigures, FollowFromPairs) {
  const MtpFigures f = figures_of(sample("easy"));
  EXPECT_DOUBLE_EQ(f.plain.median, 20);
  EXPECT_DOUBLE_EQ(f.plain.min, 10);
  EXPECT_DOUBLE_EQ(f.drafting.median, 20);
  EXPECT_DOUBLE_EQ(f.drafting.max, 50);
  EXPECT_DOUBLE_EQ(f.ratio.median, 2) << "the median of ratios, not the ratio of medians";
  EXPECT_DOUBLE_EQ(f.ratio.min, 1);
  EXPECT_THAT(f.acceptance, ElementsAre(0.75, 0.5));
  EXPECT_DOUBLE_EQ(f.tokens_per_pass, 2.5);
  EXPECT_THAT(f.depth_share, ElementsAre(0.1, 0.65, 0.25));
  EXPECT_DOUBLE_EQ(f.draft_share, 1.5 / 12);
}

TEST(MtpFigures, OfNothingAreNumbers) {
  const MtpFigures f = figures_of({"none", 1, 10, {{1, 1, {}}}});
  EXPECT_TRUE(f.acceptance.empty());
  EXPECT_EQ(f.tokens_per_pass, 0);
  EXPECT_EQ(f.draft_share, 0);
  EXPECT_EQ(summary_of({}).mean_ratio, 0);
}

TEST(MtpFigures, AreSummedUp) {
  const MtpSummary s = summary_of(sample_report().outcome);
  EXPECT_DOUBLE_EQ(s.mean_ratio, 1.25);
  EXPECT_DOUBLE_EQ(s.least_ratio, 0.5);
  EXPECT_EQ(s.slowest, "hard");
}

TEST(MtpReport, TableHoldsFiguresAndTheirMeaning) {
  MtpReport report = sample_report();
  const std::string text = table(report);
  EXPECT_THAT(text, HasSubstr("drafts auto, by the model's heads; answers of up to 128 tokens"));
  EXPECT_THAT(text, HasSubstr("20.0 (10.0 - 25.0)"));
  EXPECT_THAT(text, HasSubstr("2.00 (1.00 - 2.00)"));
  EXPECT_THAT(text, HasSubstr("0.75/0.50"));
  EXPECT_THAT(text, HasSubstr("10/65/25"));
  EXPECT_THAT(text, HasSubstr("mean of 2 classes: 1.25; least: 0.50 (hard)"));
  report.simulated = {0.89, 0.76};
  report.plan.depth = 2;
  EXPECT_THAT(table(report), HasSubstr("drafts 2, accepted as if heads were right 0.89/0.76"));
  report.outcome.classes.clear();
  EXPECT_THAT(table(report), Not(HasSubstr("mean of")));
}

TEST(MtpReport, JsonHoldsEveryPair) {
  MtpReport report = sample_report();
  const Json out = *json::parse(to_json(report));
  EXPECT_EQ(out["simulated_acceptance"], nullptr);
  EXPECT_EQ(out["depth"], "auto");
  EXPECT_EQ(out["mean_ratio"], 1.25);
  EXPECT_EQ(out["slowest_class"], "hard");
  ASSERT_EQ(out["classes"].size(), 2U);
  const Json& easy = out["classes"][0];
  EXPECT_EQ(easy["ratio"]["median"], 2);
  EXPECT_EQ(easy["acceptance"], Json({0.75, 0.5}));
  EXPECT_EQ(easy["depth_share"], Json({0.1, 0.65, 0.25}));
  ASSERT_EQ(easy["pairs"].size(), 3U);
  EXPECT_EQ(easy["pairs"][0]["ratio"], 2);
  EXPECT_EQ(easy["pairs"][0]["heads"][1]["refused"], 4);
  report.simulated = {0.5};
  EXPECT_EQ((*json::parse(to_json(report)))["simulated_acceptance"], Json({0.5}));
}

}  // namespace
}  // namespace stride::bench
