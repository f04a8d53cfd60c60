// SPDX-License-Identifier: Apache-2.0
#include "base/svg.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace stride {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Drawing, HoldsWhatWasDrawnInOrder) {
  Drawing out(200, 100.5);
  out.box(1, 2, 3, 4, "#123456");
  out.line(0, 0.25, 10, 20, "red");
  out.curve(std::vector<std::pair<double, double>>{{1, 2}, {3, 4}}, "blue");
  out.text(5, 6, "words", "text-anchor=\"end\"");
  const std::string svg = out.finish();
  EXPECT_TRUE(
      svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 200 100.5\""));
  EXPECT_TRUE(svg.ends_with("</svg>\n"));
  const size_t box =
      svg.find("<rect x=\"1.0\" y=\"2.0\" width=\"3.0\" height=\"4.0\" fill=\"#123456\"/>");
  const size_t line =
      svg.find("<line x1=\"0.0\" y1=\"0.2\" x2=\"10.0\" y2=\"20.0\" stroke=\"red\"/>");
  const size_t curve = svg.find("points=\"1.0,2.0 3.0,4.0 \"");
  const size_t text = svg.find("<text x=\"5.0\" y=\"6.0\" text-anchor=\"end\">words</text>");
  ASSERT_NE(text, svg.npos);
  EXPECT_LT(box, line);
  EXPECT_LT(line, curve);
  EXPECT_LT(curve, text);
}

TEST(Drawing, WordsCannotBreakTheFile) {
  Drawing out(1, 1);
  out.text(0, 0, "a<b & \x1b[0m \xff c");
  const std::string svg = out.finish();
  EXPECT_THAT(svg, HasSubstr(">a&lt;b &amp; [0m \xef\xbf\xbd c<"));
  EXPECT_THAT(svg, Not(HasSubstr("\x1b")));
}

TEST(TickStep, IsAboutAFifthOfTheRange) {
  EXPECT_DOUBLE_EQ(tick_step(100), 20);
  EXPECT_DOUBLE_EQ(tick_step(1), 0.2);
  EXPECT_DOUBLE_EQ(tick_step(30), 5);
  EXPECT_DOUBLE_EQ(tick_step(6), 1);
  EXPECT_DOUBLE_EQ(tick_step(45), 10);
}

}  // namespace
}  // namespace stride
