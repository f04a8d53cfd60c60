// SPDX-License-Identifier: Apache-2.0
// Logit bias and the penalties on repeated tokens.
#include "decode/penalties.h"

#include <algorithm>

namespace stride::decode {

void add_bias(std::span<float> logits, std::span<const TokenBias> biases) {
  for (const TokenBias& b : biases) logits[b.id] += b.bias;
}

void penalise_repetition(std::span<float> logits, std::span<const Token> recent,
                         const RepetitionPenalties& penalties) {
  if (!penalties.active()) return;
  std::vector<Token> sorted(recent.begin(), recent.end());
  std::sort(sorted.begin(), sorted.end());
  for (size_t i = 0, end = 0; i < sorted.size(); i = end) {
    end = i + 1;
    while (end < sorted.size() && sorted[end] == sorted[i]) ++end;
    if (sorted[i] < 0 || static_cast<size_t>(sorted[i]) >= logits.size()) continue;
    float& logit = logits[sorted[i]];
    double value = logit;
    value = value > 0 ? value / penalties.repetition : value * penalties.repetition;
    value -= static_cast<double>(end - i) * penalties.frequency + penalties.presence;
    logit = static_cast<float>(value);
  }
}

}  // namespace stride::decode
