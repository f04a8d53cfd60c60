// SPDX-License-Identifier: Apache-2.0
#include "format/metadata.h"

#include <gtest/gtest.h>

namespace stride::format {
namespace {

TEST(Metadata, ReadsBackWhatWasSet) {
  Metadata m;
  m.set_u32("n", 7);
  m.set_f32("x", 0.5F);
  m.set_strings("s", {"a", "b"});
  m.set_bools("b", {true, false});
  EXPECT_EQ(m.integer("n"), 7);
  EXPECT_EQ(m.real("n"), 7.0);
  EXPECT_EQ(m.real("x"), 0.5);
  EXPECT_EQ(m.strings("s")->size(), 2U);
  EXPECT_EQ(m.booleans("b"), (std::vector<bool>{true, false}));
  EXPECT_EQ(m.integers("n"), std::vector<int64_t>{7});
}

TEST(Metadata, SaysWhatIsWrong) {
  Metadata m;
  m.set_string("s", "text");
  m.set("big", {ValueType::u64, uint64_t{1} << 63});
  EXPECT_EQ(m.integer("none").error().message, "key none is missing");
  EXPECT_EQ(m.integer("none").error().code, Errc::not_found);
  EXPECT_EQ(m.integer("s").error().message, "key s is not an integer");
  EXPECT_EQ(m.integer("big").error().code, Errc::format);
  EXPECT_EQ(m.strings("s").error().message, "key s is not an array of strings");
}

TEST(Metadata, KeepsFileOrderThroughReplaceAndErase) {
  Metadata m;
  m.set_u32("a", 1);
  m.set_u32("b", 2);
  m.set_u32("c", 3);
  m.set_u32("a", 4);
  m.erase("b");
  ASSERT_EQ(m.entries().size(), 2U);
  EXPECT_EQ(m.entries()[0].first, "a");
  EXPECT_EQ(m.integer("a"), 4);
  EXPECT_EQ(m.integer("c"), 3);
  EXPECT_FALSE(m.contains("b"));
}

}  // namespace
}  // namespace stride::format
