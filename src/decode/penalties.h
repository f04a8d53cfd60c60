// SPDX-License-Identifier: Apache-2.0
// Changes to logits before any token is ruled out: biases that the caller sets, and penalties on
// what the text already holds. All are functions of the logits and the tokens so far and keep no
// state, so a rejected draft or a rewind needs no undoing.
#pragma once

#include <cstdint>
#include <span>
#include <unordered_set>
#include <vector>

#include "model/model.h"

namespace stride::decode {

using model::Token;

struct TokenBias {
  Token id = 0;
  float bias = 0;  // added to the logit; minus infinity rules the token out
};

// Ids must lie in the vocabulary. A token named twice gets both.
void add_bias(std::span<float> logits, std::span<const TokenBias> biases);

struct RepetitionPenalties {
  double repetition =
      1;  // divides a positive logit, multiplies a negative one (Keskar et al., 2019)
  double frequency = 0;  // subtracted once for each occurrence
  double presence = 0;   // subtracted once if the token occurs

  bool active() const { return repetition != 1 || frequency != 0 || presence != 0; }
};

// Penalises every token of `recent`; ids outside the vocabulary are passed over.
void penalise_repetition(std::span<float> logits, std::span<const Token> recent,
                         const RepetitionPenalties& penalties);

// DRY ("don't repeat yourself"): a token that would extend a repetition of the text's end is
// penalised by multiplier * base^(n - allowed_length), n being the number of tokens repeated so
// far, where n >= allowed_length. Breakers are never penalised, and no repetition reaches across
// one.
struct DryPenalty {
  double multiplier = 0;  // 0 = off
  double base = 1.75;
  uint32_t allowed_length = 2;

  bool active() const { return multiplier != 0; }
};

// Linear in `recent`, whatever it holds.
void penalise_dry(std::span<float> logits, std::span<const Token> recent, const DryPenalty& penalty,
                  const std::unordered_set<Token>& breakers);

}  // namespace stride::decode
