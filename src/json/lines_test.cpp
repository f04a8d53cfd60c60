// SPDX-License-Identifier: Apache-2.0
#include "json/lines.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace stride::json {
namespace {

using testing::Pair;
using testing::UnorderedElementsAre;

TEST(Lines, NestedValues) {
  EXPECT_THAT(
      lines("\n{\"a\": 1,\n \"b\": [true,\n  {\"c\": \"x,\\\"]}\"}\n],\n \"d\"\n:\n{}, \"e\": []}"),
      UnorderedElementsAre(Pair("", 2), Pair("a", 2), Pair("b", 3), Pair("b/0", 3), Pair("b/1", 4),
                           Pair("b/1/c", 4), Pair("d", 8), Pair("e", 8)));
}

TEST(Lines, OneValue) {
  EXPECT_THAT(lines("\n\n-1.5e3 "), UnorderedElementsAre(Pair("", 3)));
  EXPECT_THAT(lines("\"a\\\\\""), UnorderedElementsAre(Pair("", 1)));
}

// Not its job to refuse, but it must come to an end within the text.
TEST(Lines, DamagedTextEnds) {
  for (const char* text : {"", "{", "[", "[1", "[,", "[,,]", "{\"a", "{\"a\\",
                           "{\"a\":", "{\"a\":[1,", "]", "{,}", "[}"})
    EXPECT_THAT(lines(text), testing::Contains(testing::Key(""))) << text;
}

}  // namespace
}  // namespace stride::json
