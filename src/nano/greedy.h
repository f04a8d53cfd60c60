// SPDX-License-Identifier: Apache-2.0
// The shortest possible generation: argmax, one token at a time, on a fresh sequence. It keeps the
// hidden states, so that the MTP heads can be asked afterwards what they would have guessed at
// every place.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/error.h"
#include "model/model.h"
#include "text/tokenizer.h"

namespace stride::nano {

struct GreedyAnswer {
  std::vector<model::Token> ids;  // the prompt and what followed, an end token included
  uint32_t n_prompt = 0;
  bool ended = false;  // by an end token, not by the budget
  // Guesses of the heads: [head][place], the token that head k guesses for ids[place], or -1 where
  // it has none.
  std::vector<std::vector<model::Token>> guesses;
};

enum class Heads : uint8_t { skip, run };

Result<GreedyAnswer> answer_greedily(model::Model& model, const text::Tokenizer& tokenizer,
                                     std::span<const model::Token> prompt, uint32_t max_tokens,
                                     Heads heads);

}  // namespace stride::nano
