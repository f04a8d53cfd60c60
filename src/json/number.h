// SPDX-License-Identifier: Apache-2.0
// Numbers that keep their text. The library's value has no place for one, so it is stored as a
// binary value of a subtype of ours: JSON text can never produce a binary value, so the two cannot
// be mixed.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "json/json.h"

namespace stride::json {

// The length of the JSON number at the front of `text`, or 0.
size_t number_length(std::string_view text);

// `text` must be a JSON number. Nothing where it is beyond a double (Numbers::native only).
std::optional<Json> make_number(std::string_view text, Numbers numbers);

// The text of a number kept as text, or nothing.
std::optional<std::string_view> exact_text(const Json& value);

// Python's repr of a double: "1.0", "1e+20", "1e-05", "inf", "nan".
std::string python_repr(double value);

// The form Python gives a number kept as text: repr of its double where that is the same number,
// otherwise the text.
std::string python_number(std::string_view text);

}  // namespace stride::json
