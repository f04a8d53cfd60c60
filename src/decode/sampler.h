// SPDX-License-Identifier: Apache-2.0
// Chooses the next token from a row of logits. The chain, in this order:
//   logit bias, repetition / frequency / presence penalties, DRY,
//   then greedy if the temperature is 0, else
//   temperature, top-k, top-p, min-p, typical, one draw.
// Arithmetic is double and in the order of token ids, and each draw takes one number from a
// generator of our own, so the same logits and seed give the same token on every machine and with
// any number of threads. One thread at a time.
#pragma once

#include <span>
#include <vector>

#include "base/error.h"
#include "base/random.h"
#include "decode/candidates.h"
#include "decode/sampling_options.h"

namespace stride::decode {

// Where a text has begun to go in circles, what prolongs a repetition is discouraged whatever the
// options say: DRY is added, and the temperature raised if there is one.
enum class Repetition : uint8_t { usual, discouraged };

class Sampler {
 public:
  static Result<Sampler> make(SamplingOptions options, uint32_t n_vocab);

  // `history` holds the tokens so far, prompt included, oldest first: the windows of the penalties
  // are its end. Fails if the logits hold NaN or plus infinity, or if every token is ruled out; the
  // generator has not moved then.
  Result<Token> sample(std::span<const float> logits, std::span<const Token> history,
                       Repetition repetition = Repetition::usual);

  // To return to an earlier draw.
  const Random::State& random_state() const { return random_.state(); }
  void restore_random(const Random::State& state) { random_ = Random(state); }

  const SamplingOptions& options() const { return options_; }

 private:
  Sampler(SamplingOptions options, uint32_t n_vocab);
  bool changes_logits() const;
  void adjust(std::span<const Token> history);

  SamplingOptions options_;
  uint32_t n_vocab_;
  Random random_;
  std::vector<float> adjusted_;  // [n_vocab] scratch
  Candidates candidates_;        // scratch
};

// The largest logit, the lowest id among equals. Fails as Sampler::sample does.
Result<Token> argmax(std::span<const float> logits);

// Natural logarithms of the model's own probabilities: a softmax of the logits as they are, before
// any of the above.
struct TokenLogprob {
  Token id = 0;
  double logprob = 0;
};
struct Logprobs {
  TokenLogprob chosen;
  std::vector<TokenLogprob> top;  // descending, ties by id
};

Result<Logprobs> log_probabilities(std::span<const float> logits, Token chosen, uint32_t n_top);

}  // namespace stride::decode
