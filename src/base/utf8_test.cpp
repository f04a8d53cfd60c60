// SPDX-License-Identifier: Apache-2.0
#include "base/utf8.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace stride {
namespace {

using namespace std::string_view_literals;

TEST(Utf8, EveryCodePointComesBack) {
  for (char32_t code = 0; code <= 0x10ffff; ++code) {
    if (code >= 0xd800 && code < 0xe000) continue;
    std::string text;
    append_utf8(text, code);
    const Utf8Character c = decode_utf8(text, 0);
    ASSERT_TRUE(c.valid) << uint32_t{code};
    ASSERT_EQ(c.code, code);
    ASSERT_EQ(c.size, text.size());
    for (size_t n = 1; n < text.size(); ++n) {
      ASSERT_EQ(incomplete_utf8_tail(std::string(1, 'a').append(text, 0, n)), n);
      ASSERT_TRUE(decode_utf8(std::string_view(text).substr(0, n), 0).truncated);
    }
    ASSERT_EQ(incomplete_utf8_tail(text), 0u);
  }
}

TEST(Utf8, WhatHasNoFormBecomesTheReplacement) {
  for (const char32_t code : {0xd800u, 0xdfffu, 0x110000u, 0xffffffffu}) {
    std::string text;
    append_utf8(text, code);
    EXPECT_EQ(text, kReplacementUtf8);
  }
}

// The examples of the Unicode standard, tables 3-8 to 3-11.
TEST(Utf8, InvalidBytesAreTakenInMaximalParts) {
  const auto replaced = [](std::string_view text) {
    std::string out;
    for (const char c : to_valid_utf8(text)) {
      if (c == '\xef') out += '?';
      if ((c & 0x80) == 0) out += c;
    }
    return out;
  };
  EXPECT_EQ(replaced("\xc0\xaf\xe0\x80\xbf\xf0\x81\x82\x41"), "????????A");  // overlong
  EXPECT_EQ(replaced("\xed\xa0\x80\xed\xbf\xbf\xed\xaf\x41"), "????????A");  // surrogates
  EXPECT_EQ(replaced("\xf4\x91\x92\x93\xff\x41\x80\xbf\x42"), "?????A??B");  // too large
  EXPECT_EQ(replaced("\xe1\x80\xe2\xf0\x91\x92\xf1\xbf\x41"), "????A");      // truncated
  EXPECT_TRUE(is_utf8("a\xc3\xa9\0z"sv));
  EXPECT_FALSE(is_utf8("a\xc3"));
}

TEST(Utf8, OnlyAnUnfinishedCharacterIsATail) {
  EXPECT_EQ(incomplete_utf8_tail(""), 0u);
  EXPECT_EQ(incomplete_utf8_tail("abc"), 0u);
  EXPECT_EQ(incomplete_utf8_tail("\x80"), 0u);
  EXPECT_EQ(incomplete_utf8_tail("\x80\x80\x80\x80"), 0u);
  EXPECT_EQ(incomplete_utf8_tail("\xff"), 0u);
  EXPECT_EQ(incomplete_utf8_tail("\xed\xa0"), 0u);  // can only become a surrogate
  EXPECT_EQ(incomplete_utf8_tail("\xf0\x9f\x98"), 3u);
  EXPECT_EQ(incomplete_utf8_tail("\xe4\xb8\xe4"), 1u);
}

}  // namespace
}  // namespace stride
