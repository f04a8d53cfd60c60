// SPDX-License-Identifier: Apache-2.0
// The chain of the sampler.
#include "decode/sampler.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "base/check.h"

namespace stride::decode {

namespace {

// Repetitions of fewer than eight tokens are no loop; what is one loses more with every token.
constexpr DryPenalty kAgainstLoops{.multiplier = 0.8, .base = 1.75, .allowed_length = 8};
constexpr uint32_t kLoopWindow = 2048;
constexpr double kHeat = 0.25;

std::span<const Token> last(std::span<const Token> history, uint32_t n) {
  return history.last(std::min<size_t>(history.size(), n));
}

}  // namespace

Result<Sampler> Sampler::make(SamplingOptions options, uint32_t n_vocab) {
  STRIDE_TRY(check_options(options, n_vocab));
  return Sampler(std::move(options), n_vocab);
}

Sampler::Sampler(SamplingOptions options, uint32_t n_vocab)
    : options_(std::move(options)), n_vocab_(n_vocab), random_(options_.seed) {}

bool Sampler::changes_logits() const {
  return !options_.bias.empty() || options_.penalties.active() || options_.dry.active();
}

void Sampler::adjust(std::span<const Token> history) {
  add_bias(adjusted_, options_.bias);
  penalise_repetition(adjusted_, last(history, options_.penalty_window), options_.penalties);
  penalise_dry(adjusted_, last(history, options_.dry_window), options_.dry, options_.dry_breakers);
}

Result<Token> Sampler::sample(std::span<const float> logits, std::span<const Token> history,
                              Repetition repetition) {
  STRIDE_CHECK(logits.size() == n_vocab_);
  const bool discouraged = repetition == Repetition::discouraged;
  if (changes_logits() || discouraged) {
    adjusted_.assign(logits.begin(), logits.end());
    adjust(history);
    if (discouraged) penalise_dry(adjusted_, last(history, kLoopWindow), kAgainstLoops, {});
    logits = adjusted_;
  }
  if (options_.temperature == 0) return argmax(logits);
  const double temperature = options_.temperature + (discouraged ? kHeat : 0);
  STRIDE_TRY(make_candidates(logits, temperature, candidates_));
  keep_top_k(candidates_, options_.top_k);
  keep_top_p(candidates_, options_.top_p);
  keep_min_p(candidates_, options_.min_p);
  keep_typical(candidates_, options_.typical_p);
  return draw(candidates_, random_.uniform());
}

Result<Token> argmax(std::span<const float> logits) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  size_t best = logits.size();
  float largest = -kInfinity;
  for (size_t i = 0; i < logits.size(); ++i) {
    if (!(logits[i] < kInfinity))
      return fail(Errc::internal, "the model's logit for token {} is {}", i, logits[i]);
    if (logits[i] > largest) {
      largest = logits[i];
      best = i;
    }
  }
  if (best == logits.size()) return fail(Errc::invalid_argument, "every token is ruled out");
  return static_cast<Token>(best);
}

Result<Logprobs> log_probabilities(std::span<const float> logits, Token chosen, uint32_t n_top) {
  STRIDE_CHECK(chosen >= 0 && static_cast<size_t>(chosen) < logits.size());
  const double largest = logits[STRIDE_TRY(argmax(logits))];
  double total = 0;
  for (const float logit : logits) total += std::exp(logit - largest);
  const double log_total = std::log(total) + largest;

  std::vector<TokenLogprob> all(logits.size());
  for (size_t i = 0; i < all.size(); ++i) all[i] = {static_cast<Token>(i), logits[i] - log_total};
  Logprobs out;
  out.chosen = all[chosen];
  const size_t n = std::min<size_t>(n_top, all.size());
  std::partial_sort(all.begin(), all.begin() + n, all.end(),
                    [](const TokenLogprob& a, const TokenLogprob& b) {
                      return a.logprob != b.logprob ? a.logprob > b.logprob : a.id < b.id;
                    });
  out.top.assign(all.begin(), all.begin() + n);
  return out;
}

}  // namespace stride::decode
