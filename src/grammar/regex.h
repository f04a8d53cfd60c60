// SPDX-License-Identifier: Apache-2.0
// Regular expressions of ECMA 262 (with the flag u) as far as they are regular: characters,
// classes, groups, alternatives, greedy or lazy repetition, ^ and $. Word boundaries, lookaround,
// back references and \p{...} are refused as unsupported.
//
// They become automata, so matching is linear and nothing backtracks.
#pragma once

#include <string_view>

#include "base/error.h"
#include "grammar/expression.h"

namespace stride::grammar {

enum class Anchoring {
  whole,   // the text matches from its first to its last character
  search,  // a match may begin and end anywhere, as JSON Schema's pattern has it
};

Result<Expression> parse_regex(std::string_view pattern, Anchoring anchoring);

// The automaton of parse_regex().
Result<Dfa> regex_dfa(std::string_view pattern, Anchoring anchoring);

}  // namespace stride::grammar
