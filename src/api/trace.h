// SPDX-License-Identifier: Apache-2.0
// A bundle of files for each request, from which it can be played again: the request as it came
// (without its key), the rendered prompt, the options with the seed that was drawn, the answer.
//
//   TIME-REQUEST_ID/request.json  {"method", "target", "headers", "body"}
//   TIME-REQUEST_ID/prompt.txt    what the model read, control tokens spelled out
//   TIME-REQUEST_ID/answer.json   {"seed", "prompt_tokens", "choices", "answer"}
//
// `curl --data-binary @body` with the body of request.json and the seed added gives the answer
// again. Written by a thread of its own; what cannot be written is left out and counted.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "api/answer.h"
#include "net/http_message.h"

namespace stride::api {

struct TraceBundle {
  net::HttpRequest request{};
  std::string prompt{};
  std::vector<engine::Token> tokens{};
  uint64_t seed = 0;
};

class Trace {
 public:
  // No folder: nothing is kept.
  explicit Trace(std::filesystem::path folder);
  ~Trace();

  bool on() const { return !folder_.empty(); }
  void keep(const TraceBundle& bundle, const AnswerReport& report);
  uint64_t n_lost() const { return n_lost_; }

 private:
  struct File {
    std::filesystem::path path;
    std::string text;
  };

  void run(const std::stop_token& stop);

  const std::filesystem::path folder_;
  std::atomic<uint64_t> n_lost_ = 0;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<File> queue_;
  std::jthread thread_;  // last: it uses the others
};

}  // namespace stride::api
