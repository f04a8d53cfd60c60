// SPDX-License-Identifier: Apache-2.0
#include "grammar/regex.h"

#include <gtest/gtest.h>

#include <string>

#include "grammar/formats.h"

namespace stride::grammar {
namespace {

bool finds(std::string_view pattern, std::string_view text) {
  const auto dfa = regex_dfa(pattern, Anchoring::search);
  EXPECT_TRUE(dfa.has_value()) << pattern << ": " << (dfa ? "" : dfa.error().message);
  return dfa && dfa->matches(text);
}

Errc error_of(std::string_view pattern) {
  const auto dfa = regex_dfa(pattern, Anchoring::search);
  EXPECT_FALSE(dfa.has_value()) << pattern;
  return dfa ? Errc::internal : dfa.error().code;
}

TEST(Regex, SearchesUnlessAnchored) {
  EXPECT_TRUE(finds("b", "abc"));
  EXPECT_TRUE(finds("^a", "abc"));
  EXPECT_FALSE(finds("^b", "abc"));
  EXPECT_TRUE(finds("c$", "abc"));
  EXPECT_FALSE(finds("b$", "abc"));
  EXPECT_TRUE(finds("^a|c$", "xc"));
  EXPECT_TRUE(finds("^$", ""));
  EXPECT_FALSE(finds("^$", "a"));
  EXPECT_TRUE(finds("(^|x)a", "a"));
  EXPECT_TRUE(finds("(^|x)a", "bxa"));
  EXPECT_FALSE(finds("(^|x)a", "ba"));
  EXPECT_FALSE(finds("$a", "a"));
}

TEST(Regex, RepeatsAndClasses) {
  EXPECT_TRUE(finds("^a{2,3}$", "aaa"));
  EXPECT_FALSE(finds("^a{2,3}$", "aaaa"));
  EXPECT_TRUE(finds("^(ab)+?c*$", "ababcc"));
  EXPECT_TRUE(finds("^[^a-c]$", "\xe4\xbd\xa0"));
  EXPECT_TRUE(finds("^[\\d\\-x]+$", "1-x"));
  EXPECT_FALSE(finds("^\\w$", "-"));
  EXPECT_TRUE(finds("^\\S\\s$", "a\xc2\xa0"));
  EXPECT_TRUE(finds("^\\u{1F600}\\ud83d\\ude00$", "\xf0\x9f\x98\x80\xf0\x9f\x98\x80"));
  EXPECT_FALSE(finds("^.$", "\n"));
  EXPECT_TRUE(finds("^.$", "\xf0\x9f\x98\x80"));
  EXPECT_TRUE(finds("^(?:a|(?<name>b))\\.$", "b."));
  EXPECT_TRUE(finds("^\\cA\\x41\\0$", std::string_view("\x01"
                                                       "A\0",
                                                       3)));
  EXPECT_TRUE(finds("a{x", "a{x"));
}

TEST(Regex, EveryUtf8LengthIsCutRight) {
  for (const char* text :
       {"\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80",
        "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_TRUE(finds("^[^x]$", text));
  }
  for (const char* text : {"\x80", "\xc1\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xff"}) {
    EXPECT_FALSE(finds("^[^x]$", text));
  }
  EXPECT_TRUE(finds("^[\\u0416-\\uFF00]$", "\xe4\xbd\xa0"));
  EXPECT_FALSE(finds("^[\\u0416-\\uFF00]$", "\xd0\x95"));
}

TEST(Regex, WhatIsNotRegularIsUnsupported) {
  for (const char* pattern :
       {"a(?=b)", "(?!a)", "(?<=a)b", "(a)\\1", "\\bword", "\\p{L}", "(?<n>a)\\k<n>"}) {
    EXPECT_EQ(error_of(pattern), Errc::unsupported) << pattern;
  }
  for (const char* pattern :
       {"(", "a)", "[a", "*a", "a{3,2}", "\\", "[b-a]", "(?x)", "\\q", "\\u{110000}"}) {
    EXPECT_EQ(error_of(pattern), Errc::invalid_argument) << pattern;
  }
}

TEST(Regex, LargeOnesEnd) {
  EXPECT_EQ(error_of("a{20000}"), Errc::exhausted);
  EXPECT_EQ(error_of("((a{100}){100}){100}"), Errc::exhausted);
  EXPECT_EQ(error_of("(a|b)*a(a|b){30}"), Errc::exhausted);
  EXPECT_EQ(error_of(std::string(100, '(') + std::string(100, ')')), Errc::exhausted);
  EXPECT_TRUE(finds("^(a*)*$", std::string(1000, 'a')));
}

TEST(Formats, TakeWhatTheirStandardsTake) {
  const auto fits = [](std::string_view format, std::string_view text) {
    return format_dfa(format)->matches(text);
  };
  EXPECT_TRUE(fits("date", "2024-02-29") && fits("date", "2000-02-29") &&
              fits("date", "1999-12-31"));
  EXPECT_FALSE(fits("date", "2023-02-29") || fits("date", "1900-02-29") ||
               fits("date", "2020-04-31"));
  EXPECT_TRUE(fits("date-time", "2026-11-26T08:00:00.5+01:00") && fits("time", "23:59:60Z"));
  EXPECT_FALSE(fits("date-time", "2026-11-26 08:00:00Z") || fits("time", "24:00:00Z"));
  EXPECT_TRUE(fits("duration", "P1Y2M3DT4H5M6S") && fits("duration", "P2W"));
  EXPECT_FALSE(fits("duration", "P") || fits("duration", "P1YT") || fits("duration", "PT1D"));
  EXPECT_TRUE(fits("uuid", "2EB8AA08-aa98-11ea-b4aa-73b441d16380"));
  EXPECT_TRUE(fits("ipv4", "192.168.0.1"));
  EXPECT_FALSE(fits("ipv4", "256.0.0.1") || fits("ipv4", "01.2.3.4"));
  for (const char* text : {"::", "::1", "1::", "1:2:3:4:5:6:7:8", "1::8", "::ffff:1.2.3.4",
                           "1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:7::"}) {
    EXPECT_TRUE(fits("ipv6", text)) << text;
  }
  for (const char* text : {":", "1:2:3:4:5:6:7", "1::2::3", "1:2:3:4:5:6:7:8:9",
                           "12345::", "1:2:3:4:5:6:7::8", "::1.2.3"}) {
    EXPECT_FALSE(fits("ipv6", text)) << text;
  }
  EXPECT_TRUE(fits("email", "a.b+c@example.org") && fits("email", "\"a b\"@x.y"));
  EXPECT_FALSE(fits("email", "a..b@x.y") || fits("email", "a@-x.y") || fits("email", "a"));
  EXPECT_TRUE(fits("json-pointer", "/a~0b/~1") && !fits("json-pointer", "a") &&
              !fits("json-pointer", "/~2"));
}

}  // namespace
}  // namespace stride::grammar
