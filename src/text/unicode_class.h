// SPDX-License-Identifier: Apache-2.0
// The class of a character as far as pre-tokenizers ask. The classes do not overlap: \p{L}, \p{M},
// \p{N}, \p{P}, \p{S} of Unicode 16.0, white space (\s), and among that the line ends apart. The
// tables come from tools/make_unicode_tables.mjs.
#pragma once

#include <cstddef>
#include <cstdint>

namespace stride::text {

enum class CharacterClass : uint8_t {
  other,  // controls, formats, private use, unassigned, and bytes that are not UTF-8
  letter,
  mark,
  number,
  punctuation,
  symbol,
  space,     // \s without the next
  line_end,  // \r and \n
};

CharacterClass class_of(char32_t code);

// Sorted; each entry is the first code point of a range << 8 | its class, up to the next entry.
extern const uint32_t kClassRanges[];
extern const size_t kClassRangeCount;

}  // namespace stride::text
