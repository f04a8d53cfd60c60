// SPDX-License-Identifier: Apache-2.0
#include "text/unicode_class.h"

#include <algorithm>
#include <array>

namespace stride::text {
namespace {

using enum CharacterClass;

// Most text is ASCII; the table is checked against the ranges by the tests.
constexpr std::array<CharacterClass, 128> kAscii = [] {
  std::array<CharacterClass, 128> table{};
  for (size_t c = 0; c < table.size(); ++c) {
    const auto between = [c](char low, char high) {
      return c >= static_cast<size_t>(low) && c <= static_cast<size_t>(high);
    };
    if (between('a', 'z') || between('A', 'Z')) {
      table[c] = letter;
    } else if (between('0', '9')) {
      table[c] = number;
    } else if (c == '\r' || c == '\n') {
      table[c] = line_end;
    } else if (c == ' ' || between('\t', '\f')) {
      table[c] = space;
    } else if (c == '$' || c == '+' || between('<', '>') || c == '^' || c == '`' || c == '|' ||
               c == '~') {
      table[c] = symbol;
    } else if (between('!', '~')) {
      table[c] = punctuation;
    }
  }
  return table;
}();

}  // namespace

CharacterClass class_of(char32_t code) {
  if (code < kAscii.size()) return kAscii[code];
  if (code > 0x10ffff) return other;
  const uint32_t key = static_cast<uint32_t>(code) << 8 | 0xff;
  const uint32_t* after = std::upper_bound(kClassRanges, kClassRanges + kClassRangeCount, key);
  return static_cast<CharacterClass>(after[-1] & 0xff);
}

}  // namespace stride::text
