// SPDX-License-Identifier: Apache-2.0
// Prompts to tokens, and the control tokens of a vocabulary.
#include "engine/engine.h"

#include <algorithm>
#include <utility>

namespace stride::engine {

namespace {

constexpr std::string_view kLoopNote = "\n(I am repeating myself; it is time to answer.)";

decode::GuardTokens find_guard_tokens(const text::Tokenizer& tokenizer) {
  decode::GuardTokens out;
  out.think_close = tokenizer.find_special(chat::token::kThinkEnd).value_or(-1);
  out.tool_call = tokenizer.find_special(chat::token::kCallBegin).value_or(-1);
  const auto ends = tokenizer.end_tokens();
  out.end.assign(ends.begin(), ends.end());
  if (out.think_close < 0) return out;
  out.close = tokenizer.encode("\n", text::Special::forbid);
  out.close.push_back(out.think_close);
  tokenizer.encode("\n", text::Special::forbid, out.close);
  out.loop_note = tokenizer.encode(kLoopNote, text::Special::forbid);
  return out;
}

}  // namespace

Engine::Engine(std::unique_ptr<model::Model> model, text::Tokenizer tokenizer)
    : model_(std::move(model)),
      tokenizer_(std::make_shared<text::Tokenizer>(std::move(tokenizer))),
      guard_tokens_(find_guard_tokens(*tokenizer_)),
      think_begin_(tokenizer_->find_special(chat::token::kThinkBegin).value_or(-1)),
      turn_begin_(tokenizer_->find_special(chat::token::kTurnBegin).value_or(-1)) {}

std::shared_ptr<grammar::MaskCache> Engine::masks() const {
  std::call_once(masks_once_, [&] {
    masks_ = std::make_shared<grammar::MaskCache>(std::make_shared<grammar::TokenTrie>(tokenizer_));
  });
  return masks_;
}

Result<GenerationInput> Engine::encode(const chat::Prompt& prompt) const {
  GenerationInput out;
  std::vector<text::Segment> segments;
  const auto flush = [&] {
    tokenizer_->encode(segments, out.prompt);
    segments.clear();
  };
  for (const chat::Segment& s : prompt.segments) {
    if (s.control && !tokenizer_->find_special(s.text))
      return fail(Errc::unsupported,
                  "the model's vocabulary has no token {}, which its conversations need", s.text);
    if (s.tokens.empty()) {
      segments.push_back({s.text, s.control ? text::Special::allow : text::Special::forbid});
      continue;
    }
    flush();
    out.prompt.insert(out.prompt.end(), s.tokens.begin(), s.tokens.end());
  }
  flush();
  out.start = chat::start_of(prompt);
  return out;
}

GenerationInput Engine::encode_raw(std::string_view text) const {
  GenerationInput out;
  if (tokenizer_->add_bos() && tokenizer_->bos() >= 0) out.prompt.push_back(tokenizer_->bos());
  tokenizer_->encode(text, text::Special::forbid, out.prompt);
  return out;
}

std::vector<Token> Engine::tokens_with(const std::vector<std::string>& strings) const {
  std::vector<Token> out;
  for (Token id = 0; static_cast<size_t>(id) < tokenizer_->size(); ++id) {
    const std::string_view piece = tokenizer_->piece(id);
    const bool holds = std::any_of(strings.begin(), strings.end(), [&](const std::string& s) {
      return piece.find(s) != std::string_view::npos;
    });
    if (holds) out.push_back(id);
  }
  return out;
}

}  // namespace stride::engine
