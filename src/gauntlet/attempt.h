// SPDX-License-Identifier: Apache-2.0
// What one request to an endpoint delivered: the text of each channel, the calls, the usage it
// claims, when things arrived, and one class that says how it went. Nothing here is graded.
//
// A quantity that was not observed is nothing, never a guess.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stride::gauntlet {

enum class Api : uint8_t { openai, responses, anthropic, ollama, stride };
std::string_view name(Api api);
std::optional<Api> parse_api(std::string_view name);

// One class per attempt. The grader turns `ok` into wrong, constraint_miss, unparseable,
// tool_as_text, tool_invalid or echo; all others are known when the answer has been captured.
enum class FailureClass : uint8_t {
  ok,
  wrong,
  constraint_miss,
  empty_answer,
  reasoning_only,
  truncated_in_reasoning,
  truncated_in_answer,
  refused,
  unparseable,
  tool_as_text,
  tool_invalid,
  echo,
  content_filter,
  http_4xx,
  rate_limited,
  http_5xx,
  connect_timeout,
  first_event_timeout,
  idle_timeout,
  total_timeout,
  stream_cut,
  protocol_error,
  harness_error,
};
std::string_view name(FailureClass failure);
std::optional<FailureClass> parse_failure_class(std::string_view name);

struct CapturedCall {
  std::string id{};
  std::string name{};
  std::string arguments{};  // as sent, whether JSON or not

  bool operator==(const CapturedCall&) const = default;
};

enum class TokenSource : uint8_t { none, usage, tokenizer, estimate };
std::string_view name(TokenSource source);
std::optional<TokenSource> parse_token_source(std::string_view name);

struct TokenUsage {
  std::optional<uint64_t> input{};
  std::optional<uint64_t> cached{};
  std::optional<uint64_t> output{};     // reasoning included
  std::optional<uint64_t> reasoning{};  // of output
  std::optional<double> cost_usd{};
  TokenSource source = TokenSource::none;

  bool operator==(const TokenUsage&) const = default;
};

// Seconds since just before the request body was written on an established connection.
struct Timing {
  std::optional<double> dns{}, tcp{}, tls{};  // durations before that
  std::optional<double> ttfb{};               // response headers
  std::optional<double> ttfe{};               // first event of any kind
  std::optional<double> ttft{};               // first generated token of any channel
  std::optional<double> ttfr{};               // first reasoning token
  std::optional<double> ttfa{};               // first answer or tool token
  std::optional<double> last_answer{};
  std::optional<double> last_token{};
  std::optional<double> max_gap{};  // between two frames that bear tokens
  double total = 0;
  std::vector<double> itl{};       // gaps between frames that bear tokens
  std::vector<double> itl_norm{};  // the same, each divided by the tokens of the frame

  bool operator==(const Timing&) const = default;
};

struct Attempt {
  int http_status = 0;  // 0: no response
  FailureClass failure = FailureClass::ok;
  std::string message{};  // one clear line about a failure
  std::optional<double> retry_after_s{};

  std::string answer{};     // the only channel that is graded
  std::string reasoning{};  // diagnostics
  std::string signature{};  // of the reasoning, which some APIs want back with it
  std::string refusal{};
  std::vector<CapturedCall> calls{};
  std::string finish_reason{};  // as sent; empty: none seen
  std::string model{};          // as the endpoint names itself

  // The caller asked to stop: what is here is a part, and `failure` says nothing about the
  // endpoint.
  bool cancelled = false;
  bool streamed = false;
  bool done_seen = false;         // the dialect's own end marker
  bool hidden = false;            // reasoning tokens are billed, no text of them came
  bool inline_reasoning = false;  // reasoning came inside the answer, between tags
  bool late_open = false;  // a closing tag without an opening one relabelled what came before
  bool tag_leak = false;   // a reasoning tag inside the answer
  std::vector<std::string> notes{};  // further oddities of the protocol, one line each

  TokenUsage usage{};
  Timing timing{};

  bool new_connection = false;  // false also where none was made
  std::string request_sha{};    // of the request in canonical JSON, without headers and nonce
  std::string cast{};           // file name of the recording, where one was made or replayed

  bool operator==(const Attempt&) const = default;
};

}  // namespace stride::gauntlet
