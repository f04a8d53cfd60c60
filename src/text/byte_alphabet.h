// SPDX-License-Identifier: Apache-2.0
// The byte alphabet of GPT-2: vocabularies of byte-level BPE are stored as text, each byte as one
// visible character. The printable bytes of Latin-1 stand for themselves; the other 68, in order,
// are U+0100 to U+0143.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace stride::text {

char32_t letter_of_byte(uint8_t byte);
std::optional<uint8_t> byte_of_letter(char32_t letter);

std::string to_byte_alphabet(std::string_view bytes);
// Nothing if a character is not of the alphabet.
std::optional<std::string> from_byte_alphabet(std::string_view letters);

}  // namespace stride::text
