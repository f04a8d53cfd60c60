// SPDX-License-Identifier: Apache-2.0
// What tests of whole generations share: a vocabulary of bytes with the control tokens, and turns
// that a scripted model follows.
#pragma once

#include <algorithm>
#include <functional>
#include <string>
#include <utility>

#include "chat/render.h"
#include "text/test_vocabulary.h"
#include "text/tokenizer.h"

namespace stride::engine {

using Script = std::function<std::string(const std::string& seen)>;  // the next characters

inline constexpr const char* kEnd = "<|im_end|>";

inline text::Tokenizer make_tokenizer() {
  text::Vocabulary v =
      text::testing::small_vocabulary({}, {std::string(chat::token::kBos), "<|im_start|>", kEnd},
                                      {"<think>", "</think>", "<tool_call>", "</tool_call>",
                                       "<tool_response>", "</tool_response>"});
  v.bos = 256;
  v.eos = 258;
  return *text::Tokenizer::create(std::move(v));
}

// Follows `turn`, the text of an assistant turn from its reasoning on, as far as it has been said.
inline Script follow(std::string turn) {
  return [turn = std::move(turn)](const std::string& seen) {
    const std::string mark = "<think>\n";
    const size_t at = seen.rfind(mark) + mark.size();
    return turn.substr(std::min(turn.size(), seen.size() - at)) + kEnd;
  };
}

}  // namespace stride::engine
