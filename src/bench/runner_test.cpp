// SPDX-License-Identifier: Apache-2.0
// Runs small plans on a tiny model and checks what is measured, not how fast it is.
#include "bench/runner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

namespace stride::bench {
namespace {

using testing::ElementsAre;

constexpr uint32_t kMaxRows = 16;

class RunnerTest : public testing::Test {
 protected:
  void SetUp() override {
    catalog_ =
        format::open_model(std::filesystem::path(STRIDE_GOLDEN) / "tiny/tiny-q8_0.gguf").value();
    std::vector<std::string> warnings;
    model_ =
        model::Model::load(*catalog_, {.n_threads = 2, .max_rows = kMaxRows}, warnings).value();
    counter_ = WorkCounter::create(model_->config(), *catalog_, cache::KvType::f16).value();
    probe_ = std::make_unique<LimitProbe>(LimitProbe::create(2, 0).value());
  }

  Outcome measure(
      const Plan& plan, const OnProgress& on_progress = [](const Progress&) { return true; }) {
    return run(*model_, *counter_, *probe_, plan, kMaxRows, on_progress).value();
  }

  // Bytes of keys and values of steps of n_row rows that begin behind n_past positions.
  uint64_t kv_bytes(uint64_t n_past, uint64_t n_row, uint64_t n_step) const {
    uint64_t sum = 0;
    for (uint64_t i = 0; i < n_step; ++i)
      sum += counter_->step(n_past + i * n_row, n_row, 0, {}).kv_bytes;
    return sum;
  }

  std::unique_ptr<format::TensorCatalog> catalog_;
  std::unique_ptr<model::Model> model_;
  std::optional<WorkCounter> counter_;
  std::unique_ptr<LimitProbe> probe_;
};

std::string name_of(const Measurement& m) {
  return fmt::format("{} {} {} {}", m.phase == Phase::prefill ? "prefill" : "decode", m.n_prompt,
                     m.depth, m.n_row);
}

std::vector<std::string> names_of(const Outcome& outcome) {
  std::vector<std::string> names;
  for (const Measurement& m : outcome.measurements) names.push_back(name_of(m));
  return names;
}

TEST_F(RunnerTest, MeasuresEveryCombinationAsOftenAsAsked) {
  const Outcome outcome = measure(
      {.prompts = {0, 20}, .depths = {0, 40}, .rows = {1, 3}, .n_gen = 4, .repetitions = 2});
  EXPECT_TRUE(outcome.complete);
  EXPECT_THAT(names_of(outcome),
              ElementsAre("decode 0 0 1", "decode 0 0 3", "prefill 20 0 0", "decode 20 0 1",
                          "decode 20 0 3", "decode 0 40 1", "decode 0 40 3", "prefill 20 40 0",
                          "decode 20 40 1", "decode 20 40 3"));
  EXPECT_EQ(outcome.limits.size(), 1U + 2 * 2 * 2);
  for (const Measurement& m : outcome.measurements) {
    SCOPED_TRACE(name_of(m));
    ASSERT_EQ(m.repetitions.size(), 2U);
    for (const Repetition& r : m.repetitions) {
      const bool prefill = m.phase == Phase::prefill;
      EXPECT_EQ(r.n_token, prefill ? 20U : 4 * m.n_row);
      EXPECT_GT(r.seconds, 0);
      EXPECT_EQ(r.first_token_seconds.has_value(), prefill || m.n_prompt == 0);
      EXPECT_GT(r.work.weight_bytes, 0U);
      EXPECT_GT(r.limits.read_bytes, 0);
      // Positions tell that depth and prompt were where they should be.
      if (prefill) {
        EXPECT_EQ(r.work.kv_bytes, kv_bytes(m.depth, 16, 1) + kv_bytes(m.depth + 16, 4, 1));
        EXPECT_GE(*r.first_token_seconds, r.seconds);
      } else {
        EXPECT_EQ(r.work.kv_bytes, m.n_row * kv_bytes(m.depth + m.n_prompt, 1, 4));
      }
    }
  }
}

TEST_F(RunnerTest, TheSameSeedDoesTheSameWork) {
  const Plan plan = {.prompts = {24}, .rows = {2}, .n_gen = 8, .repetitions = 2, .seed = 7};
  Plan other = plan;
  other.seed = 8;
  const auto works = [&](const Plan& p) {
    std::vector<uint64_t> bytes;
    for (const Measurement& m : measure(p).measurements)
      for (const Repetition& r : m.repetitions) bytes.push_back(r.work.weight_bytes);
    return bytes;
  };
  const auto first = works(plan);
  EXPECT_EQ(first, works(plan));
  EXPECT_NE(first, works(other)) << "the experts do not depend on the tokens";
}

TEST_F(RunnerTest, LimitsOfARepetitionAreTheMeanOfThoseAroundIt) {
  const Outcome outcome = measure({.prompts = {4, 8}, .n_gen = 1, .repetitions = 2});
  const std::vector<Limits>& probes = outcome.limits;
  ASSERT_EQ(probes.size(), 5U);
  const auto between = [&](size_t i) { return (probes[i].int8_ops + probes[i + 1].int8_ops) / 2; };
  for (const size_t r : {0U, 1U})
    for (size_t m = 0; m < 4; ++m)
      EXPECT_EQ(outcome.measurements[m].repetitions[r].limits.int8_ops, between(2 * r + m / 2));
}

TEST_F(RunnerTest, NoPromptOrNoDecodingIsFine) {
  EXPECT_THAT(names_of(measure({.prompts = {8}, .n_gen = 0, .repetitions = 1})),
              ElementsAre("prefill 8 0 0"));
  EXPECT_THAT(names_of(measure({.prompts = {0}, .n_gen = 1, .repetitions = 1})),
              ElementsAre("decode 0 0 1"));
}

TEST_F(RunnerTest, StoppedItKeepsWhatWasComplete) {
  const Plan plan = {.prompts = {8}, .n_gen = 2, .repetitions = 3};
  int n_call = 0;
  double share = 0;
  // Three calls of warming up, then three a repetition.
  const Outcome outcome = measure(plan, [&](const Progress& progress) {
    EXPECT_GE(progress.share, share);
    share = progress.share;
    return ++n_call < 3 + 3 + 2;
  });
  EXPECT_FALSE(outcome.complete);
  ASSERT_THAT(names_of(outcome), ElementsAre("prefill 8 0 0", "decode 8 0 1"));
  EXPECT_EQ(outcome.measurements[0].repetitions.size(), 2U);
  EXPECT_EQ(outcome.measurements[1].repetitions.size(), 1U);
  EXPECT_TRUE(measure(plan, [](const Progress&) { return false; }).measurements.empty());
}

TEST_F(RunnerTest, RefusesPlansThatCannotBeRun) {
  const auto refused = run(*model_, *counter_, *probe_, {.rows = {kMaxRows + 1}}, kMaxRows,
                           [](const Progress&) { return true; });
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::invalid_argument);
}

}  // namespace
}  // namespace stride::bench
