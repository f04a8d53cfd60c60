// SPDX-License-Identifier: Apache-2.0
// Values and weights that no sane model holds: nothing may crash, hang or turn into a scale that is
// not finite.
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <vector>

#include "base/random.h"
#include "quant/codec.h"
#include "quant/error.h"

namespace stride::quant {
namespace {

constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kMax = std::numeric_limits<float>::max();
constexpr float kTiny = std::numeric_limits<float>::denorm_min();

std::vector<float> round_trip(Type type, std::span<const float> values,
                              std::span<const float> importance = {}) {
  std::vector<std::byte> bytes(row_bytes(type, values.size()));
  encode(type, values, bytes, importance);
  std::vector<float> out(values.size());
  decode(type, bytes, out);
  return out;
}

bool all_finite(std::span<const float> values) {
  return std::ranges::all_of(values, [](float v) { return std::isfinite(v); });
}

class EncodeHostile : public testing::TestWithParam<Type> {};

// Pairs of extremes, in every mixture, alone in a block of ordinary values and all over it.
TEST_P(EncodeHostile, ExtremesDecodeToFiniteValues) {
  const std::vector<float> extremes = {0.0f,   -0.0f,  kNan, kInf,  -kInf,  kMax,  -kMax,  kTiny,
                                       -kTiny, 1e-38f, 1e8f, 1e-7f, -1e-7f, 65504, -70000, 1};
  Random random(5);
  for (const float a : extremes) {
    for (const float b : extremes) {
      std::vector<float> values(512, b);
      for (size_t i = 0; i < 256; i += 3) values[i] = a;
      for (size_t i = 256; i < 512; ++i) values[i] = static_cast<float>(random.normal());
      values[300] = a;
      values[301] = b;
      EXPECT_TRUE(all_finite(round_trip(GetParam(), values))) << a << " " << b;
    }
  }
}

TEST_P(EncodeHostile, RandomBitsDecodeToFiniteValues) {
  Random random(6);
  for (int round = 0; round < 200; ++round) {
    std::vector<float> values(256), importance(256);
    for (float& v : values) v = std::bit_cast<float>(static_cast<uint32_t>(random.next()));
    for (float& w : importance) w = std::bit_cast<float>(static_cast<uint32_t>(random.next()));
    EXPECT_TRUE(all_finite(round_trip(GetParam(), values)));
    EXPECT_TRUE(all_finite(round_trip(GetParam(), values, importance)));
  }
}

TEST_P(EncodeHostile, NanCountsAsZero) {
  Random random(7);
  std::vector<float> with_nan(256), with_zero(256);
  for (size_t i = 0; i < 256; ++i) {
    with_zero[i] = i % 5 == 0 ? 0 : static_cast<float>(random.normal());
    with_nan[i] = i % 5 == 0 ? kNan : with_zero[i];
  }
  EXPECT_EQ(round_trip(GetParam(), with_nan), round_trip(GetParam(), with_zero));
}

TEST_P(EncodeHostile, InfinitiesSaturate) {
  for (const float sign : {1.0f, -1.0f}) {
    const std::vector<float> values(256, sign * kInf);
    for (const float v : round_trip(GetParam(), values)) {
      ASSERT_TRUE(std::isfinite(v));
      ASSERT_GE(v * sign, 4e5f);  // 65504 * 7: the smallest largest value, that of Q4_0
    }
  }
}

// Where f16 scales lose their precision, rows of the size of real weights still keep their shape.
TEST_P(EncodeHostile, SmallRowsKeepTheirShape) {
  Random random(8);
  std::vector<float> values(4096);
  for (float& v : values) v = static_cast<float>(1e-4 * random.normal());
  EXPECT_LT(compare(values, round_trip(GetParam(), values)).relative_rms(), 0.4);
  for (float& v : values) v *= 1e-5f;
  const auto out = round_trip(GetParam(), values);
  EXPECT_TRUE(all_finite(out));
  EXPECT_LT(*std::ranges::max_element(out), 1e-5f);
}

// One weight decides alone, and bad weights are as if they were zero.
TEST_P(EncodeHostile, WeightsOfAnyKind) {
  Random random(9);
  std::vector<float> values(256);
  for (float& v : values) v = static_cast<float>(random.normal());
  const auto plain = round_trip(GetParam(), values);
  for (const float w : {0.0f, -1.0f, kNan, kInf}) {
    EXPECT_EQ(round_trip(GetParam(), values, std::vector<float>(256, w)), plain) << w;
  }
  for (const float w : {kTiny, 1e-30f, kMax}) {
    EXPECT_EQ(round_trip(GetParam(), values, std::vector<float>(256, w)), plain) << w;
  }
  std::vector<float> bad(256, 1), zero(256, 1);
  for (size_t i = 0; i < 256; i += 4) {
    bad[i] = i % 8 ? kNan : -kInf;
    zero[i] = 0;
  }
  EXPECT_EQ(round_trip(GetParam(), values, bad), round_trip(GetParam(), values, zero));
}

// An enormous value that weighs nothing does not ruin the others.
TEST_P(EncodeHostile, WeightlessOutliersAreIgnored) {
  Random random(10);
  std::vector<float> values(256), weights(256, 1);
  for (float& v : values) v = static_cast<float>(random.normal());
  for (size_t i = 5; i < 256; i += 16) {
    values[i] = 1e6f;
    weights[i] = 0;
  }
  const auto out = round_trip(GetParam(), values, weights);
  double error = 0;
  for (size_t i = 0; i < 256; ++i) {
    if (weights[i] > 0) error += (out[i] - values[i]) * (out[i] - values[i]);
  }
  EXPECT_LT(std::sqrt(error / 240), 0.4);
}

INSTANTIATE_TEST_SUITE_P(BlockTypes, EncodeHostile,
                         testing::Values(Type::q8_0, Type::q4_0, Type::q2_k, Type::q3_k, Type::q4_k,
                                         Type::q5_k, Type::q6_k, Type::iq4_nl, Type::iq4_xs,
                                         Type::mxfp4),
                         [](const auto& test) { return std::string(type_name(test.param)); });

}  // namespace
}  // namespace stride::quant
