// SPDX-License-Identifier: Apache-2.0
// A small tokenizer of the nano vocabulary, trained once per test program.
#pragma once

#include "nano/vocabulary.h"

namespace stride::nano::testing {

inline const text::Tokenizer& tokenizer() {
  static const text::Tokenizer kTokenizer =
      text::Tokenizer::create(
          train_vocabulary({.n_token = 640, .n_sample = 3000, .seed = 1}).value())
          .value();
  return kTokenizer;
}

}  // namespace stride::nano::testing
