// SPDX-License-Identifier: Apache-2.0
// A vocabulary small enough to work out by hand, for tests: the 256 bytes as tokens 0 to 255 (token
// = byte), then the results of the merges, then special tokens.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "text/byte_alphabet.h"
#include "text/pre_tokenizer.h"
#include "text/tokenizer.h"

namespace stride::text::testing {

// Merges of plain strings, best first; each result is a token if it is not one already.
inline Vocabulary small_vocabulary(
    const std::vector<std::pair<std::string, std::string>>& merges = {},
    const std::vector<std::string>& controls = {},
    const std::vector<std::string>& user_defined = {}) {
  Vocabulary v;
  v.pre = kDeepseekV3;
  const auto add = [&v](std::string text, TokenKind kind) {
    v.tokens.push_back(std::move(text));
    v.kinds.push_back(kind);
  };
  for (int byte = 0; byte < 256; ++byte) {
    add(to_byte_alphabet(std::string(1, static_cast<char>(byte))), TokenKind::normal);
  }
  for (const auto& [left, right] : merges) {
    v.merges.push_back(to_byte_alphabet(left) + ' ' + to_byte_alphabet(right));
    add(to_byte_alphabet(left + right), TokenKind::normal);
  }
  for (const std::string& text : controls) add(text, TokenKind::control);
  for (const std::string& text : user_defined) add(text, TokenKind::user_defined);
  return v;
}

}  // namespace stride::text::testing
