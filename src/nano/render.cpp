// SPDX-License-Identifier: Apache-2.0
#include "nano/render.h"

#include "chat/render.h"

namespace stride::nano {
namespace {

chat::Message message_of(const Turn& turn) {
  const chat::Role role = turn.role == Role::user        ? chat::Role::user
                          : turn.role == Role::assistant ? chat::Role::assistant
                                                         : chat::Role::tool;
  chat::Message message = chat::text_message(role, turn.content);
  if (turn.role == Role::assistant) message.reasoning = turn.reasoning;
  for (const Call& call : turn.calls) message.tool_calls.push_back({{}, call.name, call.arguments});
  return message;
}

std::optional<chat::Effort> effort_of(Effort effort) {
  switch (effort) {
    case Effort::unset:
      return std::nullopt;
    case Effort::low:
      return chat::Effort::low;
    case Effort::medium:
      return chat::Effort::medium;
    case Effort::high:
      return chat::Effort::high;
  }
  return std::nullopt;
}

// Follows the segments of a prompt and says which text the model writes.
class Walker {
 public:
  Walker(const text::Tokenizer& tokenizer, const RenderWeights& weights, ThinkingForm form,
         RenderedSample& out)
      : tokenizer_(tokenizer), weights_(weights), form_(form), out_(out) {}

  Result<> control(std::string_view text) {
    const auto token = tokenizer_.find_special(text);
    if (!token) return fail(Errc::not_found, "the tokenizer has no token {}", text);
    if (text == chat::token::kTurnBegin) assistant_ = answering_ = false;
    const bool close = text == chat::token::kThinkEnd;
    // The closing tag is written by the model unless the prompt or a budget puts it there.
    const bool given = close && form_ != ThinkingForm::full;
    push(*token, answering_ && !given);
    turn_begun_ = text == chat::token::kTurnBegin;
    think_begun_ = assistant_ && text == chat::token::kThinkBegin;
    if (close && assistant_) {
      after_close_ = true;
      answering_ = true;
    }
    if (text == chat::token::kTurnEnd) assistant_ = answering_ = false;
    return {};
  }

  void plain(std::string_view text, Random& random) {
    if (turn_begun_) assistant_ = text.starts_with("assistant\n");
    turn_begun_ = false;
    if (think_begun_) {
      think_begun_ = false;
      reasoning(text, random);
      return;
    }
    // The newline behind </think> belongs to the prompt where thinking is off.
    if (after_close_ && form_ != ThinkingForm::full && text.starts_with('\n')) {
      encode(text.substr(0, 1), false);
      text.remove_prefix(1);
    }
    after_close_ = false;
    encode(text, answering_);
  }

 private:
  void push(text::Token token, bool answer) {
    out_.tokens.push_back(token);
    out_.weights.push_back(answer ? weights_.answer : weights_.prompt);
  }
  void encode(std::string_view text, bool answer) {
    for (const text::Token token : tokenizer_.encode(text, text::Special::forbid))
      push(token, answer);
  }

  // "\nreasoning\n": the first newline is part of every prompt.
  void reasoning(std::string_view text, Random& random) {
    encode(text.substr(0, 1), false);
    text.remove_prefix(std::min<size_t>(1, text.size()));
    if (form_ == ThinkingForm::full) {
      answering_ = true;
      encode(text, true);
      return;
    }
    std::vector<text::Token> tokens = tokenizer_.encode(text, text::Special::forbid);
    const size_t n_keep = tokens.size() > 1 ? random.below(tokens.size() - 1) : 0;
    for (size_t i = 0; i < n_keep; ++i) push(tokens[i], false);
    encode("\n", false);
  }

  const text::Tokenizer& tokenizer_;
  const RenderWeights weights_;
  const ThinkingForm form_;
  RenderedSample& out_;
  bool turn_begun_ = false, assistant_ = false, think_begun_ = false, answering_ = false,
       after_close_ = false;
};

}  // namespace

chat::Conversation conversation_of(const Sample& sample, LastTurn last, ThinkingForm form) {
  chat::Conversation conversation;
  if (!sample.system.empty())
    conversation.messages.push_back(chat::text_message(chat::Role::system, sample.system));
  for (const Turn& turn : sample.turns) conversation.messages.push_back(message_of(turn));
  if (last == LastTurn::drop) {
    conversation.messages.pop_back();
  } else {
    if (form == ThinkingForm::off) conversation.messages.back().reasoning = "";
    conversation.add_generation_prompt = false;
  }
  conversation.tools = sample.tools;
  conversation.effort = effort_of(sample.effort);
  if (form == ThinkingForm::off && last == LastTurn::drop)
    conversation.thinking = chat::Thinking::off;
  return conversation;
}

Result<RenderedSample> render_sample(const Sample& sample, const text::Tokenizer& tokenizer,
                                     ThinkingForm form, const RenderWeights& weights,
                                     Random& random) {
  const chat::Prompt prompt =
      STRIDE_TRY(chat::render(conversation_of(sample, LastTurn::keep, form)));
  RenderedSample out;
  Walker walker(tokenizer, weights, form, out);
  for (const chat::Segment& segment : prompt.segments) {
    if (segment.control) {
      STRIDE_TRY(walker.control(segment.text));
    } else {
      walker.plain(segment.text, random);
    }
  }
  return out;
}

Result<std::string> sample_text(const Sample& sample) {
  return STRIDE_TRY(chat::render(conversation_of(sample, LastTurn::keep))).text();
}

}  // namespace stride::nano
