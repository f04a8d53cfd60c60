// SPDX-License-Identifier: Apache-2.0
#include "net/query.h"

#include <gtest/gtest.h>

namespace stride::net {
namespace {

TEST(PercentDecode, DecodesEveryByte) {
  EXPECT_EQ(percent_decode("/v1/models/a%2Fb"), "/v1/models/a/b");
  EXPECT_EQ(percent_decode("%e2%82%AC"), "\xe2\x82\xac");
  EXPECT_EQ(percent_decode("%00"), std::string(1, '\0'));
  EXPECT_EQ(percent_decode("a+b"), "a+b");
  EXPECT_EQ(percent_decode("a+b", Plus::is_space), "a b");
  EXPECT_EQ(percent_decode(""), "");
}

TEST(PercentDecode, RefusesBrokenEscapes) {
  for (const char* text : {"%", "%1", "a%", "%g0", "%0g", "%-1", "%+1", "% 1", "%0x", "%%41"})
    EXPECT_EQ(percent_decode(text), std::nullopt) << text;
}

TEST(Query, PairsInOrder) {
  const auto pairs = parse_query("a=1&b=x%20y+z&c&=v&&d==&a=2");
  ASSERT_TRUE(pairs);
  EXPECT_EQ(*pairs,
            (QueryPairs{{"a", "1"}, {"b", "x y z"}, {"c", ""}, {"", "v"}, {"d", "="}, {"a", "2"}}));
  EXPECT_EQ(*find_query(*pairs, "a"), "1");
  EXPECT_EQ(find_query(*pairs, "e"), nullptr);
  EXPECT_EQ(parse_query(""), QueryPairs{});
  EXPECT_EQ(parse_query("&&&"), QueryPairs{});
}

TEST(Query, RefusesBrokenEscapesAndTooManyPairs) {
  EXPECT_EQ(parse_query("a=%2"), std::nullopt);
  EXPECT_EQ(parse_query("%=1"), std::nullopt);
  std::string many;
  for (int i = 0; i < 1000; ++i) many += "a&";
  EXPECT_TRUE(parse_query(many));
  EXPECT_EQ(parse_query(many + "a"), std::nullopt);
}

}  // namespace
}  // namespace stride::net
