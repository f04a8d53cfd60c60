// SPDX-License-Identifier: Apache-2.0
// The state machine of the guards.
#include "decode/reasoning_guard.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace stride::decode {

namespace {

// How long repetition is discouraged after the last sign of a loop.
constexpr uint32_t kCalm = 64;

// A client that sets a thinking budget has said what is left for the answer.
uint32_t reserve_of(const GuardOptions& options) {
  if (options.answer_reserve) return *options.answer_reserve;
  const uint32_t usual = default_answer_reserve(options.token_budget);
  const uint32_t thinking = options.thinking_budget.value_or(0);
  return thinking < options.token_budget ? std::min(usual, options.token_budget - thinking) : usual;
}

}  // namespace

uint32_t default_answer_reserve(uint32_t token_budget) {
  constexpr uint32_t kLeast = 256;
  return std::min(std::max(kLeast, token_budget / 4), token_budget / 2);
}

std::string_view name(Guard guard) {
  switch (guard) {
    case Guard::thinking_budget:
      return "thinking_budget";
    case Guard::answer_reserve:
      return "answer_reserve";
    case Guard::end_in_reasoning:
      return "end_in_reasoning";
    case Guard::call_in_reasoning:
      return "call_in_reasoning";
    case Guard::repetition:
      return "repetition";
    case Guard::loop:
      return "loop";
    case Guard::request:
      return "request";
  }
  return "";
}

ReasoningGuard::ReasoningGuard(GuardTokens tokens, GuardOptions options)
    : tokens_(std::move(tokens)),
      options_(options),
      reserve_(reserve_of(options)),
      channel_(tokens_.think_close < 0 ? Channel::content : options.start) {}

bool ReasoningGuard::is_end(Token token) const {
  return std::find(tokens_.end.begin(), tokens_.end.end(), token) != tokens_.end.end();
}

void ReasoningGuard::close(Guard reason) {
  interventions_.push_back({reason, n_reasoning_ + n_content_});
  closed_by_force_ = true;
  n_calm_left_ = 0;
  if (reason == Guard::loop)
    queue_.insert(queue_.end(), tokens_.loop_note.begin(), tokens_.loop_note.end());
  queue_.insert(queue_.end(), tokens_.close.begin(), tokens_.close.end());
}

// A token budget in which not even the closing fits is left to run out: there is no answer to save.
void ReasoningGuard::check_budgets() {
  if (channel_ != Channel::reasoning || !queue_.empty()) return;
  const uint64_t needed = uint64_t{reserve_} + tokens_.close.size();
  const bool can_close = options_.token_budget > tokens_.close.size();
  if (options_.thinking_budget && n_reasoning_ >= *options_.thinking_budget) {
    close(Guard::thinking_budget);
  } else if (can_close && remaining() <= needed) {
    close(Guard::answer_reserve);
  }
}

std::optional<Token> ReasoningGuard::forced() {
  check_budgets();
  if (queue_.empty()) return std::nullopt;
  const Token token = queue_.front();
  queue_.pop_front();
  account(token);
  return token;
}

void ReasoningGuard::account(Token token) {
  if (channel_ == Channel::content) {
    ++n_content_;
    return;
  }
  ++n_reasoning_;
  if (token != tokens_.think_close) return;
  channel_ = Channel::content;
  n_calm_left_ = 0;
  loop_.reset();
}

bool ReasoningGuard::end_reasoning() {
  if (channel_ != Channel::reasoning || tokens_.think_close < 0) return false;
  if (queue_.empty()) close(Guard::request);
  return true;
}

void ReasoningGuard::leave_reasoning() {
  if (channel_ == Channel::content) return;
  channel_ = Channel::content;
  queue_.clear();
  n_calm_left_ = 0;
  loop_.reset();
}

void ReasoningGuard::enter_reasoning() {
  if (tokens_.think_close >= 0) channel_ = Channel::reasoning;
}

// Takes note of a token; true if the text loops. The first sign makes the caller choose otherwise.
bool ReasoningGuard::loops(Token chosen) {
  const LoopDetector::Sign sign = loop_.add(chosen);
  if (sign == LoopDetector::Sign::early) {
    if (n_calm_left_ == 0) interventions_.push_back({Guard::repetition, n_reasoning_ + n_content_});
    n_calm_left_ = kCalm;
  } else if (n_calm_left_ > 0) {
    --n_calm_left_;
  }
  return sign == LoopDetector::Sign::loop;
}

Verdict ReasoningGuard::offer(Token chosen) {
  STRIDE_DCHECK(queue_.empty());
  if (channel_ == Channel::reasoning) return offer_in_reasoning(chosen);
  if (is_end(chosen)) return Verdict::end_of_turn;
  account(chosen);
  if (options_.loop != LoopGuard::everywhere || !loops(chosen)) return Verdict::keep;
  interventions_.push_back({Guard::loop, n_reasoning_ + n_content_});
  return Verdict::loop;
}

Verdict ReasoningGuard::offer_in_reasoning(Token chosen) {
  if (is_end(chosen)) {
    close(Guard::end_in_reasoning);
    return Verdict::drop;
  }
  if (options_.close_before_call && tokens_.tool_call >= 0 && chosen == tokens_.tool_call) {
    close(Guard::call_in_reasoning);
    queue_.push_back(chosen);
    return Verdict::drop;
  }
  account(chosen);
  if (channel_ != Channel::reasoning || options_.loop == LoopGuard::off) return Verdict::keep;
  if (loops(chosen)) close(Guard::loop);
  return Verdict::keep;
}

}  // namespace stride::decode
