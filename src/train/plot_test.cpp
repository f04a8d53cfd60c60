// SPDX-License-Identifier: Apache-2.0
// What a plot must hold, and the logs that it must refuse.
#include "train/plot.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace stride::train {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Plot, DrawsTheCurvesThatTheLogHas) {
  std::string log;
  for (int i = 1; i <= 1000; ++i)
    log += "{\"tokens\":" + std::to_string(i * 1000) +
           ",\"loss\":" + std::to_string(3.0 / i + 0.1) + ",\"mtp1_loss\":0.5}\n";
  const std::string svg = plot_svg(log, "a < b").value();
  EXPECT_THAT(svg, HasSubstr("a &lt; b"));
  EXPECT_THAT(svg, HasSubstr(">trunk<"));
  EXPECT_THAT(svg, HasSubstr(">MTP 1<"));
  EXPECT_THAT(svg, HasSubstr("million tokens"));
  EXPECT_THAT(svg, Not(HasSubstr("MTP 2")));
  EXPECT_THAT(svg, Not(HasSubstr("nan")));
  EXPECT_THAT(svg, Not(HasSubstr("inf")));
  EXPECT_LT(svg.size(), 20000U) << "a long log is not averaged";
}

TEST(Plot, OnePointAndZerosAreFine) {
  EXPECT_THAT(plot_svg("{\"tokens\":0,\"loss\":0,\"accuracy\":0}\n", "t").value(),
              Not(HasSubstr("nan")));
}

TEST(Plot, NamesTheBadLine) {
  EXPECT_THAT(plot_svg("{\"tokens\":1}\n{]\n", "t").error().message, HasSubstr("line 2"));
  EXPECT_THAT(plot_svg("{\"tokens\":1}\n[1]\n", "t").error().message, HasSubstr("line 2"));
  EXPECT_THAT(plot_svg("\n", "t").error().message, HasSubstr("no entries"));
}

}  // namespace
}  // namespace stride::train
