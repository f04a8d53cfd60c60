// SPDX-License-Identifier: Apache-2.0
#include "gauntlet/prose.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace stride::gauntlet {
namespace {

using testing::ElementsAre;

TEST(Sentences, TheVectorsOfTheSpecification) {
  const auto n = [](std::string_view text) { return sentences(text).size(); };
  EXPECT_EQ(n("One. Two! Three?"), 3u);
  EXPECT_EQ(n("It costs 3.5 EUR, e.g. in Oban. Fine."), 2u);
  EXPECT_EQ(n("Dr. Ames left."), 1u);
  EXPECT_EQ(n("Wait... what? Yes."), 3u);
  EXPECT_EQ(n("Version 2.0.1 shipped. Done."), 2u);
  EXPECT_EQ(n("No end mark"), 1u);
  EXPECT_EQ(n("A\n\nB"), 2u);
}

}  // namespace
}  // namespace stride::gauntlet
