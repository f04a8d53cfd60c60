// SPDX-License-Identifier: Apache-2.0
// Regular expressions and the bodies of GBNF rules as one kind of tree, and the automaton of a tree
// without rules. Characters are code points; texts are their UTF-8.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "grammar/dfa.h"

namespace stride::grammar {

inline constexpr char32_t kMaxCodePoint = 0x10ffff;

// Code points from first to second, both included.
using CodeRange = std::pair<char32_t, char32_t>;

// Sorted, without overlap.
std::vector<CodeRange> normalise(std::vector<CodeRange> ranges);
std::vector<CodeRange> complement(std::vector<CodeRange> ranges);

struct Expression {
  enum class Kind : uint8_t {
    characters,  // one character of `ranges`
    sequence,    // all of `parts`; of none: the empty text
    choice,      // one of `parts`
    repeat,      // parts[0] from `least` to `most` times
    start,       // the place before the first character
    end,         // the place after the last one
    rule,        // GBNF: the text of another rule
  };

  Kind kind = Kind::sequence;
  std::vector<CodeRange> ranges{};
  std::vector<Expression> parts{};
  size_t least = 0;
  std::optional<size_t> most{};
  uint32_t rule = 0;
};

Expression characters(std::vector<CodeRange> ranges);
Expression sequence(std::vector<Expression> parts);
Expression choice(std::vector<Expression> parts);
Expression repeat(Expression part, size_t least, std::optional<size_t> most);
Expression literal(std::string_view utf8);
// Any text.
Expression anything();

bool has_rules(const Expression& expression);

// The automaton of the texts that match as a whole. The expression must have no rules. Errors:
// exhausted where it grows beyond the limits.
Result<Dfa> compile_dfa(const Expression& expression);

}  // namespace stride::grammar
