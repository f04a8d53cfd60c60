// SPDX-License-Identifier: Apache-2.0
// A model behind a URL, asked in the dialect of its API. Whatever the endpoint does, ask() returns
// an Attempt with a class and one clear line; it never throws and never fails.
//
//   const Endpoint endpoint = STRIDE_TRY(Endpoint::make({.url = "http://127.0.0.1:8080"}));
//   const Attempt attempt = endpoint.ask(question, {.answer_budget = 400, .timeout_s = 120}, stop);
//
// Nothing is retried here: every request is one attempt. ask() may be called from several threads;
// idle connections are kept and shared between the calls. The key is sent and nothing else: it is
// neither logged nor recorded.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "gauntlet/attempt.h"
#include "gauntlet/test.h"

namespace stride::gauntlet {

struct Sampling {
  std::string name{};  // for the records
  // Nothing: not sent, so the endpoint's own default counts.
  std::optional<double> temperature{};
  std::optional<double> top_p{};
};

// "deploy" (what the maker of the model advises, nothing where that is not known), "published"
// (temperature 0.7) or "greedy" (temperature 0).
Result<Sampling> sampling_named(std::string_view name, std::string_view model);

enum class Thinking : uint8_t { unset, on, off };  // unset: not sent

struct EndpointOptions {
  std::string url{};  // with or without the API's own path: http://host/v1 and http://host are both
                      // fine
  Api api = Api::openai;
  std::string model{};
  std::string key{};
  Sampling sampling{};
  uint32_t reasoning_budget = 16384;
  // One limit for reasoning and answer together, instead of the sum of the two budgets: the
  // published harness sent 4000.
  std::optional<uint32_t> shared_budget{};
  Thinking thinking = Thinking::unset;
  std::string effort{};      // "low", "medium", "high"; empty: not sent
  std::string extra_body{};  // a JSON object whose members are put into every request
  std::vector<std::pair<std::string, std::string>> headers{};  // sent, not recorded
  double connect_timeout_s = 10, first_event_timeout_s = 60, idle_timeout_s = 60;
  // Around reasoning inside the answer, opening and closing, besides those that are known.
  std::vector<std::pair<std::string, std::string>> tags{};
  bool use_proxy = false;                 // of the environment
  std::filesystem::path record_folder{};  // empty: nothing is recorded
  std::filesystem::path replay_folder{};  // not empty: no network, casts of this folder answer
  // Counts the tokens of a text where the vocabulary of the model is known.
  std::function<size_t(std::string_view)> count_tokens{};
};

enum class AnswerFormat : uint8_t { text, json_object, json_schema };

struct AskOptions {
  uint32_t answer_budget = 1024;
  double timeout_s = 120;  // for the whole attempt
  std::optional<uint64_t> seed{};
  bool stream = true;
  AnswerFormat format = AnswerFormat::text;
  std::string schema{};  // of json_schema, as text
  // Put before the first turn, so that no cache of prefixes helps.
  std::string nonce{};
  bool new_connection = false;
  std::string tool_choice{};  // "auto", "none", "required" or a function's name; empty: not sent
  std::vector<std::string> stop{};
  std::optional<Thinking> thinking{};          // instead of the endpoint's
  std::optional<uint32_t> reasoning_budget{};  // instead of the endpoint's
  std::optional<Sampling> sampling{};          // instead of the endpoint's
  std::string model{};                         // instead of the endpoint's
  // Called on the calling thread with the characters of all channels so far, as they arrive.
  std::function<void(size_t)> on_progress{};
};

// What came back to a request that is not a question, or that is broken on purpose.
struct RawReply {
  int status = 0;  // 0: none, `message` says why
  std::string content_type{};
  std::string body{};
  std::string message{};
  bool new_connection = false;
  double total_s = 0;
};

class Endpoint {
 public:
  // Errc::invalid_argument for a URL, an extra body or folders that cannot be used.
  static Result<Endpoint> make(EndpointOptions options);
  Endpoint(Endpoint&&) noexcept;
  Endpoint& operator=(Endpoint&&) noexcept;
  ~Endpoint();

  Attempt ask(const Question& question, const AskOptions& options, std::stop_token stop) const;

  // The body that ask() would send. It holds no key.
  std::string request_body(const Question& question, const AskOptions& options) const;

  // Sends `body` as it is to the path that ask() uses.
  RawReply post(std::string_view body, double timeout_s, std::stop_token stop) const;
  // The ids the endpoint lists.
  Result<std::vector<std::string>> models(double timeout_s, std::stop_token stop) const;

  const EndpointOptions& options() const;

 private:
  struct Impl;
  explicit Endpoint(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace stride::gauntlet
