// SPDX-License-Identifier: Apache-2.0
// Facts in free text are recognized by short patterns over folded tokens, not by substrings:
//
//   "append*|add*|put|placed ...6 end ...3 array"
//
// Elements are apart by spaces; alternatives by "|"; a trailing "*" takes any ending; "...6" skips
// at most six tokens. Tokens are runs of letters and digits; decimals, fractions (1/3), clock times
// and words with an apostrophe stay whole; a percent sign is a token of its own.
#pragma once

#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace stride::gauntlet {

using Tokens = std::vector<std::string>;

Tokens tokens(std::string_view text);

// The position behind the first match at or after `from`, or npos.
inline constexpr size_t kNoMatch = static_cast<size_t>(-1);
size_t find_pattern(const Tokens& text, std::string_view pattern, size_t from = 0);

bool matches(const Tokens& text, std::string_view pattern);
bool matches_any(const Tokens& text, std::span<const std::string> patterns);
bool matches_any(const Tokens& text, std::initializer_list<std::string_view> patterns);

// Each sentence's tokens; facts must be stated within one.
std::vector<Tokens> sentence_tokens(std::string_view text);

// True where the tokens read as a sentence and not as a pile of keywords: among at least four
// tokens every seventh is a function word.
bool is_prose(const Tokens& sentence);

// True where a longer text reads as one: it has function words and its words vary. Filler
// that repeats itself and lists of keywords are not.
bool reads_as_text(const std::vector<Tokens>& sentences);

}  // namespace stride::gauntlet
