// SPDX-License-Identifier: Apache-2.0
// How likely each token of a prompt was to the model: the log-probabilities of all tokens but the
// first, gathered while the prompt is read. For that its rows must be computed with their logits,
// and none may come from a cache; the last row comes alone, since its logits are the answer's.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/error.h"
#include "decode/sampler.h"
#include "model/model.h"

namespace stride::engine {

class PromptScores {
 public:
  // With `n_top` alternatives for each token.
  PromptScores(uint32_t n_prompt, uint32_t n_top, uint32_t n_vocab);

  // Where a piece that begins at row `begin` has to end, at `end` at the latest.
  uint32_t piece_end(uint32_t begin, uint32_t end) const;
  // Whether the logits of all rows of such a piece are wanted.
  bool wants(uint32_t begin) const {
    return begin == scores_.size() && scores_.size() + 1 < n_prompt_;
  }

  // The logits of the rows from `begin` on, which wants() asked for.
  Result<> add(std::span<const model::Token> prompt, uint32_t begin, std::span<const float> logits);

  // Of the tokens after the first.
  std::span<const decode::Logprobs> scores() const { return scores_; }

 private:
  uint32_t n_prompt_;
  uint32_t n_top_;
  uint32_t n_vocab_;
  std::vector<decode::Logprobs> scores_;
};

}  // namespace stride::engine
