// SPDX-License-Identifier: Apache-2.0
// The text a model wrote for a parameter, turned into a JSON value by the parameter's schema.
//
//   string only, or nothing said about the type   the text, whatever it looks like
//   integer, number      JSON number text, kept digit for digit (3.0 is no integer text)
//   boolean              true, True, false, False
//   null                 null, None, and only where null is allowed
//   array, object        JSON, else a Python literal (single quotes, True, tuples)
//   several types        the others in the order object, array, number, boolean, null, then string
//   anything that does not fit   the text as a string
#pragma once

#include <optional>
#include <string_view>

#include "schema/schema.h"

namespace stride::schema {

// True where coerce() gives the text itself for every text.
bool is_plain_string(const Schema& schema, NodeId id = Schema::kRoot);

Json coerce(const Schema& schema, std::string_view text, NodeId id = Schema::kRoot);

// A literal of Python made of dict, list, tuple (as an array), string, number, True, False and
// None; JSON's true, false and null are read as well. Nothing where the text is anything else or
// nested deeper than JSON texts may be.
std::optional<Json> parse_python_literal(std::string_view text);

}  // namespace stride::schema
