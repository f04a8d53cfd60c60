// SPDX-License-Identifier: Apache-2.0
#include "engine/prefix_cache.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace stride::engine {
namespace {

constexpr uint64_t kPage = 1000;
constexpr uint64_t kPoint = 100;

struct Point final : model::RewindPoint {
  explicit Point(uint32_t n) : n_token(n) {}
  uint32_t size() const override { return n_token; }
  uint64_t bytes() const override { return kPoint; }
  uint32_t n_token;
};

std::vector<Token> text(uint32_t n, Token seed) {
  std::vector<Token> ids(n);
  for (uint32_t i = 0; i < n; ++i) ids[i] = seed * 1000 + static_cast<Token>(i % 700);
  return ids;
}

std::vector<Token> join(std::vector<Token> a, const std::vector<Token>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

class PrefixCacheTest : public ::testing::Test {
 protected:
  // Adds a text with marks at these positions; its pages are only held by the cache.
  void add(const std::vector<Token>& ids, std::vector<uint32_t> positions) {
    std::vector<cache::SharedPage> pages;
    for (size_t i = 0; i < ids.size(); i += cache::kPageTokens)
      pages.push_back(std::make_shared<cache::KvPage>());
    std::vector<Mark> marks;
    for (const uint32_t p : positions) marks.push_back({p, std::make_shared<Point>(p)});
    cache.insert(ids, pages, marks, "");
  }
  CacheHit find(const std::vector<Token>& ids) {
    return cache.find(ids, static_cast<uint32_t>(ids.size()), "");
  }

  PrefixCache cache{kPage};
};

TEST_F(PrefixCacheTest, AnEmptyCacheKnowsNothing) {
  const CacheHit hit = find(text(10, 1));
  EXPECT_EQ(hit.n_matched, 0U);
  EXPECT_EQ(hit.n_usable, 0U);
  EXPECT_EQ(hit.point, nullptr);
}

TEST_F(PrefixCacheTest, FindsTheLastMarkBeforeTheTextsPart) {
  const auto one = text(700, 1);
  add(one, {100, 400, 690});
  EXPECT_EQ(cache.bytes(), 3 * kPage + 3 * kPoint);
  CacheHit hit = find(join(one, text(5, 2)));
  EXPECT_EQ(hit.n_matched, 700U);
  EXPECT_EQ(hit.n_usable, 690U);
  EXPECT_EQ(hit.pages.size(), 3U);
  EXPECT_EQ(hit.point->size(), 690U);
  auto other = one;
  other[500] = 9;
  hit = find(other);
  EXPECT_EQ(hit.n_matched, 500U);
  EXPECT_EQ(hit.n_usable, 400U);
  EXPECT_EQ(hit.pages.size(), 2U);
  hit = cache.find(one, 399, "");
  EXPECT_EQ(hit.n_usable, 100U);
  EXPECT_EQ(hit.pages.size(), 1U);
}

TEST_F(PrefixCacheTest, SharedBeginningsAreHeldOnce) {
  const auto head = text(600, 1);
  add(join(head, text(100, 2)), {512, 700});
  add(join(head, text(100, 3)), {512, 700});
  EXPECT_EQ(cache.n_block(), 4U);  // two shared, and the last of each
  EXPECT_EQ(cache.bytes(), 4 * kPage + 3 * kPoint);
  EXPECT_EQ(find(join(head, text(100, 3))).n_usable, 700U);
  EXPECT_EQ(find(join(head, text(100, 4))).n_usable, 512U);
}

TEST_F(PrefixCacheTest, ATextGrows) {
  const auto whole = text(1000, 1);
  for (uint32_t n = 50; n <= 1000; n += 50) add({whole.begin(), whole.begin() + n}, {n});
  EXPECT_EQ(cache.n_block(), 4U);
  EXPECT_EQ(cache.bytes(), 4 * kPage + 20 * kPoint);
  for (uint32_t n = 50; n <= 1000; n += 50) EXPECT_EQ(cache.find(whole, n, "").n_usable, n);
  // A shorter one is there already.
  add({whole.begin(), whole.begin() + 120}, {120});
  EXPECT_EQ(cache.n_block(), 4U);
  EXPECT_EQ(cache.find(whole, 149, "").n_usable, 120U);
}

TEST_F(PrefixCacheTest, SaltsAreApart) {
  const auto ids = text(300, 1);
  add(ids, {300});
  EXPECT_EQ(cache.find(ids, 300, "other").n_matched, 0U);
}

TEST_F(PrefixCacheTest, LetsGoOfWhatIsWorthLeast) {
  const auto old = text(500, 1), used = text(500, 2), fresh = text(500, 3);
  for (const auto& ids : {old, used, fresh}) add(ids, {250, 500});
  for (int i = 0; i < 5; ++i) find(used);
  const uint64_t before = cache.bytes();
  const uint64_t freed = cache.free(1500);
  EXPECT_GE(freed, 1500U);
  EXPECT_EQ(cache.bytes(), before - freed);
  EXPECT_EQ(find(used).n_usable, 500U);
  EXPECT_LT(find(old).n_usable, 500U);
  EXPECT_EQ(cache.idle_bytes(), cache.bytes());
  cache.free(UINT64_MAX);
  EXPECT_EQ(cache.bytes(), 0U);
  EXPECT_EQ(cache.n_block(), 0U);
}

// Freeing what a sequence still reads would free nothing.
TEST_F(PrefixCacheTest, WhatASequenceHoldsStays) {
  const auto ids = text(600, 1);
  add(ids, {600});
  const CacheHit hit = find(ids);
  EXPECT_EQ(cache.idle_bytes(), kPoint);
  cache.free(UINT64_MAX);
  EXPECT_EQ(cache.bytes(), 3 * kPage);
}

// Against a list of everything that was ever added.
TEST_F(PrefixCacheTest, AgreesWithAPlainList) {
  Random random(3);
  std::vector<std::pair<std::vector<Token>, std::vector<uint32_t>>> list;
  for (int round = 0; round < 300; ++round) {
    // Mostly the beginning of an earlier text, then something new.
    std::vector<Token> ids;
    if (!list.empty() && random.below(4) > 0) {
      const auto& from = list[random.below(list.size())].first;
      ids.assign(from.begin(), from.begin() + 1 + random.below(from.size()));
    }
    const size_t n_more = 1 + random.below(400);
    for (size_t i = 0; i < n_more; ++i) ids.push_back(static_cast<Token>(random.below(2)));
    uint32_t matched = 0, usable = 0;
    for (const auto& [other, marks] : list) {
      const size_t n = std::min(ids.size(), other.size());
      const auto same = static_cast<uint32_t>(
          std::mismatch(ids.begin(), ids.begin() + n, other.begin()).first - ids.begin());
      matched = std::max(matched, same);
      for (const uint32_t m : marks)
        if (m <= same) usable = std::max(usable, m);
    }
    const CacheHit hit = find(ids);
    ASSERT_EQ(hit.n_matched, matched) << round;
    ASSERT_EQ(hit.n_usable, usable) << round;
    ASSERT_EQ(hit.pages.size(), (usable + cache::kPageTokens - 1) / cache::kPageTokens);
    std::vector<uint32_t> marks;
    for (uint32_t p = 1; p <= ids.size(); p += 1 + static_cast<uint32_t>(random.below(300)))
      marks.push_back(p);
    add(ids, marks);
    list.emplace_back(ids, marks);
  }
}

}  // namespace
}  // namespace stride::engine
