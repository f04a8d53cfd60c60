// SPDX-License-Identifier: Apache-2.0
// step-nano's vocabulary: the special tokens of the Step models by their own names, the 256 bytes,
// and merges learned on samples of every skill.
//
// Digits and line ends are never merged. Digits, because column work needs each one by itself; line
// ends, because the prompt ends in "<think>\n" and the answer to it may begin with another line
// end, and both must be the same tokens as in a rendered history.
#pragma once

#include <cstdint>

#include "base/error.h"
#include "text/tokenizer.h"

namespace stride::nano {

struct VocabularyOptions {
  uint32_t n_token = 1024;
  uint32_t n_sample = 40'000;
  uint64_t seed = 1;
};

// Fails if n_token does not even hold the bytes and special tokens, or if the samples have too few
// pairs to fill it.
Result<text::Vocabulary> train_vocabulary(const VocabularyOptions& options);

}  // namespace stride::nano
