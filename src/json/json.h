// SPDX-License-Identifier: Apache-2.0
// Reading and writing JSON: RFC 8259, bounded in depth and size before anything is built.
//
//   const Json request = STRIDE_TRY(json::parse(body));
//   const std::string line = json::python_dump(request["tools"][0]);
//
// Write with dump() and python_dump() of this header, not with the library's own dump(): values
// here may hold exact numbers (see Numbers::exact), which only these two write as numbers. This
// header is heavy. A header that only passes references includes json/json_fwd.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "json/escape.h"
#include "json/json_fwd.h"

namespace stride::json {

enum class Duplicates {
  last_wins,  // the value of the last, at the place of the first: as Python's dict
  refuse,
};

enum class Numbers {
  // int64, uint64 or double, whichever holds the value best: for configuration.
  native,
  // As native where writing the number again gives the same text; every other number (more digits
  // than its type holds, or another spelling such as 1.50 or 1E5) is kept as its text, so that no
  // digit is lost on the way to a prompt or a tool. It is then neither is_number() nor a string for
  // the library; ask is_number(value), as_int64(value) and as_double(value) below, which know both.
  exact,
};

struct ParseOptions {
  size_t max_depth = 64;  // nested arrays and objects; at most 512 is honoured, as copies recurse
  size_t max_bytes = size_t{256} << 20;
  size_t max_values = 20'000'000;  // values of every kind, the bound of the memory
  Duplicates duplicates = Duplicates::last_wins;
  Numbers numbers = Numbers::native;
};

// Reads one JSON text. The error names the byte offset and what was expected there. Ill-formed
// UTF-8 is refused; an escaped half of a surrogate pair becomes U+FFFD.
Result<Json> parse(std::string_view text, const ParseOptions& options = {});

// Compact: {"a":[1,2.5]}. Exact numbers are written as they were read. NaN and infinities are null.
// Ill-formed UTF-8 in strings becomes U+FFFD.
std::string dump(const Json& value);

// Byte for byte what Python's json.dumps(value, ensure_ascii=False) gives: ", " and ": ", floats by
// repr. One exception: a number that a double would change (1e400, 12345678901234567890.5), which
// Python itself would round or turn into Infinity, is written as it was read.
std::string python_dump(const Json& value);

// Python's str() of a scalar: True, False, None, repr of a float, a string as it is. Arrays and
// objects as python_dump().
std::string python_str(const Json& value);

// True for a number of either representation.
bool is_number(const Json& value);
// The number if it is an integer (also written 3.0 or 3e2) that fits.
std::optional<int64_t> as_int64(const Json& value);
// The nearest double; nothing where it would be infinite or where the value is no number.
std::optional<double> as_double(const Json& value);

// A number as Numbers::exact reads it; nothing where `text` is not a JSON number.
std::optional<Json> exact_number(std::string_view text);
// True where `text` is a JSON number and nothing else.
bool is_number_text(std::string_view text);
// True where `text` is a JSON number without fraction and exponent.
bool is_integer_text(std::string_view text);

// The value a JSON pointer (RFC 6901, "/a/0/b~1c") leads to, or nullptr. Never throws.
const Json* find(const Json& root, std::string_view pointer);
// The member `key` of an object, or nullptr where there is none or `value` is no object.
const Json* member(const Json& value, std::string_view key);
// The member's text, or nullptr where it is absent or not a string.
const std::string* string_member(const Json& value, std::string_view key);

}  // namespace stride::json
