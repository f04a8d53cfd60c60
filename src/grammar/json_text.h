// SPDX-License-Identifier: Apache-2.0
// How JSON spells strings, as automata. A text has many spellings; where a string is free they are
// all allowed, and where its content is constrained only the canonical one is: characters as they
// are, short escapes where JSON demands one, \u00xx (lower case) for the other control characters.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "grammar/dfa.h"
#include "json/json_fwd.h"

namespace stride::grammar {

// Any JSON string with its quotes, in any spelling; an escaped surrogate only as one of a pair.
Dfa any_string_dfa();
// One character inside a JSON string, in any spelling.
Dfa string_character_dfa();
// The canonical spellings, without quotes, of the texts of `plain`.
Result<Dfa> spell_canonically(const Dfa& plain);
// The canonical spelling of one text, with quotes.
std::string quote_canonically(std::string_view text);
// The canonical spelling of a null, boolean, number or string: the same for equal values only.
Result<std::string> spell_scalar(const Json& value);
// The texts of `body` between two quotes.
Result<Dfa> quoted(const Dfa& body);
// Any text, in UTF-8.
Dfa any_text_dfa();
// Texts of at least `least` and at most `most` characters, in UTF-8.
Result<Dfa> length_dfa(size_t least, std::optional<size_t> most);

}  // namespace stride::grammar
