// SPDX-License-Identifier: Apache-2.0
// The escapes of JSON strings, apart from json.h for files that only stream text.
#pragma once

#include <string>
#include <string_view>

namespace stride::json {

// Appends a string's characters with the escapes of JSON, without the quotes. Ill-formed UTF-8
// becomes U+FFFD, so `text` must not be cut inside a character.
void append_escaped(std::string& out, std::string_view text);

}  // namespace stride::json
