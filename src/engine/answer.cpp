// SPDX-License-Identifier: Apache-2.0
// A token takes one way whatever its origin (chosen, or forced by a guard): advance() makes it part
// of the text.
#include "engine/answer.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace stride::engine {

namespace {

uint32_t token_budget(const GenerationInput& input, const GenerationOptions& options,
                      uint32_t capacity) {
  const auto n_prompt = static_cast<uint32_t>(input.prompt.size());
  const uint32_t room = capacity - std::min(capacity, n_prompt);
  return std::min(room, options.max_tokens.value_or(room));
}

decode::GuardTokens guard_tokens(const Engine& engine, const GenerationInput& input,
                                 const GenerationOptions& options) {
  decode::GuardTokens tokens = engine.guard_tokens();
  if (!input.tools) tokens.tool_call = -1;
  if (!input.start) tokens.think_close = -1;
  if (options.ignore_end) tokens.end.clear();
  tokens.end.insert(tokens.end.end(), options.stop_tokens.begin(), options.stop_tokens.end());
  return tokens;
}

decode::GuardOptions guard_options(const GenerationInput& input, const GenerationOptions& options,
                                   uint32_t budget) {
  const bool reasoning = input.start == chat::OutputStart::reasoning;
  return {.start = reasoning ? decode::Channel::reasoning : decode::Channel::content,
          .token_budget = budget,
          .thinking_budget = options.thinking_budget,
          .answer_reserve = options.answer_reserve,
          .close_before_call = options.close_before_call,
          .loop = options.loop_guard};
}

}  // namespace

Result<Answer> Answer::make(const Engine& engine, const GenerationInput& input,
                            const GenerationOptions& options, uint32_t capacity,
                            const Listener& listener) {
  if (options.max_tokens && *options.max_tokens == 0 && input.start)
    return fail(Errc::invalid_argument, "max_tokens is 0; it must be at least 1");
  const uint32_t n_vocab = engine.model().config().n_vocab;
  for (const Token token : options.stop_tokens) {
    if (token < 0 || static_cast<uint32_t>(token) >= n_vocab)
      return fail(Errc::invalid_argument, "stop_token_ids names token {}; the vocabulary has {}",
                  token, n_vocab);
  }
  auto sampler = STRIDE_TRY(decode::Sampler::make(options.sampling, n_vocab));
  auto stream = STRIDE_TRY(OutputStream::make(engine.tokenizer(), input, options.stop));
  return Answer(engine, input, options, token_budget(input, options, capacity), listener,
                std::move(sampler), std::move(stream));
}

Answer::Answer(const Engine& engine, const GenerationInput& input, const GenerationOptions& options,
               uint32_t budget, const Listener& listener, decode::Sampler sampler,
               OutputStream stream)
    : engine_(&engine),
      options_(&options),
      listener_(&listener),
      n_prompt_(input.prompt.size()),
      ends_by_caller_(options.max_tokens && *options.max_tokens <= budget),
      sampler_(std::move(sampler)),
      stream_(std::move(stream)),
      guard_(guard_tokens(engine, input, options), guard_options(input, options, budget)),
      text_(input.prompt) {
  if (input.grammar) constraint_.emplace(input.grammar, engine.masks());
}

bool Answer::wants_logits() {
  while (!cause_) {
    const decode::Channel channel = guard_.channel();
    if (guard_.remaining() == 0) {
      cause_ = ends_by_caller_ ? FinishCause::token_budget : FinishCause::context_end;
    } else if (const auto token = guard_.forced()) {
      // What a grammar refuses has no place in the content, whoever wants it there.
      const bool in_content = constraint_ && channel == decode::Channel::content;
      if (!in_content || constraint_->accept(*token))
        advance({.id = *token, .channel = channel, .forced = true});
    } else if (!constrained() || !take_certain()) {
      return true;
    }
  }
  return false;
}

// Where a grammar leaves no choice, the model is not asked; false if it leaves one.
bool Answer::take_certain() {
  if (constraint_->must_end()) {
    end_without_choice();
    return true;
  }
  const std::vector<Token> run = constraint_->certain();
  for (const Token token : run) {
    if (cause_ || guard_.remaining() == 0) break;
    offer({.id = token, .channel = decode::Channel::content, .forced = true});
  }
  return !run.empty();
}

size_t Answer::n_possible(std::span<const Token> guesses) {
  return constrained() ? constraint_->n_allowed(guesses) : guesses.size();
}

// Nothing can follow: well where the content is whole as it stands.
void Answer::end_without_choice() {
  const bool whole = constrained() && constraint_->may_end();
  cause_ = whole ? FinishCause::end_of_turn : FinishCause::dead_end;
}

// The logits with those of all tokens that may not come next at minus infinity.
std::span<const float> Answer::candidates(std::span<const float> logits, bool may_end) {
  if (constrained()) logits = constraint_->allowed(logits);
  if (may_end) return logits;
  logits_.assign(logits.begin(), logits.end());
  for (const Token token : guard_.end_tokens()) {
    if (static_cast<size_t>(token) < logits_.size())
      logits_[token] = -std::numeric_limits<float>::infinity();
  }
  return logits_;
}

Result<> Answer::choose(std::span<const float> logits) {
  GeneratedToken token;
  token.channel = guard_.channel();
  const auto repetition =
      guard_.discourages() ? decode::Repetition::discouraged : decode::Repetition::usual;
  const bool too_short = text_.size() - n_prompt_ < options_->min_tokens;
  const bool may_end = !too_short && !owes_answer();
  auto chosen = sampler_.sample(candidates(logits, may_end), text_, repetition);
  // Nothing but the end may be left.
  if (!chosen && !may_end && !too_short)
    chosen = sampler_.sample(candidates(logits, true), text_, repetition);
  if (!chosen && chosen.error().code == Errc::invalid_argument) {
    end_without_choice();
    return {};
  }
  token.id = STRIDE_TRY(std::move(chosen));
  if (options_->n_logprobs)
    token.logprobs = STRIDE_TRY(decode::log_probabilities(logits, token.id, *options_->n_logprobs));
  offer(std::move(token));
  return {};
}

// Where the reasoning was closed by force, the model, which was about to end its turn or to think
// on, has to begin an answer. What is only white space is none, but nobody waits for more for ever.
bool Answer::owes_answer() const {
  constexpr uint32_t kPatience = 16;
  if (!guard_.closed_by_force() || in_reasoning() || options_->ignore_end) return false;
  if (guard_.n_content() >= kPatience || !result_.output.calls.empty()) return false;
  return result_.output.content.value_or("").find_first_not_of(" \t\r\n") == std::string::npos;
}

// What becomes of a token is for the guards to say.
void Answer::offer(GeneratedToken token) {
  // Valid calls inside the reasoning, and then the end: they were meant, and are the answer.
  if (in_reasoning() && guard_.is_end(token.id) && stream_.ends_in_calls()) {
    cause_ = FinishCause::end_of_turn;
    return;
  }
  if (constrained() && !constraint_->accept(token.id)) return end_without_choice();
  switch (guard_.offer(token.id)) {
    case decode::Verdict::keep:
      advance(std::move(token));
      break;
    case decode::Verdict::drop:
      break;
    case decode::Verdict::end_of_turn: {
      const bool asked_for =
          std::ranges::find(options_->stop_tokens, token.id) != options_->stop_tokens.end();
      cause_ = asked_for ? FinishCause::stop_token : FinishCause::end_of_turn;
      if (asked_for) result_.stop_token = token.id;
      break;
    }
    case decode::Verdict::loop:
      advance(std::move(token));
      cause_ = FinishCause::loop;
      break;
  }
}

void Answer::advance(GeneratedToken token) {
  text_.push_back(token.id);
  if (listener_->on_token) listener_->on_token(token);
  emit(stream_.push(token.id));
  result_.tokens.push_back(std::move(token));
  // A model may spell </think> in ordinary letters, or begin its content with <think>, which only
  // the parser can see.
  stream_.in_reasoning() ? guard_.enter_reasoning() : guard_.leave_reasoning();
  if (stream_.stopped()) cause_ = FinishCause::stop_string;
}

void Answer::emit(const std::vector<chat::Delta>& deltas) {
  for (const chat::Delta& delta : deltas) {
    result_.output.add(delta);
    if (listener_->on_delta) listener_->on_delta(delta);
  }
}

Generated Answer::finish() {
  FinishCause cause = cause_.value_or(FinishCause::cancelled);
  const bool whole = cause == FinishCause::end_of_turn || cause == FinishCause::stop_string ||
                     cause == FinishCause::stop_token;
  emit(stream_.finish(whole ? chat::FinishReason::stop : chat::FinishReason::length));
  // Text that was held back until the end may hold a stop string, too.
  if (cause == FinishCause::end_of_turn && stream_.stopped()) cause = FinishCause::stop_string;
  result_.finish_cause = cause;
  result_.finish_reason = FinishReason::length;
  if (cause == FinishCause::cancelled) result_.finish_reason = FinishReason::cancelled;
  if (whole)
    result_.finish_reason =
        result_.output.calls.empty() ? FinishReason::stop : FinishReason::tool_calls;
  if (cause == FinishCause::stop_string) result_.stop_string = stream_.stop_string();
  result_.interventions = guard_.interventions();
  result_.usage.prompt_tokens = static_cast<uint32_t>(n_prompt_);
  result_.usage.reasoning_tokens = guard_.n_reasoning();
  result_.usage.answer_tokens = guard_.n_content();
  return std::move(result_);
}

}  // namespace stride::engine
