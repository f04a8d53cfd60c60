// SPDX-License-Identifier: Apache-2.0
#include "cache/kv_pages.h"

#include <gtest/gtest.h>

#include <cstring>

namespace stride::cache {
namespace {

const KvShape kHalf{KvType::f16, 2, 8};
const KvShape kByte{KvType::int8, 3, 8};

// Rows of a page do not overlap, and fill it.
TEST(KvPages, RowsFillThePage) {
  const PageShape shape({kHalf, kByte});
  EXPECT_EQ(shape.page_bytes(), (kHalf.position_bytes() + kByte.position_bytes()) * kPageTokens);
  const KvPage page = *KvPage::allocate(shape.page_bytes());
  for (uint32_t layer = 0; layer < 2; ++layer) {
    const KvShape& l = shape.layer(layer);
    for (uint32_t head = 0; head < l.n_head_kv; ++head) {
      for (uint32_t p = 0; p < kPageTokens; ++p) {
        const KvRow row = shape.row(page, layer, head, p);
        for (std::byte* values : {row.k, row.v}) {
          for (uint32_t i = 0; i < l.row_bytes(); ++i) {
            ASSERT_EQ(values[i], std::byte{0});
            values[i] = std::byte{1};
          }
        }
        for (float* scale : {row.k_scale, row.v_scale}) {
          ASSERT_EQ(scale != nullptr, l.type == KvType::int8);
          if (scale) {
            ASSERT_EQ(*scale, 0);
            std::memset(scale, 1, sizeof *scale);
          }
        }
      }
    }
  }
  for (const std::byte b : page.span()) ASSERT_EQ(b, std::byte{1});
}

std::byte& first_byte(const PageTable& table, uint32_t position) {
  return *table.row(0, 0, position).k;
}

TEST(KvPages, WhoWritesToASharedPageGetsACopy) {
  PageTable one(PageShape({kHalf})), two(PageShape({kHalf}));
  ASSERT_TRUE(one.reserve(0, 300));
  EXPECT_EQ(one.pages().size(), 2U);
  first_byte(one, 299) = std::byte{9};
  two.assign(one.pages());
  EXPECT_EQ(two.n_missing(300, 310), 1U);
  ASSERT_TRUE(two.reserve(300, 310));
  EXPECT_EQ(two.pages()[0], one.pages()[0]);
  ASSERT_NE(two.pages()[1], one.pages()[1]);
  EXPECT_EQ(first_byte(two, 299), std::byte{9});
  first_byte(two, 300) = std::byte{7};
  EXPECT_EQ(first_byte(one, 300), std::byte{0});
  // Nobody else holds its page now, so it writes in place.
  EXPECT_EQ(one.n_missing(300, 310), 0U);
  const SharedPage page = one.pages()[1];
  EXPECT_EQ(one.n_missing(300, 310), 1U);
}

// A page that will be written from its first position on has nothing worth copying.
TEST(KvPages, AWholePageIsNotCopied) {
  PageTable one(PageShape({kHalf})), two(PageShape({kHalf}));
  ASSERT_TRUE(one.reserve(0, 512));
  first_byte(one, 300) = std::byte{9};
  two.assign(one.pages());
  ASSERT_TRUE(two.reserve(256, 257));
  EXPECT_EQ(first_byte(two, 300), std::byte{0});
}

TEST(KvPages, TruncationKeepsTheLastPageThatIsBegun) {
  PageTable table(PageShape({kHalf}));
  ASSERT_TRUE(table.reserve(0, 600));
  EXPECT_EQ(table.bytes(), 3 * table.shape().page_bytes());
  table.truncate(257);
  EXPECT_EQ(table.pages().size(), 2U);
  table.truncate(256);
  EXPECT_EQ(table.pages().size(), 1U);
  table.truncate(0);
  EXPECT_EQ(table.pages().size(), 0U);
}

// A model without full layers has nothing to keep in pages.
TEST(KvPages, NoLayersNoPages) {
  PageTable table{PageShape()};
  ASSERT_TRUE(table.reserve(0, 1000));
  EXPECT_EQ(table.pages().size(), 0U);
}

}  // namespace
}  // namespace stride::cache
