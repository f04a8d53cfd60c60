// SPDX-License-Identifier: Apache-2.0
// Split cases worked out by hand, and the running time. The same scanner is compared with the three
// regular expressions themselves in tests/text/pre_tokenizer_pcre_test.cpp.
#include "text/pre_tokenizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace stride::text {
namespace {

using ::testing::ElementsAre;
using namespace std::string_view_literals;

std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> pieces;
  PreTokenizer scanner(text);
  while (const auto piece = scanner.next()) pieces.push_back(*piece);
  return pieces;
}

TEST(PreTokenizer, Words) {
  EXPECT_TRUE(split("").empty());
  EXPECT_THAT(split("Hello, world!"), ElementsAre("Hello", ",", " world", "!"));
  EXPECT_THAT(split("don't"), ElementsAre("don", "'t"));
  EXPECT_THAT(split("a.b c.\nd"), ElementsAre("a", ".b", " c", ".\n", "d"));
  EXPECT_THAT(split("_é .a"), ElementsAre("_", "é", " .", "a"));
  EXPECT_THAT(split("x=+-y ==z"), ElementsAre("x", "=+-", "y", " ==", "z"));
  EXPECT_THAT(split("\tif"), ElementsAre("\tif"));
  EXPECT_THAT(split("e\u0301te\u0301"), ElementsAre("e\u0301te\u0301"));
}

TEST(PreTokenizer, DigitsGoInThreesFromTheLeft) {
  EXPECT_THAT(split("1234567"), ElementsAre("123", "456", "7"));
  EXPECT_THAT(split("abc123def4567"), ElementsAre("abc", "123", "def", "456", "7"));
  EXPECT_THAT(split(" 12"), ElementsAre(" ", "12"));
  EXPECT_THAT(split("٣٤٥٦Ⅷ½"), ElementsAre("٣٤٥", "٦Ⅷ½"));
}

TEST(PreTokenizer, CjkAndKanaAreCutOutFirst) {
  EXPECT_THAT(split("日本語のテスト、カタカナ"), ElementsAre("日本語のテスト", "、", "カタカナ"));
  EXPECT_THAT(split("a中文b"), ElementsAre("a", "中文", "b"));
  EXPECT_THAT(split("カ・タ"), ElementsAre("カ", "・", "タ"));
  EXPECT_THAT(split("中文 中文"), ElementsAre("中文", " ", "中文"));
  EXPECT_THAT(split("한국어 日"), ElementsAre("한국어", " ", "日"));
  EXPECT_THAT(split("龥龦"), ElementsAre("龥", "龦"));  // U+9FA6 is outside the range
}

TEST(PreTokenizer, WhiteSpace) {
  EXPECT_THAT(split("a    b"), ElementsAre("a", "   ", " b"));
  EXPECT_THAT(split("end   "), ElementsAre("end", "   "));
  EXPECT_THAT(split(" \n \n  x"), ElementsAre(" \n \n", " ", " x"));
  EXPECT_THAT(split("a\r\n\r\nb"), ElementsAre("a", "\r\n\r\n", "b"));
  EXPECT_THAT(split("  !"), ElementsAre(" ", " !"));
  EXPECT_THAT(split("\t\t!"), ElementsAre("\t", "\t", "!"));
  EXPECT_THAT(split("   1"), ElementsAre("   ", "1"));
  EXPECT_THAT(split("\u3000\u00a0x"), ElementsAre("\u3000", "\u00a0x"));
}

TEST(PreTokenizer, WhatMatchesNothingIsAPieceOfItsOwn) {
  EXPECT_THAT(split("\x01\x02"), ElementsAre("\x01\x02"));
  EXPECT_THAT(split("\x01\x02z"), ElementsAre("\x01", "\x02z"));
  EXPECT_THAT(split("\x01 \x02"), ElementsAre("\x01", " ", "\x02"));
  EXPECT_THAT(split("\x01!"), ElementsAre("\x01", "!"));
  EXPECT_THAT(split("\0a\0"sv), ElementsAre("\0a"sv, "\0"sv));
}

TEST(PreTokenizer, InvalidBytesStayAsTheyAre) {
  EXPECT_THAT(split("\xff\xfe"), ElementsAre("\xff\xfe"));
  EXPECT_THAT(split("a\xe4\xb8z"), ElementsAre("a", "\xe4\xb8z"));
  EXPECT_THAT(split(" \xc3"), ElementsAre(" ", "\xc3"));
  EXPECT_THAT(split("!\x80!"), ElementsAre("!", "\x80", "!"));
}

// Each character is read a bounded number of times, whatever the text.
TEST(PreTokenizer, ReadsEveryCharacterAFewTimes) {
  for (const std::string_view unit :
       {"a",   " ",  "\n",    "7",   "!",       "\x01", "\xff", "中",    " \n",    "\n ", " a",
        "  a", " !", "\x01 ", "  1", "a\u0301", "!\n",  "\t\r", " \x01", "\u3000", "カ・"}) {
    std::string text;
    for (int i = 0; i < 10'000; ++i) text += unit;
    for (const char* end : {"", "x", "\n", "1", "!", "\x01"}) {
      const std::string whole = text + end;
      PreTokenizer scanner(whole);
      size_t n_byte = 0;
      while (const auto piece = scanner.next()) n_byte += piece->size();
      EXPECT_EQ(n_byte, whole.size());
      EXPECT_LE(scanner.n_read(), 6 * whole.size()) << unit;
    }
  }
}

}  // namespace
}  // namespace stride::text
