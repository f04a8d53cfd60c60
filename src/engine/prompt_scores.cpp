// SPDX-License-Identifier: Apache-2.0
#include "engine/prompt_scores.h"

#include <algorithm>

namespace stride::engine {

namespace {

// Of the logits of one piece. Sorting them out takes about a millisecond a row for a large
// vocabulary, during which other answers wait.
constexpr uint64_t kLogitBytes = uint64_t{16} << 20;

}  // namespace

PromptScores::PromptScores(uint32_t n_prompt, uint32_t n_top, uint32_t n_vocab)
    : n_prompt_(n_prompt), n_top_(n_top), n_vocab_(n_vocab) {}

uint32_t PromptScores::piece_end(uint32_t begin, uint32_t end) const {
  const auto n_scored = static_cast<uint32_t>(scores_.size());
  if (begin < n_scored) return std::min(end, n_scored);  // read before, and set back
  if (!wants(begin)) return end;
  const uint64_t n_row = std::max<uint64_t>(1, kLogitBytes / (sizeof(float) * n_vocab_));
  return static_cast<uint32_t>(std::min({uint64_t{end}, uint64_t{n_prompt_} - 1, begin + n_row}));
}

Result<> PromptScores::add(std::span<const model::Token> prompt, uint32_t begin,
                           std::span<const float> logits) {
  for (size_t row = 0; (row + 1) * n_vocab_ <= logits.size(); ++row) {
    scores_.push_back(STRIDE_TRY(decode::log_probabilities(logits.subspan(row * n_vocab_, n_vocab_),
                                                           prompt[begin + row + 1], n_top_)));
  }
  return {};
}

}  // namespace stride::engine
