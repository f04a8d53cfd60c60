// SPDX-License-Identifier: Apache-2.0
// The deepseek-v3 pre-tokenizer: cuts a text into the pieces that merges may not cross. Written by
// hand, yet exactly three regular expressions, each splitting the pieces of the one before; what
// lies between two matches is a piece of its own:
//
//   1. \p{N}{1,3}
//   2. [U+4E00-U+9FA5 U+3040-U+309F U+30A0-U+30FF]+
//   3. [!-/:-@\[-`{-~][A-Za-z]+ | [^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+ | ?[\p{P}\p{S}]+[\r\n]*
//      | \s*[\r\n]+ | \s+(?!\S) | \s+
//
// An invalid part of UTF-8 counts as one unassigned character and stays in the pieces as it is, so
// the pieces joined are always the text. Every character is read a bounded number of times.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "text/unicode_class.h"

namespace stride::text {

inline constexpr std::string_view kDeepseekV3 = "deepseek-v3";

class PreTokenizer {
 public:
  // The text must outlive the object and the pieces.
  explicit PreTokenizer(std::string_view text) : text_(text) {}

  // The next piece, never empty, or nothing at the end.
  std::optional<std::string_view> next();

  // Characters looked at so far, for tests of linear time.
  uint64_t n_read() const { return n_read_; }

 private:
  struct Character {
    char32_t code;
    CharacterClass kind;
    size_t after;  // where the next character begins
  };

  Character read(size_t at);
  void find_segment();
  size_t match(size_t at);
  size_t match_spaces(size_t at);
  size_t skip_letters_and_marks(size_t at);
  size_t skip_punctuation(size_t at);

  std::string_view text_;
  size_t at_ = 0;           // beginning of the next piece
  size_t segment_end_ = 0;  // end of the piece of passes 1 and 2 that holds at_
  size_t match_end_ = 0;    // end of a match known to begin at at_; at most at_ if none is known
  uint64_t n_read_ = 0;
};

}  // namespace stride::text
