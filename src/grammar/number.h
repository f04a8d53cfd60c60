// SPDX-License-Identifier: Apache-2.0
// Numbers with bounds and divisors, as automata over their decimal digits: exact for bounds of any
// size, since digits are compared and never converted.
//
// Spellings: an integer has digits only and no -0; a number without bounds is any JSON number of an
// exponent that a double can hold; one with bounds or divisors has no exponent.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "grammar/dfa.h"

namespace stride::grammar {

// integer.fraction without leading and trailing zeros; zero is ("", "") and not negative.
struct Decimal {
  bool negative = false;
  std::string integer{};
  std::string fraction{};

  bool is_zero() const { return integer.empty() && fraction.empty(); }
  bool operator==(const Decimal&) const = default;
};

// Reads a JSON number exactly. Errors: unsupported where it has more than some hundred digits.
Result<Decimal> parse_decimal(std::string_view text);
// The shortest text without exponent: "-0.5", "12".
std::string to_text(const Decimal& number);
// Negative, zero or positive as a < b, a == b, a > b.
int compare(const Decimal& a, const Decimal& b);

struct Bound {
  Decimal value{};
  bool inclusive = true;
};

struct NumberRules {
  bool integer = false;
  std::optional<Bound> least{}, most{};
  std::vector<Decimal> divisors{};  // positive; the number is a multiple of each
  bool plain = false;               // without exponent in any case
};

Result<Dfa> number_dfa(const NumberRules& rules);

}  // namespace stride::grammar
