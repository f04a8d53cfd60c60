// SPDX-License-Identifier: Apache-2.0
#include "text/merger.h"

#include <gtest/gtest.h>

#include <map>
#include <utility>
#include <vector>

#include "base/random.h"
#include "text/merge_table.h"

namespace stride::text {
namespace {

// The definition: look at all pairs, merge the leftmost of lowest rank, repeat.
std::vector<int32_t> merge_slowly(const MergeTable& table, std::vector<int32_t> symbols) {
  while (true) {
    Merge best;
    size_t at = 0;
    for (size_t i = 0; i + 1 < symbols.size(); ++i) {
      const Merge merge = table.find(symbols[i], symbols[i + 1]);
      if (merge.rank < best.rank) {
        best = merge;
        at = i;
      }
    }
    if (best.rank == kNoRank) return symbols;
    symbols[at] = best.result;
    symbols.erase(symbols.begin() + static_cast<ptrdiff_t>(at) + 1);
  }
}

// Random rules over few symbols, so that merges overlap and build on each other in every way. The
// results need not be concatenations of anything here.
TEST(Merger, EqualsTheDefinition) {
  Random random(1);
  for (int round = 0; round < 300; ++round) {
    const size_t n_symbol = 2 + random.below(4);
    const size_t n_rule = random.below(12);
    const auto n_token = static_cast<int32_t>(n_symbol + n_rule);
    std::vector<MergeRule> rules;
    std::map<std::pair<int32_t, int32_t>, bool> known;
    for (size_t i = 0; i < n_rule; ++i) {
      const auto bound = n_symbol + i;
      const auto left = static_cast<int32_t>(random.below(bound));
      const auto right = static_cast<int32_t>(random.below(bound));
      if (!known.emplace(std::pair(left, right), true).second) continue;
      rules.push_back({left, right, static_cast<int32_t>(n_symbol + random.below(n_rule))});
    }
    const MergeTable table(static_cast<size_t>(n_token), rules);
    ASSERT_FALSE(table.duplicate());
    Merger merger(table);
    for (int piece = 0; piece < 20; ++piece) {
      std::vector<int32_t> symbols(random.below(40));
      for (int32_t& s : symbols) s = static_cast<int32_t>(random.below(n_symbol));
      std::vector<int32_t> merged;
      merger.merge(symbols, merged);
      ASSERT_EQ(merged, merge_slowly(table, symbols));
    }
  }
}

TEST(MergeTable, FindsDuplicates) {
  const std::vector<MergeRule> rules = {{0, 1, 2}, {1, 0, 3}, {0, 1, 3}};
  EXPECT_EQ(MergeTable(4, rules).duplicate(), 2u);
  EXPECT_EQ(MergeTable(4, std::span(rules).first(2)).duplicate(), std::nullopt);
  EXPECT_EQ(MergeTable(4, rules).find(1, 1).rank, kNoRank);
  EXPECT_EQ(MergeTable(4, rules).find(1, 0).result, 3);
}

// Twice the length costs about twice the steps: for one repeated symbol, all of whose pairs merge
// at first, and for random symbols.
TEST(Merger, StepsGrowLikeNLogN) {
  const std::vector<MergeRule> rules = {{0, 0, 2}, {2, 2, 3}, {3, 3, 4}, {4, 4, 5}, {0, 1, 6},
                                        {1, 0, 7}, {6, 7, 8}, {1, 1, 9}, {9, 2, 10}};
  const MergeTable table(11, rules);
  const auto steps = [&](size_t n, bool random_symbols) {
    Random random(n);
    std::vector<int32_t> symbols(n);
    if (random_symbols) {
      for (int32_t& s : symbols) s = static_cast<int32_t>(random.below(2));
    }
    std::vector<int32_t> out;
    Merger merger(table);
    merger.merge(symbols, out);
    return merger.n_step();
  };
  for (const bool random_symbols : {false, true}) {
    const uint64_t once = steps(100'000, random_symbols);
    EXPECT_LT(steps(200'000, random_symbols), once * 23 / 10);
    EXPECT_LT(once, 100'000u * 120);
  }
}

}  // namespace
}  // namespace stride::text
