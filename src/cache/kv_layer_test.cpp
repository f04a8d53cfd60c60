// SPDX-License-Identifier: Apache-2.0
#include "cache/kv_layer.h"

#include <gtest/gtest.h>

#include <cstring>

namespace stride::cache {
namespace {

// Fills positions [begin, end) with bytes that tell head, position and whether it is a key.
void fill(KvLayer& layer, uint32_t begin, uint32_t end) {
  for (uint32_t head = 0; head < layer.shape().n_head_kv; ++head) {
    for (uint32_t p = begin; p < end; ++p) {
      const KvLayer::Row row = layer.row(head, p);
      std::memset(row.k, static_cast<int>(head * 50 + p), layer.shape().row_bytes());
      std::memset(row.v, static_cast<int>(100 + head * 50 + p), layer.shape().row_bytes());
      if (row.k_scale) {
        *row.k_scale = static_cast<float>(p);
        *row.v_scale = -static_cast<float>(p);
      }
    }
  }
}

class KvLayerTest : public testing::TestWithParam<KvType> {};

TEST_P(KvLayerTest, RunsCoverTheRangeInOrderAcrossTheWrap) {
  auto layer = *KvLayer::create({GetParam(), 2, 8}, 10);
  fill(layer, 7, 17);
  for (uint32_t begin = 7; begin < 17; ++begin) {
    for (uint32_t end = begin; end <= 17; ++end) {
      const auto runs = layer.runs(1, begin, end);
      uint32_t next = begin;
      for (const auto& run : runs.run) {
        if (run.n == 0) continue;
        EXPECT_EQ(run.first, next);
        for (uint32_t i = 0; i < run.n; ++i, ++next) {
          EXPECT_EQ(static_cast<unsigned char>(run.row.k[i * layer.shape().row_bytes()]),
                    50 + next);
        }
      }
      EXPECT_EQ(next, end);
    }
  }
}

TEST_P(KvLayerTest, SavesAndLoadsExactly) {
  auto layer = *KvLayer::create({GetParam(), 3, 8}, 10);
  fill(layer, 5, 15);
  std::vector<std::byte> saved, again;
  layer.save(8, 14, saved);
  EXPECT_EQ(saved.size(), layer.shape().position_bytes() * 6);
  fill(layer, 20, 30);
  EXPECT_EQ(layer.load(8, 14, saved), saved.size());
  layer.save(8, 14, again);
  EXPECT_EQ(saved, again);
}

INSTANTIATE_TEST_SUITE_P(Types, KvLayerTest, testing::Values(KvType::f16, KvType::int8));

TEST(KvLayer, CostsWhatTheSpecificationSays) {
  // 8 heads of 128: 4096 bytes a layer and token in f16, 2048 and 64 bytes of scales in int8.
  EXPECT_EQ((KvShape{KvType::f16, 8, 128}.position_bytes()), 4096U);
  EXPECT_EQ((KvShape{KvType::int8, 8, 128}.position_bytes()), 2112U);
  EXPECT_EQ(KvLayer::bytes({KvType::f16, 8, 128}, 512), 2U << 20);
}

}  // namespace
}  // namespace stride::cache
