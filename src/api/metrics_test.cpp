// SPDX-License-Identifier: Apache-2.0
#include "api/metrics.h"

#include <gtest/gtest.h>

namespace stride::api {
namespace {

TEST(HistogramText, IsCumulative) {
  Histogram histogram({1, 2.5});
  for (const double value : {0.5, 1.0, 2.0, 9.0}) histogram.observe(value);
  Exposition out;
  out.histogram("h", "Help.", label("m", "a\"b\\c\nd"), histogram);
  EXPECT_EQ(out.take(),
            "# HELP h Help.\n# TYPE h histogram\n"
            "h_bucket{m=\"a\\\"b\\\\c\\nd\",le=\"1\"} 2\n"
            "h_bucket{m=\"a\\\"b\\\\c\\nd\",le=\"2.5\"} 3\n"
            "h_bucket{m=\"a\\\"b\\\\c\\nd\",le=\"+Inf\"} 4\n"
            "h_sum{m=\"a\\\"b\\\\c\\nd\"} 12.5\n"
            "h_count{m=\"a\\\"b\\\\c\\nd\"} 4\n");
}

TEST(MetricsText, CountsAnswersAndFailures) {
  Metrics metrics("m");
  ChatCall call;
  call.options.max_tokens = 100;
  AnswerReport report;
  report.call = &call;
  report.first_token_seconds = 0.2;
  report.choices.resize(1);
  report.choices[0].usage = {
      .prompt_tokens = 10, .reused_tokens = 4, .reasoning_tokens = 3, .answer_tokens = 2};
  report.choices[0].interventions = {{.guard = decode::Guard::loop}};
  metrics.on_answer(report);
  metrics.on_failure({FailureKind::rate_limit, "full"});
  metrics.on_token_gap(0.02);
  const std::string text = metrics.text(
      {.n_running = 1, .cache_bytes = 5, .cache_budget_bytes = 10}, {.connections_open = 7});
  for (const char* line :
       {"vllm:num_requests_running{model_name=\"m\"} 1\n",
        "vllm:kv_cache_usage_perc{model_name=\"m\"} 0.5\n",
        "vllm:prefix_cache_hits_total{model_name=\"m\"} 4\n",
        "vllm:request_success_total{model_name=\"m\",finished_reason=\"stop\"} 1\n",
        "vllm:request_success_total{model_name=\"m\",finished_reason=\"length\"} 0\n",
        "vllm:time_to_first_token_seconds_bucket{model_name=\"m\",le=\"0.25\"} 1\n",
        "vllm:inter_token_latency_seconds_count{model_name=\"m\"} 1\n",
        "llamacpp:tokens_predicted_total 5\n", "llamacpp:prompt_tokens_total 6\n",
        "stride:guards_total{guard=\"loop\"} 1\n", "stride:failures_total{status=\"429\"} 1\n",
        "stride:answers_total{finish_reason=\"stop\",finish_cause=\"end_of_turn\"} 1\n",
        "stride:connections 7\n"})
    EXPECT_NE(text.find(line), std::string::npos) << line << text;
}

}  // namespace
}  // namespace stride::api
