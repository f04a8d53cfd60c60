// SPDX-License-Identifier: Apache-2.0
#include "api/metrics.h"

#include <fmt/format.h>

#include "api/request_log.h"
#include "base/version.h"

namespace stride::api {
namespace {

std::vector<double> latencies() {
  return {0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1,   2.5,
          5,    7.5,   10,   20,    40,  80,   160, 320,  640, 1280};
}

std::vector<double> gaps() {
  return {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2,
          0.3,   0.4,    0.5,   0.75, 1,     2.5,  5,     10,  30};
}

std::vector<double> lengths() {
  std::vector<double> out;
  for (double n = 1; n <= 262144; n *= 4) {
    out.push_back(n);
    out.push_back(2 * n);
  }
  return out;
}

// vLLM's words for the end of a request.
std::string_view vllm_reason(engine::FinishReason reason) {
  switch (reason) {
    case engine::FinishReason::length:
      return "length";
    case engine::FinishReason::cancelled:
      return "abort";
    case engine::FinishReason::stop:
    case engine::FinishReason::tool_calls:
      break;
  }
  return "stop";
}

double ratio(double part, double whole) {
  return whole > 0 ? part / whole : 0;
}

double count_of(uint64_t n) {
  return static_cast<double>(n);
}

void write_http(Exposition& out, const net::ServerStats& http) {
  out.gauge("stride:connections", "Open connections.", "", count_of(http.connections_open));
  out.counter("stride:connections_total", "Connections taken.", "",
              count_of(http.connections_total));
  out.counter("stride:connections_refused_total", "Connections over a limit.", "",
              count_of(http.connections_refused));
  out.counter("stride:http_requests_total", "HTTP requests.", "", count_of(http.requests));
  out.counter("stride:http_bytes_in_total", "Bytes received.", "", count_of(http.bytes_in));
  out.counter("stride:http_bytes_out_total", "Bytes sent.", "", count_of(http.bytes_out));
  out.counter("stride:http_stalled_total", "Clients that did not read.", "",
              count_of(http.closed_for_stall));
}

void write_counts(Exposition& out, std::string_view name, std::string_view help,
                  const std::map<std::string, uint64_t>& counts) {
  out.family(name, "counter", help);
  for (const auto& [labels, n] : counts) out.sample(name, labels, static_cast<double>(n));
}

}  // namespace

Metrics::Metrics(std::string model)
    : model_(std::move(model)),
      first_token_(latencies()),
      token_gap_(gaps()),
      token_mean_(gaps()),
      total_(latencies()),
      queue_(latencies()),
      prefill_(latencies()),
      decode_(latencies()),
      inference_(latencies()),
      prompt_length_(lengths()),
      answer_length_(lengths()),
      params_n_({1, 2, 4, 8, 16}),
      params_max_tokens_(lengths()) {
  for (const std::string_view reason : {"stop", "length", "abort"})
    reasons_[label("model_name", model_) + "," + label("finished_reason", reason)] = 0;
}

void Metrics::on_token_gap(double seconds) {
  const std::scoped_lock lock(mutex_);
  token_gap_.observe(seconds);
}

void Metrics::on_failure(const Failure& failure) {
  const std::scoped_lock lock(mutex_);
  ++failures_[label("status", fmt::format("{}", http_status(failure)))];
}

void Metrics::on_answer(const AnswerReport& report) {
  if (report.failure) on_failure(*report.failure);
  const std::scoped_lock lock(mutex_);
  clients_gone_ += report.client_gone ? 1 : 0;
  ++dialects_[label("dialect", dialect_name(report.call->dialect))];
  params_n_.observe(report.call->n);
  if (const auto& n = report.call->options.max_tokens) params_max_tokens_.observe(*n);
  queue_.observe(report.queue_seconds);
  total_.observe(report.total_seconds);
  if (report.first_token_seconds > 0) first_token_.observe(report.first_token_seconds);
  for (const engine::Generated& generated : report.choices) {
    count(generated);
    observe(generated);
  }
}

void Metrics::count(const engine::Generated& generated) {
  ++reasons_[label("model_name", model_) + "," +
             label("finished_reason", vllm_reason(generated.finish_reason))];
  ++finished_[label("finish_reason", engine::name(generated.finish_reason)) + "," +
              label("finish_cause", engine::name(generated.finish_cause))];
  for (const decode::Intervention& intervention : generated.interventions)
    ++guards_[label("guard", decode::name(intervention.guard))];
  prompt_tokens_ += generated.usage.prompt_tokens;
  cached_tokens_ += generated.usage.reused_tokens;
  matched_tokens_ += generated.usage.matched_tokens;
  ++misses_[label("reason", engine::name(generated.usage.cache_miss))];
  reasoning_tokens_ += generated.usage.reasoning_tokens;
  generated_tokens_ += generated.usage.completion_tokens();
  prefill_seconds_ += generated.timings.prefill_seconds;
  decode_seconds_ += generated.timings.decode_seconds;
}

void Metrics::observe(const engine::Generated& generated) {
  const double prefill = generated.timings.prefill_seconds;
  const double decode = generated.timings.decode_seconds;
  const uint32_t n_written = generated.usage.completion_tokens();
  prefill_.observe(prefill);
  decode_.observe(decode);
  inference_.observe(prefill + decode);
  prompt_length_.observe(generated.usage.prompt_tokens);
  answer_length_.observe(n_written);
  if (n_written > 1) token_mean_.observe(decode / (n_written - 1));
}

void Metrics::write_vllm(Exposition& out, const engine::ServiceStats& service) const {
  const std::string model = label("model_name", model_);
  out.gauge("vllm:num_requests_running", "Requests in the batch.", model, service.n_running);
  out.gauge("vllm:num_requests_waiting", "Requests that wait.", model, service.n_waiting);
  out.gauge("vllm:kv_cache_usage_perc", "Share of the cache's budget in use, 0 to 1.", model,
            ratio(count_of(service.cache_bytes), count_of(service.cache_budget_bytes)));
  out.counter("vllm:prefix_cache_queries_total", "Prompt tokens looked up in the cache.", model,
              count_of(prompt_tokens_));
  out.counter("vllm:prefix_cache_hits_total", "Of them, tokens found.", model,
              count_of(cached_tokens_));
  out.counter("vllm:num_preemptions_total", "Requests put back for want of memory.", model,
              count_of(service.n_set_back));
  out.counter("vllm:prompt_tokens_total", "Tokens of prompts.", model, count_of(prompt_tokens_));
  out.counter("vllm:prompt_tokens_cached_total", "Of them, tokens not computed again.", model,
              count_of(cached_tokens_));
  out.counter("vllm:generation_tokens_total", "Tokens written.", model,
              count_of(generated_tokens_));
  write_counts(out, "vllm:request_success_total", "Answers by the reason of their end.", reasons_);
}

void Metrics::write_vllm_histograms(Exposition& out) const {
  const std::string model = label("model_name", model_);
  out.histogram("vllm:time_to_first_token_seconds", "From the request to its first token.", model,
                first_token_);
  out.histogram("vllm:inter_token_latency_seconds", "Between two tokens of an answer.", model,
                token_gap_);
  out.histogram("vllm:request_time_per_output_token_seconds", "Mean of an answer.", model,
                token_mean_);
  out.histogram("vllm:e2e_request_latency_seconds", "From the request to its end.", model, total_);
  out.histogram("vllm:request_queue_time_seconds", "Until it was admitted.", model, queue_);
  out.histogram("vllm:request_prefill_time_seconds", "Reading the prompt.", model, prefill_);
  out.histogram("vllm:request_decode_time_seconds", "Writing the answer.", model, decode_);
  out.histogram("vllm:request_inference_time_seconds", "Both.", model, inference_);
  out.histogram("vllm:request_prompt_tokens", "Tokens of a prompt.", model, prompt_length_);
  out.histogram("vllm:request_generation_tokens", "Tokens of an answer.", model, answer_length_);
  out.histogram("vllm:request_params_n", "The parameter n.", model, params_n_);
  out.histogram("vllm:request_params_max_tokens", "The limit of tokens asked for.", model,
                params_max_tokens_);
}

void Metrics::write_llamacpp(Exposition& out, const engine::ServiceStats& service) const {
  const double n_read = count_of(prompt_tokens_ - cached_tokens_);
  out.counter("llamacpp:prompt_tokens_total", "Prompt tokens computed.", "", n_read);
  out.counter("llamacpp:prompt_seconds_total", "Seconds spent on them.", "", prefill_seconds_);
  out.gauge("llamacpp:prompt_tokens_seconds", "Prompt tokens per second.", "",
            ratio(n_read, prefill_seconds_));
  out.counter("llamacpp:tokens_predicted_total", "Tokens written.", "",
              count_of(generated_tokens_));
  out.counter("llamacpp:tokens_predicted_seconds_total", "Seconds spent on them.", "",
              decode_seconds_);
  out.gauge("llamacpp:predicted_tokens_seconds", "Tokens written per second, of one answer.", "",
            ratio(count_of(generated_tokens_), decode_seconds_));
  out.gauge("llamacpp:requests_processing", "Requests in the batch.", "", service.n_running);
  out.gauge("llamacpp:requests_deferred", "Requests that wait.", "", service.n_waiting);
  out.counter("llamacpp:n_decode_total", "Runs of the model.", "", count_of(service.n_step));
  out.gauge("llamacpp:n_busy_slots_per_decode", "Tokens computed in a run, on average.", "",
            ratio(count_of(service.n_row), count_of(service.n_step)));
  out.counter("llamacpp:spec_decode_num_draft_tokens_total", "Tokens drafted by the MTP heads.", "",
              count_of(service.n_draft));
  out.counter("llamacpp:spec_decode_num_accepted_tokens_total", "Of them, tokens accepted.", "",
              count_of(service.n_draft_accepted));
}

void Metrics::write_own(Exposition& out, const engine::ServiceStats& service) const {
  write_counts(out, "stride:answers_total", "Answers by reason and cause of their end.", finished_);
  write_counts(out, "stride:calls_total", "Calls by dialect.", dialects_);
  write_counts(out, "stride:failures_total", "Failures by status.", failures_);
  write_counts(out, "stride:guards_total", "Times that a guard stepped in.", guards_);
  write_counts(out, "stride:prompts_total", "Prompts by why part of them had to be read.", misses_);
  out.counter("stride:prompt_tokens_matched_total",
              "Prompt tokens in common with what the cache held; those that were not reused lay "
              "behind the last rewind point.",
              "", count_of(matched_tokens_));
  out.counter("stride:reasoning_tokens_total", "Tokens written as reasoning.", "",
              count_of(reasoning_tokens_));
  out.counter("stride:clients_gone_total", "Answers whose client went away.", "",
              count_of(clients_gone_));
  out.gauge("stride:cache_bytes", "Keys and values in memory.", "", count_of(service.cache_bytes));
  out.gauge("stride:cache_budget_bytes", "What they may take.", "",
            count_of(service.cache_budget_bytes));
  out.counter("stride:steps_total", "Runs of the model.", "", count_of(service.n_step));
  out.counter("stride:rows_total", "Tokens computed by them.", "", count_of(service.n_row));
  out.counter("stride:drafts_total", "Tokens drafted.", "", count_of(service.n_draft));
  out.counter("stride:drafts_accepted_total", "Of them, tokens accepted.", "",
              count_of(service.n_draft_accepted));
  out.gauge("stride:build_info", "The version.", label("version", version()), 1);
}

std::string Metrics::text(const engine::ServiceStats& service, const net::ServerStats& http) const {
  const std::scoped_lock lock(mutex_);
  Exposition out;
  write_vllm(out, service);
  write_vllm_histograms(out);
  write_llamacpp(out, service);
  write_own(out, service);
  write_http(out, http);
  return out.take();
}

}  // namespace stride::api
