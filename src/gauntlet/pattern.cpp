// SPDX-License-Identifier: Apache-2.0
#include "gauntlet/pattern.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <ranges>
#include <set>

#include "gauntlet/prose.h"

namespace stride::gauntlet {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || is_digit(c) || static_cast<unsigned char>(c) >= 0x80;
}

// A mark that joins what stands on both sides of it.
bool joins(std::string_view text, size_t at) {
  if (at == 0 || at + 1 >= text.size()) return false;
  const char before = text[at - 1];
  const char after = text[at + 1];
  switch (text[at]) {
    case '.':
    case '/':
    case ':':
      return is_digit(before) && is_digit(after);
    case ',': {
      // Only a thousands separator: exactly three digits follow.
      size_t digits = 0;
      while (at + 1 + digits < text.size() && is_digit(text[at + 1 + digits])) ++digits;
      return is_digit(before) && digits == 3;
    }
    case '\'':
      return is_word(before) && is_word(after);
    default:
      return false;
  }
}

bool element_matches(std::string_view element, std::string_view token) {
  while (!element.empty()) {
    const size_t bar = std::min(element.find('|'), element.size());
    const std::string_view choice = element.substr(0, bar);
    if (choice.ends_with('*') ? token.starts_with(choice.substr(0, choice.size() - 1))
                              : token == choice) {
      return true;
    }
    element.remove_prefix(std::min(bar + 1, element.size()));
  }
  return false;
}

// The position behind a match that begins exactly at `at`. Patterns have few gaps, each of at most
// a dozen tokens, so the search stays small.
size_t match_here(const Tokens& text, std::string_view pattern, size_t at) {
  while (!pattern.empty()) {
    const size_t space = std::min(pattern.find(' '), pattern.size());
    const std::string_view element = pattern.substr(0, space);
    pattern.remove_prefix(std::min(space + 1, pattern.size()));
    if (element.starts_with("...")) {
      size_t gap = 0;
      std::from_chars(element.data() + 3, element.data() + element.size(), gap);
      for (size_t skip = 0; skip <= gap && at + skip < text.size(); ++skip) {
        const size_t end = match_here(text, pattern, at + skip);
        if (end != kNoMatch) return end;
      }
      return kNoMatch;
    }
    if (at >= text.size() || !element_matches(element, text[at])) return kNoMatch;
    ++at;
  }
  return at;
}

}  // namespace

Tokens tokens(std::string_view source) {
  // An em dash parts words; only ASCII marks are looked at below.
  std::string text = fold(normalize(source));
  for (size_t at = 0; (at = text.find("\xe2\x80\x94", at)) != std::string::npos;) {
    text.replace(at, 3, " ");
  }
  Tokens out;
  std::string token;
  const auto flush = [&] {
    if (!token.empty()) out.push_back(std::move(token));
    token.clear();
  };
  for (size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (is_word(c)) {
      token += c;
    } else if (joins(text, at)) {
      if (c != ',') token += c;
    } else {
      flush();
      if (c == '%') out.emplace_back("%");
    }
  }
  flush();
  return out;
}

size_t find_pattern(const Tokens& text, std::string_view pattern, size_t from) {
  for (size_t at = from; at < text.size(); ++at) {
    const size_t end = match_here(text, pattern, at);
    if (end != kNoMatch) return end;
  }
  return kNoMatch;
}

bool matches(const Tokens& text, std::string_view pattern) {
  return find_pattern(text, pattern) != kNoMatch;
}

bool matches_any(const Tokens& text, std::span<const std::string> patterns) {
  return std::ranges::any_of(patterns, [&](const std::string& p) { return matches(text, p); });
}

bool matches_any(const Tokens& text, std::initializer_list<std::string_view> patterns) {
  return std::ranges::any_of(patterns, [&](std::string_view p) { return matches(text, p); });
}

std::vector<Tokens> sentence_tokens(std::string_view text) {
  std::vector<Tokens> out;
  for (const std::string& sentence : sentences(text)) out.push_back(tokens(sentence));
  return out;
}

namespace {

size_t n_function_word(const Tokens& sentence) {
  static constexpr std::array<std::string_view, 88> kFunctionWords = {
      "a",       "an",    "the",   "is",   "are",   "was",       "were",  "be",    "been",  "has",
      "have",    "had",   "of",    "to",   "in",    "on",        "at",    "by",    "with",  "from",
      "into",    "as",    "and",   "or",   "but",   "so",        "if",    "when",  "while", "until",
      "then",    "than",  "that",  "this", "these", "those",     "it",    "its",   "they",  "their",
      "which",   "who",   "where", "each", "every", "any",       "all",   "no",    "not",   "for",
      "because", "since", "both",  "does", "do",    "did",       "will",  "would", "can",   "may",
      "must",    "we",    "you",   "your", "he",    "she",       "there", "only",  "same",  "after",
      "before",  "about", "off",   "up",   "what",  "therefore", "also",  "still", "how",   "why",
      "more",    "most",  "such",  "thus", "here",  "them",      "one",   "just"};
  return static_cast<size_t>(std::ranges::count_if(sentence, [](const std::string& token) {
    return std::ranges::find(kFunctionWords, token) != kFunctionWords.end();
  }));
}

}  // namespace

bool is_prose(const Tokens& sentence) {
  // A list of keywords may hold a preposition, but no article, pronoun or auxiliary.
  return sentence.size() >= 4 && n_function_word(sentence) * 6 >= sentence.size() &&
         matches(
             sentence,
             "the|a|an|is|are|was|were|be|been|has|have|had|does|do|did|will|would|can|may|must|"
             "this|that|these|those|it|its|they|their|we|you|your|he|she|each|every|which|what");
}

bool reads_as_text(const std::vector<Tokens>& all) {
  std::set<std::string_view> different;
  size_t n_token = 0;
  size_t n_function = 0;
  for (const Tokens& sentence : all) {
    different.insert(sentence.begin(), sentence.end());
    n_token += sentence.size();
    n_function += n_function_word(sentence);
  }
  // A text of 200 words has more than 90 different ones; a third is far below what anyone writes.
  // Dense news prose has one function word in six.
  return n_token > 0 && different.size() * 3 >= n_token && n_function * 8 >= n_token;
}

}  // namespace stride::gauntlet
