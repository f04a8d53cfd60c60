// SPDX-License-Identifier: Apache-2.0
#include "engine/constraint.h"

#include <limits>

namespace stride::engine {

// Made late, as the masks belong to the thread that runs the model.
grammar::Matcher& Constraint::matcher() {
  if (!matcher_) matcher_.emplace(grammar_, masks_);
  return *matcher_;
}

std::span<const float> Constraint::allowed(std::span<const float> logits) {
  bits_.resize(matcher().n_word());
  matcher().fill_mask(bits_);
  logits_.assign(logits.begin(), logits.end());
  for (size_t i = 0; i < logits_.size(); ++i) {
    const bool may = i / 32 < bits_.size() && (bits_[i / 32] >> (i % 32) & 1) != 0;
    if (!may) logits_[i] = -std::numeric_limits<float>::infinity();
  }
  return logits_;
}

size_t Constraint::n_allowed(std::span<const Token> tokens) {
  grammar::Matcher ahead = matcher();
  size_t n = 0;
  while (n < tokens.size() && ahead.accept(tokens[n])) ++n;
  return n;
}

}  // namespace stride::engine
