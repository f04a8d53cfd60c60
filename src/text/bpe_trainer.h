// SPDX-License-Identifier: Apache-2.0
// Learns a byte-level BPE vocabulary from texts: again and again the most frequent pair of tokens
// within a piece becomes a new token. Pieces are those of the deepseek-v3 pre-tokenizer; numbers
// take no part, so every digit stays a token of its own.
//
// The result depends only on the texts' contents and the options: among equally frequent pairs the
// one with the lowest ids (left first) is taken, on every machine.
#pragma once

#include <cstddef>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "text/tokenizer.h"

namespace stride::text {

struct SpecialToken {
  std::string text;
  TokenKind kind = TokenKind::control;  // or user_defined
};

struct BpeTrainOptions {
  size_t n_merges = 0;                                   // at most
  size_t n_tokens = std::numeric_limits<size_t>::max();  // at most, special ones and bytes included
  size_t min_count = 2;                                  // rarer pairs are not merged
  std::vector<SpecialToken> specials = {};
};

// Ids: the special tokens in their order, then the 256 bytes, then the results of the merges in the
// order learned. Special strings in the texts are cut out. bos, eos and pad are set by their names.
// Fails with invalid_argument if n_tokens has no room for special tokens and bytes.
Result<Vocabulary> train_bpe(std::span<const std::string_view> texts,
                             const BpeTrainOptions& options);

}  // namespace stride::text
