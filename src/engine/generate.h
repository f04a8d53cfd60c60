// SPDX-License-Identifier: Apache-2.0
// One answer: reads a prompt into a session, then chooses tokens one after the other until the turn
// ends, and tells its listener what appears. Everything a caller could want to know about how the
// answer came about is in the result.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "chat/output_parser.h"
#include "decode/reasoning_guard.h"
#include "decode/sampler.h"
#include "engine/engine.h"
#include "engine/prefill.h"
#include "engine/session.h"
#include "engine/speculation.h"

namespace stride::engine {

struct GenerationOptions {
  decode::SamplingOptions sampling{};
  std::optional<uint32_t> max_tokens{};  // reasoning included; the context is the other limit
  std::optional<uint32_t> thinking_budget{};
  std::optional<uint32_t> answer_reserve{};  // see decode::default_answer_reserve()
  bool close_before_call = true;             // see decode::GuardOptions; only where there are tools
  decode::LoopGuard loop_guard = decode::LoopGuard::reasoning;
  std::vector<std::string> stop{};  // looked for in content only
  std::optional<uint32_t>
      mtp_depth{};                   // drafts a step; nothing = what pays. Never changes the text
  bool ignore_end = false;           // end tokens are ordinary ones (measurements)
  uint32_t min_tokens = 0;           // before these, nothing that ends the turn is chosen
  std::vector<Token> stop_tokens{};  // end the turn, too, and are no part of the text
  uint32_t chunk = 512;              // prompt tokens in one call of the model at most
  std::optional<uint32_t> n_logprobs{};  // alternatives to report for each token
  // The same for each token of the prompt after the first. Nothing of it comes from a cache then.
  std::optional<uint32_t> n_prompt_logprobs{};
};

enum class FinishReason : uint8_t { stop, length, tool_calls, cancelled };
enum class FinishCause : uint8_t {
  end_of_turn,  // the model's own end token
  stop_string,
  stop_token,
  token_budget,  // max_tokens
  context_end,   // the context is full
  loop,          // the text went round in circles
  dead_end,      // no token may follow: a grammar or a bias rules all of them out
  deadline,      // the time that the request had was over
  cancelled
};
std::string_view name(FinishReason reason);
std::string_view name(FinishCause cause);

struct GeneratedToken {
  Token id = 0;
  decode::Channel channel = decode::Channel::content;
  bool forced = false;                         // put there by a guard, not chosen
  std::optional<decode::Logprobs> logprobs{};  // of chosen tokens, where asked for
  SpeculationStats::Head drafts{};             // until now, by a service
};

// Why part of a prompt had to be read, though it may have been read before.
enum class CacheMiss : uint8_t {
  none,     // nothing but its end was read
  unknown,  // nothing that is held begins like it
  longer,   // it goes on where what is held ends
  changed,  // it parts from what is held
  rewind    // it has more in common with what is held than the sliding layers can be taken back to
};
std::string_view name(CacheMiss miss);

struct Usage {
  uint32_t prompt_tokens = 0;
  uint32_t reused_tokens = 0;  // of the prompt, found in the cache
  // Of the prompt, in common with something that the cache holds. Those that were not reused lie
  // behind the last place where the sliding layers could be taken up.
  uint32_t matched_tokens = 0;
  CacheMiss cache_miss = CacheMiss::unknown;  // the reason that weighs most
  uint32_t reasoning_tokens = 0;              // generated, up to and including </think>
  uint32_t answer_tokens = 0;                 // generated after it
  uint32_t completion_tokens() const { return reasoning_tokens + answer_tokens; }
};

struct Timings {
  double queue_seconds = 0;  // before it was begun
  double prefill_seconds = 0;
  double decode_seconds = 0;
  double prompt_tokens_per_second = 0;     // of the tokens that were not reused
  double generated_tokens_per_second = 0;  // of those after the first
};

struct Generated {
  chat::ParsedOutput output;
  std::vector<GeneratedToken> tokens;
  Usage usage;
  Timings timings;
  SpeculationStats speculation;
  FinishReason finish_reason = FinishReason::stop;
  FinishCause finish_cause = FinishCause::end_of_turn;
  std::optional<size_t> stop_string{};  // index of the one that ended the answer
  std::optional<Token> stop_token{};    // the one that did, of those that were asked for
  std::vector<decode::Intervention> interventions;
};

// Any may be empty. Called on the thread that generates, in order.
struct Listener {
  std::function<void(const PrefillProgress&)> on_prefill{};
  // Where the options ask for them: once, before the first token.
  std::function<void(std::span<const decode::Logprobs>)> on_prompt_logprobs{};
  std::function<void(const chat::Delta&)> on_delta{};
  std::function<void(const GeneratedToken&)> on_token{};
};

// Options are checked before anything is run. A request to stop is no error: it ends the answer
// with what there is, cause `cancelled`, and leaves the session usable, as errors do. A prompt that
// does not fit the context is one (exhausted, with both numbers).
Result<Generated> generate(const Engine& engine, Session& session, const GenerationInput& input,
                           const GenerationOptions& options, const Listener& listener,
                           const std::stop_token& stop);

}  // namespace stride::engine
