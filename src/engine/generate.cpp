// SPDX-License-Identifier: Apache-2.0
// The loop of one generation. What becomes of the tokens is the answer's affair; what the model
// reads, and how far ahead of the text, the speculator's.
#include "engine/generate.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "engine/answer.h"
#include "engine/clock.h"
#include "engine/prefill.h"

namespace stride::engine {

namespace {

// Where later prompts will part from this one: after the first turn (its system text returns in
// other conversations), before the first <think> (earlier reasoning is dropped from a prompt when
// the next user turn comes), and at the end (the same turn continued, or asked again).
std::vector<uint32_t> mark_positions(const Engine& engine, std::span<const Token> prompt) {
  std::vector<uint32_t> out;
  const auto position = [&](auto it) { return static_cast<uint32_t>(it - prompt.begin()); };
  const auto first_turn = std::find(prompt.begin(), prompt.end(), engine.turn_begin());
  if (first_turn != prompt.end()) {
    const auto second = std::find(first_turn + 1, prompt.end(), engine.turn_begin());
    if (second != prompt.end()) out.push_back(position(second));
  }
  const auto think = std::find(prompt.begin(), prompt.end(), engine.think_begin());
  if (think != prompt.end()) out.push_back(position(think));
  out.push_back(static_cast<uint32_t>(prompt.size()));
  return out;
}

// Chooses token after token until the answer ends or is to be stopped.
Result<> decode(Answer& answer, Speculator& speculator, const std::stop_token& stop) {
  while (answer.wants_logits()) {
    if (stop.stop_requested()) {
      answer.end(FinishCause::cancelled);
      break;
    }
    STRIDE_TRY(answer.choose(STRIDE_TRY(speculator.logits_after(answer.text(), answer.n_left()))));
  }
  return {};
}

}  // namespace

std::string_view name(FinishReason reason) {
  switch (reason) {
    case FinishReason::stop:
      return "stop";
    case FinishReason::length:
      return "length";
    case FinishReason::tool_calls:
      return "tool_calls";
    case FinishReason::cancelled:
      return "cancelled";
  }
  return "";
}

std::string_view name(FinishCause cause) {
  switch (cause) {
    case FinishCause::end_of_turn:
      return "end_of_turn";
    case FinishCause::stop_string:
      return "stop_string";
    case FinishCause::stop_token:
      return "stop_token";
    case FinishCause::token_budget:
      return "token_budget";
    case FinishCause::context_end:
      return "context_end";
    case FinishCause::loop:
      return "loop";
    case FinishCause::dead_end:
      return "dead_end";
    case FinishCause::deadline:
      return "deadline";
    case FinishCause::cancelled:
      return "cancelled";
  }
  return "";
}

std::string_view name(CacheMiss miss) {
  switch (miss) {
    case CacheMiss::none:
      return "none";
    case CacheMiss::unknown:
      return "unknown";
    case CacheMiss::longer:
      return "longer";
    case CacheMiss::changed:
      return "changed";
    case CacheMiss::rewind:
      return "rewind";
  }
  return "";
}

Result<Generated> generate(const Engine& engine, Session& session, const GenerationInput& input,
                           const GenerationOptions& options, const Listener& listener,
                           const std::stop_token& stop) {
  auto answer = STRIDE_TRY(Answer::make(engine, input, options, session.capacity(), listener));
  const uint32_t n_mtp = engine.model().config().n_mtp;
  STRIDE_TRY(check_mtp_depth(options.mtp_depth, n_mtp));
  Speculator speculator(session, options.mtp_depth, n_mtp);
  std::optional<PromptScores> scores;
  if (options.n_prompt_logprobs)
    scores.emplace(static_cast<uint32_t>(input.prompt.size()), *options.n_prompt_logprobs,
                   engine.model().config().n_vocab);
  const auto read = prefill(session, input.prompt,
                            {.chunk = options.chunk,
                             .marks = mark_positions(engine, input.prompt),
                             .on_progress = listener.on_prefill,
                             .scores = scores ? &*scores : nullptr},
                            stop, speculator.output());
  if (!read && read.error().code != Errc::cancelled) return std::unexpected(read.error());
  const Clock::time_point start = Clock::now();
  if (read && scores && listener.on_prompt_logprobs) listener.on_prompt_logprobs(scores->scores());
  if (read) STRIDE_TRY(decode(answer, speculator, stop));
  const double seconds = seconds_since(start);
  STRIDE_TRY(speculator.finish());
  Generated result = answer.finish();
  if (read) {
    result.usage.reused_tokens = read->reused;
    result.usage.matched_tokens = read->reused;
    result.usage.cache_miss = read->reused > 0 ? CacheMiss::longer : CacheMiss::unknown;
    result.timings.prefill_seconds = read->seconds;
    if (read->seconds > 0)
      result.timings.prompt_tokens_per_second = read->processed / read->seconds;
  }
  result.timings.decode_seconds = seconds;
  result.speculation = speculator.stats();
  if (result.speculation.n_token > 0)
    result.timings.generated_tokens_per_second = result.speculation.n_token / seconds;
  return result;
}

}  // namespace stride::engine
