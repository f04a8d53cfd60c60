// SPDX-License-Identifier: Apache-2.0
// Keeps the content of an answer within a grammar. Reasoning is free: the constraint follows the
// text from the first token of content on. On the thread that runs the model.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "grammar/matcher.h"
#include "model/model.h"

namespace stride::engine {

using model::Token;

class Constraint {
 public:
  Constraint(grammar::GrammarPtr grammar, std::shared_ptr<grammar::MaskCache> masks)
      : grammar_(std::move(grammar)), masks_(std::move(masks)) {}

  // The logits with those of all tokens that may not come next at minus infinity. Valid until the
  // next call.
  std::span<const float> allowed(std::span<const float> logits);
  // Makes the token part of the content; false, and nothing changes, where it may not come next.
  bool accept(Token token) { return matcher().accept(token); }
  // What has to come next whatever the model thinks.
  std::vector<Token> certain() { return matcher().forced_run(); }
  bool must_end() { return matcher().must_end(); }
  // The content is whole as it stands.
  bool may_end() { return matcher().complete() || matcher().finished(); }
  // How many of these tokens, one after the other, may come next.
  size_t n_allowed(std::span<const Token> tokens);

 private:
  grammar::Matcher& matcher();

  grammar::GrammarPtr grammar_;
  std::shared_ptr<grammar::MaskCache> masks_;
  std::optional<grammar::Matcher> matcher_;  // once there is content
  std::vector<uint32_t> bits_;
  std::vector<float> logits_;
};

}  // namespace stride::engine
