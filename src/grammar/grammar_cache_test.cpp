// SPDX-License-Identifier: Apache-2.0
#include "grammar/grammar_cache.h"

#include <gtest/gtest.h>

namespace stride::grammar {
namespace {

TEST(GrammarCache, MakesEachOnceWithinItsBudget) {
  int n_made = 0;
  const auto make = [&] {
    ++n_made;
    return compile_regex("[a-z]{1,20}");
  };
  const size_t size = compile_regex("[a-z]{1,20}").value()->n_byte() + 1;
  GrammarCache cache(2 * size);
  const GrammarPtr first = *cache.get("a", make);
  EXPECT_EQ(*cache.get("a", make), first);
  EXPECT_EQ(n_made, 1);
  static_cast<void>(*cache.get("b", make));
  static_cast<void>(*cache.get("a", make));
  static_cast<void>(*cache.get("c", make));  // "b" goes
  EXPECT_EQ(n_made, 3);
  EXPECT_LE(cache.n_byte(), 2 * size);
  EXPECT_EQ(*cache.get("a", make), first);
  static_cast<void>(*cache.get("b", make));
  EXPECT_EQ(n_made, 4);
  EXPECT_FALSE(cache.get("bad", [] { return compile_regex("("); }));
  EXPECT_FALSE(cache.get("bad", [] { return compile_regex("("); }));
}

}  // namespace
}  // namespace stride::grammar
