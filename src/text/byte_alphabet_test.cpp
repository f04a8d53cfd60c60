// SPDX-License-Identifier: Apache-2.0
#include "text/byte_alphabet.h"

#include <gtest/gtest.h>

#include <set>

namespace stride::text {
namespace {

TEST(ByteAlphabet, EveryByteHasItsOwnLetter) {
  std::set<char32_t> letters;
  for (int byte = 0; byte < 256; ++byte) {
    const char32_t letter = letter_of_byte(static_cast<uint8_t>(byte));
    EXPECT_TRUE(letters.insert(letter).second);
    EXPECT_EQ(byte_of_letter(letter), byte);
  }
  EXPECT_EQ(letter_of_byte(' '), U'Ġ');
  EXPECT_EQ(letter_of_byte('\n'), U'Ċ');
  EXPECT_EQ(letter_of_byte(0xad), 0x143u);
  EXPECT_FALSE(byte_of_letter(' '));
  EXPECT_FALSE(byte_of_letter(0x144));
  EXPECT_FALSE(byte_of_letter(0xad));
}

TEST(ByteAlphabet, Strings) {
  EXPECT_EQ(to_byte_alphabet(" a\n"), "ĠaĊ");
  EXPECT_EQ(from_byte_alphabet("ĠaĊ"), " a\n");
  EXPECT_EQ(from_byte_alphabet(to_byte_alphabet("中\xff")), "中\xff");
  EXPECT_FALSE(from_byte_alphabet("a b"));
  EXPECT_FALSE(from_byte_alphabet("\xff"));
}

}  // namespace
}  // namespace stride::text
