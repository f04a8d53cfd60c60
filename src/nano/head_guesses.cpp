// SPDX-License-Identifier: Apache-2.0
#include "nano/head_guesses.h"

#include <algorithm>

namespace stride::nano {
namespace {

using model::Token;

Token best_of(std::span<const float> logits) {
  return static_cast<Token>(std::max_element(logits.begin(), logits.end()) - logits.begin());
}

}  // namespace

// Head k joins row i of the level below with token i + 1 + k and guesses token i + 2 + k. Running
// it over the known continuation gives what it would have guessed in speculation, as long as the
// heads before it were right.
Result<std::vector<std::vector<Token>>> guess_with_heads(model::Model& model,
                                                         std::span<const Token> ids) {
  std::vector<std::vector<Token>> guesses;
  if (ids.size() < 2) return guesses;
  const auto known = ids.first(ids.size() - 1);
  const auto sequence = STRIDE_TRY(model.new_sequence(static_cast<uint32_t>(known.size())));
  model::Output out;
  STRIDE_TRY(
      model.forward(*sequence, {.ids = known, .logits = model::Logits::none, .hidden = true}, out));
  for (uint32_t k = 0; k < model.config().n_mtp; ++k) {
    auto& row = guesses.emplace_back(ids.size(), -1);
    if (k + 2 >= ids.size()) continue;
    const auto shifted = ids.subspan(k + 1);
    std::vector<float> hidden = std::move(out.hidden);
    hidden.resize(shifted.size() * model.config().n_embd);
    STRIDE_TRY(model.forward_mtp(
        *sequence, k, {.ids = shifted, .logits = model::Logits::all, .hidden = true}, hidden, out));
    const size_t n_vocab = out.logits.size() / shifted.size();
    for (size_t i = 0; i + k + 2 < ids.size(); ++i)
      row[i + k + 2] = best_of(std::span(out.logits).subspan(i * n_vocab, n_vocab));
  }
  return guesses;
}

}  // namespace stride::nano
