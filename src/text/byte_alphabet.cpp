// SPDX-License-Identifier: Apache-2.0
#include "text/byte_alphabet.h"

#include <array>

#include "base/utf8.h"

namespace stride::text {
namespace {

constexpr size_t kLetters = 0x144;

constexpr bool stands_for_itself(size_t byte) {
  return (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) ||
         (byte >= 0xae && byte <= 0xff);
}

constexpr std::array<uint16_t, 256> kLetterOfByte = [] {
  std::array<uint16_t, 256> table{};
  uint16_t next = 0x100;
  for (size_t byte = 0; byte < table.size(); ++byte) {
    table[byte] = stands_for_itself(byte) ? static_cast<uint16_t>(byte) : next++;
  }
  return table;
}();

constexpr std::array<int16_t, kLetters> kByteOfLetter = [] {
  std::array<int16_t, kLetters> table{};
  table.fill(-1);
  for (size_t byte = 0; byte < kLetterOfByte.size(); ++byte) {
    table[kLetterOfByte[byte]] = static_cast<int16_t>(byte);
  }
  return table;
}();

}  // namespace

char32_t letter_of_byte(uint8_t byte) {
  return kLetterOfByte[byte];
}

std::optional<uint8_t> byte_of_letter(char32_t letter) {
  if (letter >= kLetters || kByteOfLetter[letter] < 0) return std::nullopt;
  return static_cast<uint8_t>(kByteOfLetter[letter]);
}

std::string to_byte_alphabet(std::string_view bytes) {
  std::string letters;
  for (const char byte : bytes) append_utf8(letters, letter_of_byte(static_cast<uint8_t>(byte)));
  return letters;
}

std::optional<std::string> from_byte_alphabet(std::string_view letters) {
  std::string bytes;
  for (size_t at = 0; at < letters.size();) {
    const Utf8Character c = decode_utf8(letters, at);
    const auto byte = c.valid ? byte_of_letter(c.code) : std::nullopt;
    if (!byte) return std::nullopt;
    bytes += static_cast<char>(*byte);
    at += c.size;
  }
  return bytes;
}

}  // namespace stride::text
