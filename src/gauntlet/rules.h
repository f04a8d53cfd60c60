// SPDX-License-Identifier: Apache-2.0
// The rules of the instruction following test: 24 kinds, each with its sentence for the prompt and
// its check. Sets of rules are never made up: they are taken from a stored text that obeys them, so
// every set can be obeyed.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"

namespace stride::gauntlet {

struct Rule {
  enum class Kind : uint8_t {
    sentences,      // exactly n
    words_between,  // n to m
    capitals,
    lower_case,
    first_word,
    last_word,
    word_once,
    word_twice,
    never_word,
    letter_at_most,  // n times
    no_letter,
    no_commas,
    no_digits,
    number_once,
    one_question,
    no_question,
    no_exclamation,
    one_semicolon,
    has_hyphen,
    no_parentheses,
    short_sentences,   // at most n words each
    short_words,       // at most n letters
    different_starts,  // no two sentences begin with the same word
    ends_with_stop,
  };

  Kind kind = Kind::sentences;
  int n = 0, m = 0;
  std::string word{};  // or a letter

  std::string text() const;
  bool holds(std::string_view answer) const;
};

inline constexpr size_t kRuleKinds = 24;

// True where no text can obey both, or where one says what the other says.
bool conflict(const Rule& a, const Rule& b);

struct Witness {
  std::string_view topic;                        // "tide pools"
  std::vector<std::string_view> topic_patterns;  // one must match
  std::string_view text;
  std::vector<std::string_view> never;  // words of the subject that the text does without
};

std::span<const Witness> witnesses();

// The eight rules of the first variant, in the order of its prompt.
std::vector<Rule> first_rules();
// Eight rules without conflicts that the text obeys.
std::vector<Rule> draw_rules(const Witness& witness, Random& random);

}  // namespace stride::gauntlet
