// SPDX-License-Identifier: Apache-2.0
// Counters and histograms of answers, in the text format of Prometheus: under the names of vLLM and
// of llama.cpp's server, so that their dashboards work unchanged, and under our own. Any thread.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "api/answer.h"
#include "api/histogram.h"
#include "engine/service.h"
#include "net/http_server.h"

namespace stride::api {

class Metrics {
 public:
  explicit Metrics(std::string model);

  void on_answer(const AnswerReport& report);
  void on_failure(const Failure& failure);  // of a request that never became an answer
  void on_token_gap(double seconds);

  std::string text(const engine::ServiceStats& service, const net::ServerStats& http) const;

 private:
  void count(const engine::Generated& generated);
  void observe(const engine::Generated& generated);
  void write_vllm(Exposition& out, const engine::ServiceStats& service) const;
  void write_vllm_histograms(Exposition& out) const;
  void write_llamacpp(Exposition& out, const engine::ServiceStats& service) const;
  void write_own(Exposition& out, const engine::ServiceStats& service) const;

  const std::string model_;
  mutable std::mutex mutex_;
  std::map<std::string, uint64_t> finished_;  // by reason, by cause: label text of both
  std::map<std::string, uint64_t> reasons_;
  std::map<std::string, uint64_t> guards_;
  std::map<std::string, uint64_t> failures_;
  std::map<std::string, uint64_t> dialects_;
  uint64_t prompt_tokens_ = 0;
  uint64_t cached_tokens_ = 0;
  uint64_t matched_tokens_ = 0;
  std::map<std::string, uint64_t> misses_;  // prompts, by why they had to be read
  uint64_t reasoning_tokens_ = 0;
  uint64_t generated_tokens_ = 0;
  uint64_t clients_gone_ = 0;
  double prefill_seconds_ = 0;
  double decode_seconds_ = 0;
  Histogram first_token_, token_gap_, token_mean_, total_, queue_, prefill_, decode_, inference_;
  Histogram prompt_length_, answer_length_, params_n_, params_max_tokens_;
};

}  // namespace stride::api
