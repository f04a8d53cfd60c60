// SPDX-License-Identifier: Apache-2.0
#include "bench/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "json/json.h"

namespace stride::bench {
namespace {

using testing::HasSubstr;
using testing::Not;

// Reads 10 GB/s, 100 GOP/s of int8, 20 GOP/s of floats in the median and around each repetition.
Report sample_report() {
  Report report;
  report.version = "1.2.3";
  report.machine = {"Quick, \"cheap\" <CPU>", 4, 16'000'000'000, 32'000'000};
  report.kernels = "avx2";
  report.int8_instruction = "vpmaddubsw";
  report.float_instruction = "vfmadd231ps";
  report.n_threads = 2;
  report.model_file = "a,b.gguf";
  report.model_name = "A & B";
  report.n_layer = 5;
  report.type_bytes = {{"Q4_K", 900}, {"F32", 100}};
  report.kv_type = "f16";
  report.max_rows = 512;
  report.plan = {.prompts = {100}, .rows = {2}, .n_gen = 10, .repetitions = 3};
  const Limits around = {10e9, 100e9, 20e9};
  report.outcome.limits = {{8e9, 90e9, 20e9}, {10e9, 100e9, 21e9}, {11e9, 110e9, 19e9}};
  // 100 tokens, 1 GB, 200 int8 and 20 float GOP: 0.1 s by memory, 3 s by arithmetic.
  const Work prompt = {900'000'000, 100'000'000, 200'000'000'000, 20'000'000'000};
  report.outcome.measurements.push_back({Phase::prefill, 100, 0, 0, {}});
  for (const double seconds : {4.0, 5.0, 6.0})
    report.outcome.measurements[0].repetitions.push_back(
        {seconds, 100, prompt, around, seconds + 0.5, 2'000'000'000});
  // 20 tokens, 5 GB: 0.5 s by memory.
  report.outcome.measurements.push_back({Phase::decode, 100, 0, 2, {}});
  for (const double seconds : {1.0, 2.0, 0.8})
    report.outcome.measurements[1].repetitions.push_back(
        {seconds, 20, {4'000'000'000, 1'000'000'000, 1'000'000'000, 0}, around});
  return report;
}

TEST(Figures, FollowFromTimesAndLimits) {
  const Report report = sample_report();
  const Limits limits = median_limits(report.outcome.limits);
  EXPECT_EQ(limits.read_bytes, 10e9);
  EXPECT_EQ(limits.int8_ops, 100e9);
  EXPECT_EQ(limits.float_ops, 20e9);

  const Figures prefill = figures_of(report.outcome.measurements[0]);
  EXPECT_DOUBLE_EQ(prefill.tokens_per_second.median, 20);
  EXPECT_DOUBLE_EQ(prefill.tokens_per_second.max, 25);
  EXPECT_DOUBLE_EQ(prefill.first_token_seconds->median, 5.5);
  EXPECT_EQ(prefill.bound, Bound::arithmetic);
  EXPECT_DOUBLE_EQ(prefill.limit_share.median, 3.0 / 5);
  EXPECT_DOUBLE_EQ(prefill.limit_share.min, 3.0 / 6);
  EXPECT_DOUBLE_EQ(prefill.memory_share, 0.1 / 5);
  EXPECT_DOUBLE_EQ(prefill.ops_per_second, 220e9 / 5);
  EXPECT_EQ(prefill.peak_memory, 2'000'000'000U);
  EXPECT_DOUBLE_EQ(prefill.weight_bytes_per_token, 9e6);

  const Figures decode = figures_of(report.outcome.measurements[1]);
  EXPECT_DOUBLE_EQ(decode.tokens_per_second.median, 20);
  EXPECT_EQ(decode.bound, Bound::memory);
  EXPECT_DOUBLE_EQ(decode.limit_share.median, 0.5);
  EXPECT_DOUBLE_EQ(decode.bytes_per_second, 5e9);
  EXPECT_DOUBLE_EQ(decode.kv_bytes_per_token, 50e6);
  EXPECT_FALSE(decode.first_token_seconds);
  EXPECT_FALSE(decode.peak_memory);
}

TEST(Figures, EachRepetitionIsComparedWithItsOwnLimits) {
  // Twice as slow where the machine gives half: the same share.
  const Work work = {10'000'000'000, 0, 0, 0};
  const Measurement m = {
      Phase::decode, 0, 0, 1, {{2, 10, work, {10e9, 1, 1}}, {4, 10, work, {5e9, 1, 1}}}};
  const Figures figures = figures_of(m);
  EXPECT_DOUBLE_EQ(figures.limit_share.min, 0.5);
  EXPECT_DOUBLE_EQ(figures.limit_share.max, 0.5);
  EXPECT_DOUBLE_EQ(figures.limits.read_bytes, 7.5e9);
}

TEST(Report, TheTableSaysHowItWasMeasured) {
  const std::string text = table(sample_report());
  EXPECT_THAT(text, HasSubstr("random tokens (seed 1)"));
  EXPECT_THAT(text, HasSubstr("F32 10.0 %, Q4_K 90.0 %"));
  EXPECT_THAT(text, HasSubstr("20.0 (16.7 - 25.0)"));
  EXPECT_THAT(text, HasSubstr("reads 10.0 (8.00 - 11.0) GB/s"));
  EXPECT_THAT(text, HasSubstr("median (min - max) of 3 probes"));
}

TEST(Report, JsonHoldsEveryRepetition) {
  const Json out = json::parse(to_json(sample_report())).value();
  EXPECT_EQ(out["machine"]["processor"], "Quick, \"cheap\" <CPU>");
  EXPECT_EQ(out["machine"]["threads"], 2);
  EXPECT_EQ(out["model"]["type_bytes"]["Q4_K"], 900);
  EXPECT_EQ(out["tokens"], "random");
  EXPECT_EQ(out["complete"], true);
  EXPECT_EQ(out["limits"]["probes"].size(), 3U);
  EXPECT_EQ(out["limits"]["read_bytes_per_second"]["median"], 10e9);
  ASSERT_EQ(out["measurements"].size(), 2U);
  const Json& prefill = out["measurements"][0];
  EXPECT_EQ(prefill["phase"], "prefill");
  EXPECT_TRUE(prefill["rows"].is_null());
  EXPECT_EQ(prefill["bound"], "arithmetic");
  ASSERT_EQ(prefill["repetitions"].size(), 3U);
  EXPECT_EQ(prefill["repetitions"][2]["seconds"], 6.0);
  EXPECT_EQ(out["measurements"][1]["rows"], 2);
  EXPECT_TRUE(out["measurements"][1]["first_token_seconds"].is_null());
}

// Fields of a line; a comma in quotes is no border.
std::vector<std::string> fields_of(std::string_view line) {
  std::vector<std::string> fields(1);
  bool in_quotes = false;
  for (const char c : line) {
    if (c == '"') in_quotes = !in_quotes;
    if (c == ',' && !in_quotes) {
      fields.emplace_back();
    } else {
      fields.back() += c;
    }
  }
  return fields;
}

TEST(Report, CsvHasAColumnForEachHeading) {
  const std::string csv = to_csv(sample_report());
  std::vector<std::vector<std::string>> lines;
  for (size_t at = 0; at < csv.size();) {
    const size_t end = csv.find('\n', at);
    lines.push_back(fields_of(std::string_view(csv).substr(at, end - at)));
    at = end + 1;
  }
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(lines[1].size(), lines[0].size());
  EXPECT_EQ(lines[2].size(), lines[0].size());
  const auto column = [&](size_t line, const std::string& name) {
    const auto at = std::ranges::find(lines[0], name) - lines[0].begin();
    return lines[line].at(static_cast<size_t>(at));
  };
  EXPECT_EQ(column(1, "phase"), "prefill");
  EXPECT_EQ(column(1, "rows"), "");
  EXPECT_EQ(column(2, "rows"), "2");
  EXPECT_EQ(column(1, "tokens_per_second"), "20");
  EXPECT_EQ(column(1, "limit_share"), "0.6");
  EXPECT_EQ(column(2, "limit_read_bytes_per_second"), "10000000000");
  EXPECT_EQ(column(2, "first_token_seconds"), "");
  EXPECT_EQ(column(2, "model"), "\"a,b.gguf\"");
}

TEST(Report, TheDrawingHasABarForEachMeasurement) {
  Report report = sample_report();
  report.outcome.measurements[1].repetitions[0].seconds = 1e-6;  // faster than the limit
  const std::string svg = to_svg(report);
  EXPECT_THAT(svg, HasSubstr("A &amp; B"));
  EXPECT_THAT(svg, HasSubstr(">prompt of 100 at depth 0<"));
  EXPECT_THAT(svg, HasSubstr(">decode at depth 100, 2 rows<"));
  EXPECT_THAT(svg, testing::AllOf(HasSubstr(">60 %<"), HasSubstr(">20.0 tokens/s<")));
  EXPECT_THAT(svg, Not(HasSubstr("nan")));
  EXPECT_THAT(svg, Not(HasSubstr("inf")));
}

TEST(Report, AnEmptyOutcomeHasAllForms) {
  Report report = sample_report();
  report.outcome = {};
  report.outcome.complete = false;
  EXPECT_THAT(table(report), HasSubstr("0 probes"));
  EXPECT_EQ(json::parse(to_json(report)).value()["complete"], false);
  EXPECT_THAT(to_csv(report), HasSubstr("phase,prompt"));
  EXPECT_THAT(to_svg(report), HasSubstr("</svg>"));
}

}  // namespace
}  // namespace stride::bench
