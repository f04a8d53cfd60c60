// SPDX-License-Identifier: Apache-2.0
// UTF-8 as RFC 3629 defines it: no overlong forms, no surrogates, nothing above U+10FFFF. Invalid
// bytes are taken in maximal parts as the Unicode standard recommends (chapter 3.9): the longest
// beginning of a well-formed sequence, or one byte if there is none, counts as one character
// U+FFFD.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace stride {

inline constexpr char32_t kReplacementCharacter = 0xfffd;
inline constexpr std::string_view kReplacementUtf8 = "\xef\xbf\xbd";

struct Utf8Character {
  char32_t code = kReplacementCharacter;
  uint8_t size = 1;  // bytes, 1 to 4; of the invalid part if it is one
  bool valid = false;
  bool truncated = false;  // invalid only because the text ends; more bytes may complete it
};

// The character that begins at `at`. Requires at < text.size().
Utf8Character decode_utf8(std::string_view text, size_t at);

// Appends a code point; anything that has no UTF-8 form (a surrogate, too large) as U+FFFD.
void append_utf8(std::string& out, char32_t code);

bool is_utf8(std::string_view text);

// The text with every invalid part replaced by U+FFFD.
std::string to_valid_utf8(std::string_view text);

// Bytes at the end that begin a character whose rest is missing: 0 to 3.
size_t incomplete_utf8_tail(std::string_view text);

}  // namespace stride
