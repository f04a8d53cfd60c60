// SPDX-License-Identifier: Apache-2.0
// The text of one answer while it comes to be: what is chosen, what guards put into it, what its
// listener sees, and when it ends. Knows nothing of how the model is run: its caller brings the
// logits after text(), alone or in a batch with those of other answers.
//
//   while (STRIDE_TRY(answer.wants_logits())) answer.choose(logits_after(answer.text()));
//   Generated result = answer.finish();
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/error.h"
#include "decode/reasoning_guard.h"
#include "decode/sampler.h"
#include "engine/constraint.h"
#include "engine/engine.h"
#include "engine/generate.h"
#include "engine/output_stream.h"

namespace stride::engine {

class Answer {
 public:
  // Checks the options. `capacity` is how many tokens prompt and answer may have together. Engine,
  // input, options and listener outlive the answer.
  static Result<Answer> make(const Engine& engine, const GenerationInput& input,
                             const GenerationOptions& options, uint32_t capacity,
                             const Listener& listener);

  // Takes the tokens that must come next into the text; true if then one is to be chosen, false if
  // the text has ended.
  bool wants_logits();
  // Chooses a token from the logits after text(). Only after wants_logits().
  Result<> choose(std::span<const float> logits);
  // Ends the text where it is.
  void end(FinishCause cause) { cause_ = cause; }
  // Closes the reasoning before the next token; false if the text is not inside one.
  bool end_reasoning() { return guard_.end_reasoning(); }
  bool in_reasoning() const { return guard_.channel() == decode::Channel::reasoning; }

  std::span<const Token> text() const { return text_; }   // prompt and answer
  uint32_t n_left() const { return guard_.remaining(); }  // tokens that may follow
  // How many of these guesses a grammar lets follow; all where none applies.
  size_t n_possible(std::span<const Token> guesses);

  // Gives out what was held back. Once, when the text has ended. Timings and what concerns the
  // cache are the caller's.
  Generated finish();

 private:
  Answer(const Engine& engine, const GenerationInput& input, const GenerationOptions& options,
         uint32_t budget, const Listener& listener, decode::Sampler sampler, OutputStream stream);
  bool constrained() const { return constraint_ && !in_reasoning(); }
  bool take_certain();
  std::span<const float> candidates(std::span<const float> logits, bool may_end);
  void end_without_choice();
  bool owes_answer() const;
  void offer(GeneratedToken token);
  void advance(GeneratedToken token);
  void emit(const std::vector<chat::Delta>& deltas);

  const Engine* engine_;
  const GenerationOptions* options_;
  const Listener* listener_;
  size_t n_prompt_;
  bool ends_by_caller_;  // max_tokens is what limits the answer, not the context
  decode::Sampler sampler_;
  OutputStream stream_;
  decode::ReasoningGuard guard_;
  std::optional<Constraint> constraint_;
  std::vector<Token> text_;
  std::vector<float> logits_;  // scratch: those of tokens that may be chosen
  std::optional<FinishCause> cause_;
  Generated result_;
};

}  // namespace stride::engine
