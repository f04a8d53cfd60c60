// SPDX-License-Identifier: Apache-2.0
#include "gauntlet/escape.h"

#include <gtest/gtest.h>

namespace stride::gauntlet {
namespace {

TEST(Escape, NothingOfAnAnswerIsMarkup) {
  EXPECT_EQ(escape_html("<script>alert('x')&\"</script>"),
            "&lt;script&gt;alert(&#39;x&#39;)&amp;&quot;&lt;/script&gt;");
  EXPECT_EQ(escape_html("a\r\nb\rc\td"), "a\nb\nc\td");
  EXPECT_EQ(escape_html(std::string_view("a\0\x1b[31m", 7)), "a&lt;U+0000&gt;&lt;U+001B&gt;[31m");
  EXPECT_EQ(escape_html("x\xe2\x80\xaey"), "x&lt;U+202E&gt;y");
  EXPECT_EQ(escape_html("\xff\xc3"), "\xef\xbf\xbd\xef\xbf\xbd");
  EXPECT_EQ(escape_html("gr\xc3\xbc\xc3\x9f"), "gr\xc3\xbc\xc3\x9f");
  EXPECT_EQ(escape_xml("\x01"), "&lt;U+0001&gt;");
}

TEST(Escape, MarkdownStaysInItsCell) {
  EXPECT_EQ(escape_markdown("a|b\n# c `d` <e>"), "a\\|b \\# c \\`d\\` \\<e\\>");
  EXPECT_EQ(escape_markdown("[x](javascript:y)"), "\\[x\\](javascript:y)");
}

TEST(Escape, CsvIsQuotedAndNoFormula) {
  EXPECT_EQ(csv_field("plain"), "plain");
  EXPECT_EQ(csv_field("a,b"), "\"a,b\"");
  EXPECT_EQ(csv_field("say \"x\"\n"), "\"say \"\"x\"\"\n\"");
  EXPECT_EQ(csv_field("=1+1"), "'=1+1");
  EXPECT_EQ(csv_field("-2"), "'-2");
  EXPECT_EQ(csv_field(""), "");
}

TEST(Escape, ShortensWholeCharacters) {
  EXPECT_EQ(shortened("abc", 3), "abc");
  EXPECT_EQ(shortened("abcd", 3), "abc\xe2\x80\xa6");
  EXPECT_EQ(shortened("\xc3\xbc\xc3\xbc\xc3\xbc", 2), "\xc3\xbc\xc3\xbc\xe2\x80\xa6");
}

}  // namespace
}  // namespace stride::gauntlet
