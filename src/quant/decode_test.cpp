// SPDX-License-Identifier: Apache-2.0
// Decoding against values of an independent decoder (tests/data/quant) and, where that decoder
// could share a mistake with us, against the formula worked out by hand.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "base/random.h"
#include "quant/blocks.h"
#include "quant/codec.h"
#include "quant/tables.h"

namespace stride::quant {
namespace {

struct Golden {
  std::vector<std::byte> bytes;
  std::vector<float> values;
};

Golden read_golden(Type type) {
  const std::string path =
      std::string(STRIDE_TEST_DATA) + "/quant/" + std::string(type_name(type)) + ".golden";
  std::ifstream in(path, std::ios::binary);
  const std::vector<char> file{std::istreambuf_iterator<char>(in), {}};
  const TypeInfo& info = *type_info(type);
  const size_t n_blocks = file.size() / (info.block_bytes + 4 * info.block_values);
  EXPECT_GT(n_blocks, 0u) << path;
  EXPECT_EQ(file.size(), n_blocks * (info.block_bytes + 4 * info.block_values)) << path;
  Golden golden{std::vector<std::byte>(n_blocks * info.block_bytes),
                std::vector<float>(n_blocks * info.block_values)};
  std::memcpy(golden.bytes.data(), file.data(), golden.bytes.size());
  std::memcpy(golden.values.data(), file.data() + golden.bytes.size(), 4 * golden.values.size());
  return golden;
}

std::vector<float> decoded(Type type, std::span<const std::byte> bytes, size_t n) {
  std::vector<float> out(n);
  decode(type, bytes, out);
  return out;
}

// The same bits, or both not a number (a NaN's payload has no meaning).
bool same(float a, float b) {
  return std::bit_cast<uint32_t>(a) == std::bit_cast<uint32_t>(b) ||
         (std::isnan(a) && std::isnan(b));
}

class DecodeGolden : public testing::TestWithParam<Type> {};

TEST_P(DecodeGolden, SameToTheLastBit) {
  const Golden golden = read_golden(GetParam());
  const auto values = decoded(GetParam(), golden.bytes, golden.values.size());
  for (size_t i = 0; i < values.size(); ++i) {
    ASSERT_TRUE(same(values[i], golden.values[i]))
        << "value " << i << ": " << values[i] << " and not " << golden.values[i];
  }
}

// Blocks are independent, at any address: each decoded alone from an odd one gives the same values.
TEST_P(DecodeGolden, BlockByBlockUnaligned) {
  const Golden golden = read_golden(GetParam());
  const TypeInfo& info = *type_info(GetParam());
  std::vector<std::byte> moved(info.block_bytes + 1);
  for (size_t b = 0; b * info.block_bytes < golden.bytes.size(); ++b) {
    std::memcpy(moved.data() + 1, golden.bytes.data() + b * info.block_bytes, info.block_bytes);
    const auto values = decoded(GetParam(), std::span(moved).subspan(1), info.block_values);
    for (size_t i = 0; i < values.size(); ++i) {
      ASSERT_TRUE(same(values[i], golden.values[b * info.block_values + i])) << b << " " << i;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(EveryType, DecodeGolden,
                         testing::Values(Type::f32, Type::f16, Type::bf16, Type::q8_0, Type::q4_0,
                                         Type::q2_k, Type::q3_k, Type::q4_k, Type::q5_k, Type::q6_k,
                                         Type::iq4_nl, Type::iq4_xs, Type::iq3_s, Type::mxfp4),
                         [](const auto& test) { return std::string(type_name(test.param)); });

TEST(Decode, NothingGivesNothing) {
  for (uint32_t n = 0; n < 64; ++n) {
    if (const auto type = type_from_number(n)) decode(*type, {}, {});
  }
}

// Worked by hand: d = 2, dmin = 0.5; sub-block 5 has sc = 33 = 2 * 16 + 1, mn = 50 = 3 * 16 + 2.
TEST(Decode, Q4KByHand) {
  BlockQ4_K block{};
  block.d = Scale::of_bits(f32_to_f16(2));
  block.dmin = Scale::of_bits(f32_to_f16(0.5f));
  block.scales[1] = 2 << 6;
  block.scales[5] = 3 << 6;
  block.scales[9] = 1 | 2 << 4;
  block.q[64 + 7] = 0xd4;  // value 128 + 7 is 4, value 128 + 32 + 7 is 13
  const auto values = decoded(Type::q4_k, std::as_bytes(std::span(&block, 1)), 256);
  EXPECT_EQ(values[160 + 7], 2 * 33 * 13 - 0.5f * 50);
  EXPECT_EQ(values[160], -0.5f * 50);
  EXPECT_EQ(values[128 + 7], 0);
}

TEST(Decode, Mxfp4ByHand) {
  BlockMXFP4 block{};
  block.e = 127 + 3;
  block.q[0] = 0x7 | 0x9 << 4;  // 6 and -0.5, as e2m1
  const auto values = decoded(Type::mxfp4, std::as_bytes(std::span(&block, 1)), 32);
  EXPECT_EQ(values[0], 48);
  EXPECT_EQ(values[16], -4);
  block.e = 0;
  EXPECT_EQ(decoded(Type::mxfp4, std::as_bytes(std::span(&block, 1)), 32)[0], 6 * 0x1p-127f);
}

TEST(Decode, PackedScalesComeBack) {
  Random random(1);
  for (int round = 0; round < 100; ++round) {
    AffineScales affine{};
    std::array<int8_t, 16> sixteen{};
    for (size_t i = 0; i < 16; ++i) {
      affine.sc[i % 8] = static_cast<uint8_t>(random.below(64));
      affine.mn[i % 8] = static_cast<uint8_t>(random.below(64));
      sixteen[i] = static_cast<int8_t>(static_cast<int>(random.below(64)) - 32);
    }
    const AffineScales back = affine_scales(pack_affine_scales(affine));
    EXPECT_EQ(back.sc, affine.sc);
    EXPECT_EQ(back.mn, affine.mn);
    EXPECT_EQ(signed_scales(pack_signed_scales(sixteen)), sixteen);
  }
}

TEST(Tables, Iq3GridPointsAreDistinctAndOdd) {
  for (size_t i = 0; i < kIq3sGrid.size(); ++i) {
    for (const uint8_t v : kIq3sGrid[i]) EXPECT_TRUE(v % 2 == 1 && v <= 15);
    for (size_t k = 0; k < i; ++k) EXPECT_NE(kIq3sGrid[i], kIq3sGrid[k]);
  }
}

}  // namespace
}  // namespace stride::quant
