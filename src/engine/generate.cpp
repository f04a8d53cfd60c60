// SPDX-License-Identifier: Apache-2.0
// The loop of one generation. A token takes one way whatever its origin (chosen, or forced by a
// guard): advance() makes it part of the text. What the model reads, and how far ahead of the text,
// is the speculator's affair.
#include "engine/generate.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "engine/output_stream.h"

namespace stride::engine {

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

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

class Generation {
 public:
  Generation(const Engine& engine, Session& session, const GenerationInput& input,
             const GenerationOptions& options, const Listener& listener, std::stop_token stop,
             decode::Sampler sampler, OutputStream stream)
      : engine_(engine),
        session_(session),
        input_(input),
        options_(options),
        listener_(listener),
        stop_(std::move(stop)),
        sampler_(std::move(sampler)),
        stream_(std::move(stream)),
        speculator_(session, options.mtp_depth, engine.model().config().n_mtp),
        guard_(guard_tokens(), guard_options()),
        history_(input.prompt) {}

  Result<Generated> run() {
    auto read = prefill(session_, input_.prompt,
                        {.chunk = options_.chunk,
                         .marks = mark_positions(engine_, input_.prompt),
                         .on_progress = listener_.on_prefill},
                        stop_, speculator_.output());
    if (!read && read.error().code != Errc::cancelled) return std::unexpected(read.error());
    if (read) count_prefill(*read);
    const Clock::time_point start = Clock::now();
    const auto cause = read ? decode() : FinishCause::cancelled;
    const double seconds = seconds_since(start);
    STRIDE_TRY(speculator_.finish());
    finish(STRIDE_TRY(cause));
    result_.timings.decode_seconds = seconds;
    result_.speculation = speculator_.stats();
    if (result_.speculation.n_token > 0)
      result_.timings.generated_tokens_per_second = result_.speculation.n_token / seconds;
    return std::move(result_);
  }

 private:
  uint32_t token_budget() const {
    const auto n_prompt = static_cast<uint32_t>(input_.prompt.size());
    const uint32_t room = session_.capacity() - std::min(session_.capacity(), n_prompt);
    return std::min(room, options_.max_tokens.value_or(room));
  }

  decode::GuardTokens guard_tokens() const {
    decode::GuardTokens tokens = engine_.guard_tokens();
    if (!input_.tools) tokens.tool_call = -1;
    if (!input_.start) tokens.think_close = -1;
    if (options_.ignore_end) tokens.end.clear();
    return tokens;
  }

  decode::GuardOptions guard_options() const {
    const bool reasoning = input_.start == chat::OutputStart::reasoning;
    return {.start = reasoning ? decode::Channel::reasoning : decode::Channel::content,
            .token_budget = token_budget(),
            .thinking_budget = options_.thinking_budget,
            .answer_reserve = options_.answer_reserve,
            .close_before_call = options_.close_before_call,
            .loop = options_.loop_guard};
  }

  void count_prefill(const PrefillProgress& read) {
    result_.usage.reused_tokens = read.reused;
    result_.timings.prefill_seconds = read.seconds;
    if (read.seconds > 0) result_.timings.prompt_tokens_per_second = read.processed / read.seconds;
  }

  Result<FinishCause> decode() {
    while (guard_.remaining() > 0) {
      if (stop_.stop_requested()) return FinishCause::cancelled;
      if (const auto token = guard_.forced()) {
        advance({.id = *token, .channel = guard_.channel(), .forced = true});
      } else {
        const auto cause = STRIDE_TRY(choose());
        if (cause) return *cause;
      }
      if (stream_.stopped()) return FinishCause::stop_string;
    }
    const bool by_caller = options_.max_tokens && *options_.max_tokens <= token_budget();
    return by_caller ? FinishCause::token_budget : FinishCause::context_end;
  }

  // One token from the model; a cause if the text ends with it.
  Result<std::optional<FinishCause>> choose() {
    const auto logits = STRIDE_TRY(speculator_.logits_after(history_, guard_.remaining()));
    GeneratedToken token;
    token.id = STRIDE_TRY(sampler_.sample(logits, history_));
    if (options_.n_logprobs)
      token.logprobs =
          STRIDE_TRY(decode::log_probabilities(logits, token.id, *options_.n_logprobs));
    token.channel = guard_.channel();
    switch (guard_.offer(token.id)) {
      case decode::Verdict::keep:
        advance(std::move(token));
        break;
      case decode::Verdict::drop:
        break;
      case decode::Verdict::end_of_turn:
        return FinishCause::end_of_turn;
      case decode::Verdict::loop:
        advance(std::move(token));
        return FinishCause::loop;
    }
    return std::nullopt;
  }

  void advance(GeneratedToken token) {
    history_.push_back(token.id);
    if (listener_.on_token) listener_.on_token(token);
    emit(stream_.push(token.id));
    result_.tokens.push_back(std::move(token));
    // A model may spell </think> in ordinary letters, which only the parser can see.
    if (!stream_.in_reasoning()) guard_.leave_reasoning();
  }

  void emit(const std::vector<chat::Delta>& deltas) {
    for (const chat::Delta& delta : deltas) {
      result_.output.add(delta);
      if (listener_.on_delta) listener_.on_delta(delta);
    }
  }

  void finish(FinishCause cause) {
    const bool whole = cause == FinishCause::end_of_turn || cause == FinishCause::stop_string;
    emit(stream_.finish(whole ? chat::FinishReason::stop : chat::FinishReason::length));
    result_.finish_cause = cause;
    result_.finish_reason = FinishReason::length;
    if (cause == FinishCause::cancelled) result_.finish_reason = FinishReason::cancelled;
    if (whole)
      result_.finish_reason =
          result_.output.calls.empty() ? FinishReason::stop : FinishReason::tool_calls;
    result_.stop_string = stream_.stop_string();
    result_.interventions = guard_.interventions();
    result_.usage.prompt_tokens = static_cast<uint32_t>(input_.prompt.size());
    result_.usage.reasoning_tokens = guard_.n_reasoning();
    result_.usage.answer_tokens = guard_.n_content();
  }

  const Engine& engine_;
  Session& session_;
  const GenerationInput& input_;
  const GenerationOptions& options_;
  const Listener& listener_;
  std::stop_token stop_;
  decode::Sampler sampler_;
  OutputStream stream_;
  Speculator speculator_;
  decode::ReasoningGuard guard_;
  std::vector<Token> history_;  // prompt and generated tokens
  Generated result_;
};

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
    case FinishCause::token_budget:
      return "token_budget";
    case FinishCause::context_end:
      return "context_end";
    case FinishCause::loop:
      return "loop";
    case FinishCause::cancelled:
      return "cancelled";
  }
  return "";
}

Result<Generated> generate(const Engine& engine, Session& session, const GenerationInput& input,
                           const GenerationOptions& options, const Listener& listener,
                           std::stop_token stop) {
  if (options.max_tokens && *options.max_tokens == 0)
    return fail(Errc::invalid_argument, "max_tokens is 0; it must be at least 1");
  auto sampler =
      STRIDE_TRY(decode::Sampler::make(options.sampling, engine.model().config().n_vocab));
  auto stream = STRIDE_TRY(OutputStream::make(engine.tokenizer(), input, options.stop));
  STRIDE_TRY(check_mtp_depth(options.mtp_depth, engine.model().config().n_mtp));
  return Generation(engine, session, input, options, listener, std::move(stop), std::move(sampler),
                    std::move(stream))
      .run();
}

}  // namespace stride::engine
