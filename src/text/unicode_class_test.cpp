// SPDX-License-Identifier: Apache-2.0
#include "text/unicode_class.h"

#include <gtest/gtest.h>

namespace stride::text {
namespace {

using enum CharacterClass;

TEST(UnicodeClass, RangesAreSortedAndBeginAtZero) {
  ASSERT_GT(kClassRangeCount, 1000u);
  EXPECT_EQ(kClassRanges[0] >> 8, 0u);
  for (size_t i = 1; i < kClassRangeCount; ++i) {
    ASSERT_LT(kClassRanges[i - 1] >> 8, kClassRanges[i] >> 8);
    ASSERT_NE(kClassRanges[i - 1] & 0xff, kClassRanges[i] & 0xff);
    ASSERT_LE(kClassRanges[i] & 0xff, static_cast<uint32_t>(line_end));
  }
}

TEST(UnicodeClass, TheAsciiTableAgreesWithTheRanges) {
  size_t range = 0;
  for (char32_t code = 0; code < 128; ++code) {
    while (kClassRanges[range + 1] >> 8 <= code) ++range;
    EXPECT_EQ(class_of(code), static_cast<CharacterClass>(kClassRanges[range] & 0xff)) << int(code);
  }
}

TEST(UnicodeClass, KnownCharacters) {
  EXPECT_EQ(class_of(U'é'), letter);
  EXPECT_EQ(class_of(U'中'), letter);
  EXPECT_EQ(class_of(0x301), mark);
  EXPECT_EQ(class_of(U'٣'), number);
  EXPECT_EQ(class_of(U'½'), number);
  EXPECT_EQ(class_of(U'、'), punctuation);
  EXPECT_EQ(class_of(0x1f600), symbol);
  EXPECT_EQ(class_of(0x1fae9), symbol);  // new in Unicode 16.0
  EXPECT_EQ(class_of(0x85), space);
  EXPECT_EQ(class_of(0x3000), space);
  EXPECT_EQ(class_of(0x200b), other);  // zero width space is a format character
  EXPECT_EQ(class_of(0xfeff), other);
  EXPECT_EQ(class_of(0xe000), other);
  EXPECT_EQ(class_of(0x10ffff), other);
  EXPECT_EQ(class_of(0x110000), other);
}

}  // namespace
}  // namespace stride::text
