// SPDX-License-Identifier: Apache-2.0
// Keeps the model's reasoning from eating its answer. Watches the tokens of one generation and,
// where it must, puts tokens into the text itself. While the model reasons:
//   - at the thinking budget, or when the rest of the token budget is the reserve for the answer,
//     the reasoning is closed by force with "\n</think>\n";
//   - an end-of-turn token closes the reasoning instead of ending the turn;
//   - a tool call that is opened is dropped, the reasoning is closed, and the call opened again;
//   - a loop that begins makes the caller discourage repetition; one that goes on closes the
//     reasoning, after a note that says why.
// Works on tokens alone; never asks the model. The caller's loop is:
//
//   while (guard.remaining() > 0) {
//     if (const auto token = guard.forced()) { append(*token); continue; }
//     const Token chosen = sample(...);
//     switch (guard.offer(chosen)) { case Verdict::keep: append(chosen); ... }
//   }
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "decode/loop_detector.h"
#include "model/model.h"

namespace stride::decode {

using model::Token;

struct GuardTokens {
  Token think_close = -1;      // </think>; -1 = the vocabulary has none and nothing can be closed
  Token tool_call = -1;        // <tool_call>; -1 = none
  std::vector<Token> end{};    // any of them ends a turn
  std::vector<Token> close{};  // "\n</think>\n"; contains think_close
  std::vector<Token> loop_note{};  // put before `close` when a loop is the reason; may be empty
};

enum class Channel : uint8_t { reasoning, content };
enum class LoopGuard : uint8_t { off, reasoning, everywhere };

struct GuardOptions {
  Channel start = Channel::reasoning;         // where the prompt leaves the model
  uint32_t token_budget = 0;                  // tokens that may be generated, forced ones included
  std::optional<uint32_t> thinking_budget{};  // reasoning tokens the model may choose
  // Tokens kept for the answer; default_answer_reserve(), or less where the thinking budget says
  // so.
  std::optional<uint32_t> answer_reserve{};
  bool close_before_call = true;  // false: a call inside reasoning is left to the output parser
  LoopGuard loop = LoopGuard::reasoning;
};

// max(256, n / 4) of a budget of n tokens, but never more than half of it.
uint32_t default_answer_reserve(uint32_t token_budget);

// What a guard did.
enum class Guard : uint8_t {
  thinking_budget,
  answer_reserve,
  end_in_reasoning,
  call_in_reasoning,
  repetition,  // a loop begins: see ReasoningGuard::discourages()
  loop,
  request  // somebody asked for the answer now
};
std::string_view name(Guard guard);

struct Intervention {
  Guard guard = Guard::thinking_budget;
  uint32_t at = 0;  // tokens generated before it
};

enum class Verdict : uint8_t {
  keep,         // the token is part of the text
  drop,         // it is not: forced tokens take its place
  end_of_turn,  // it ends the turn and is not part of the text
  loop          // it is part of the text, which ends here because it loops
};

class ReasoningGuard {
 public:
  ReasoningGuard(GuardTokens tokens, GuardOptions options);

  // The token that must come next, if there is one; it is part of the text then.
  std::optional<Token> forced();

  // What becomes of a token that the model chose. Only after forced() returned nothing.
  Verdict offer(Token chosen);

  // Closes the reasoning by force, as at the end of its budget; false if there is none to close.
  bool end_reasoning();

  // The text has left the reasoning, or gone into one, in a way that tokens do not show. Without
  // effect where that is known.
  void leave_reasoning();
  void enter_reasoning();

  // The next token should be chosen with a penalty on what repeats the text.
  bool discourages() const { return n_calm_left_ > 0; }
  // The reasoning did not end by itself, so that the model may not have meant to answer.
  bool closed_by_force() const { return closed_by_force_; }
  bool is_end(Token token) const;

  uint32_t remaining() const { return options_.token_budget - n_reasoning_ - n_content_; }
  Channel channel() const { return channel_; }
  std::span<const Token> end_tokens() const { return tokens_.end; }
  uint32_t n_reasoning() const { return n_reasoning_; }  // up to and including </think>
  uint32_t n_content() const { return n_content_; }
  const std::vector<Intervention>& interventions() const { return interventions_; }

 private:
  void close(Guard reason);
  void check_budgets();
  void account(Token token);
  Verdict offer_in_reasoning(Token chosen);
  bool loops(Token chosen);

  GuardTokens tokens_;
  GuardOptions options_;
  uint32_t reserve_;
  Channel channel_;
  std::deque<Token> queue_;  // forced tokens not yet handed out
  LoopDetector loop_;
  uint32_t n_calm_left_ = 0;  // tokens for which repetition is still discouraged
  bool closed_by_force_ = false;
  uint32_t n_reasoning_ = 0;
  uint32_t n_content_ = 0;
  std::vector<Intervention> interventions_;
};

}  // namespace stride::decode
