// SPDX-License-Identifier: Apache-2.0
#include "nano/greedy.h"

#include <algorithm>

namespace stride::nano {
namespace {

model::Token best_of(std::span<const float> logits) {
  return static_cast<model::Token>(std::max_element(logits.begin(), logits.end()) - logits.begin());
}

// Head k joins row i of the level below with token i + 1 + k and guesses token i + 2 + k. Running
// it over the known continuation gives what it would have guessed in speculation, as long as the
// heads before it were right.
Result<> run_heads(model::Model& model, model::Sequence& sequence, std::vector<float> hidden,
                   GreedyAnswer& answer) {
  const size_t width = model.config().n_embd;
  const std::span<const model::Token> ids = answer.ids;
  for (uint32_t k = 0; k < model.config().n_mtp; ++k) {
    std::vector<model::Token> guesses(ids.size(), -1);
    if (k + 2 < ids.size()) {
      const auto shifted = ids.subspan(k + 1);
      hidden.resize(shifted.size() * width);
      model::Output out;
      STRIDE_TRY(model.forward_mtp(sequence, k,
                                   {.ids = shifted, .logits = model::Logits::all, .hidden = true},
                                   hidden, out));
      const size_t n_vocab = out.logits.size() / shifted.size();
      for (size_t i = 0; i + k + 2 < ids.size(); ++i)
        guesses[i + k + 2] = best_of(std::span(out.logits).subspan(i * n_vocab, n_vocab));
      hidden = std::move(out.hidden);
    }
    answer.guesses.push_back(std::move(guesses));
  }
  return {};
}

}  // namespace

Result<GreedyAnswer> answer_greedily(model::Model& model, const text::Tokenizer& tokenizer,
                                     std::span<const model::Token> prompt, uint32_t max_tokens,
                                     Heads heads) {
  const bool with_heads = heads == Heads::run && model.config().n_mtp > 0;
  GreedyAnswer answer;
  answer.ids.assign(prompt.begin(), prompt.end());
  answer.n_prompt = static_cast<uint32_t>(prompt.size());
  const auto sequence = STRIDE_TRY(model.new_sequence(answer.n_prompt + max_tokens));
  std::vector<float> hidden;
  model::Output out;
  std::span<const model::Token> next = prompt;
  std::vector<model::Token> one(1);
  for (uint32_t i = 0; i < max_tokens && !answer.ended; ++i) {
    STRIDE_TRY(model.forward(
        *sequence, {.ids = next, .logits = model::Logits::last, .hidden = with_heads}, out));
    if (with_heads) hidden.insert(hidden.end(), out.hidden.begin(), out.hidden.end());
    one[0] = best_of(out.logits);
    answer.ids.push_back(one[0]);
    answer.ended = tokenizer.is_end(one[0]);
    next = one;
  }
  if (with_heads) STRIDE_TRY(run_heads(model, *sequence, std::move(hidden), answer));
  return answer;
}

}  // namespace stride::nano
