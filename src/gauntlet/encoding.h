// SPDX-License-Identifier: Apache-2.0
// Base64 (RFC 4648, with padding) and SHA-256, for recordings.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace stride::gauntlet {

std::string to_base64(std::string_view bytes);
// Nothing where the text is not exactly what to_base64() writes.
std::optional<std::string> from_base64(std::string_view text);

// 64 hexadecimal digits.
std::string sha256(std::string_view bytes);

}  // namespace stride::gauntlet
