// SPDX-License-Identifier: Apache-2.0
// How good the encoders are: on Gaussian rows, on values that a type holds exactly, and by weights.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "base/half.h"
#include "base/random.h"
#include "quant/codec.h"
#include "quant/error.h"

namespace stride::quant {
namespace {

std::vector<float> gaussian(size_t n, uint64_t seed, double size = 1) {
  Random random(seed);
  std::vector<float> out(n);
  for (float& v : out) v = static_cast<float>(size * random.normal());
  return out;
}

std::vector<std::byte> encoded(Type type, std::span<const float> values,
                               std::span<const float> importance = {}) {
  std::vector<std::byte> out(row_bytes(type, values.size()));
  encode(type, values, out, importance);
  return out;
}

std::vector<float> decoded(Type type, std::span<const std::byte> bytes, size_t n) {
  std::vector<float> out(n);
  decode(type, bytes, out);
  return out;
}

std::vector<float> round_trip(Type type, std::span<const float> values,
                              std::span<const float> importance = {}) {
  return decoded(type, encoded(type, values, importance), values.size());
}

struct Quality {
  Type type;
  // Relative root mean square error of the quantizers of ggml on Gaussian rows, in 1e-6.
  int ggml;
};

// How gtest names a case in its output.
void PrintTo(const Quality& quality, std::ostream* out) {
  *out << type_name(quality.type);
}

class EncodeGaussian : public testing::TestWithParam<Quality> {};

// From below, rate-distortion theory: R bits a value leave a relative error of at least 2^-R. From
// above, what other tools achieve at the same size; ours lies under it for every type.
TEST_P(EncodeGaussian, BetterThanOthersWithinTheory) {
  const auto [type, ggml] = GetParam();
  const auto values = gaussian(32 * 4096, 77);
  const double error = encoding_error(type, encoded(type, values), values).relative_rms();
  EXPECT_LT(error, ggml * 1e-6);
  const TypeInfo& info = *type_info(type);
  EXPECT_GT(error, std::exp2(-8.0 * info.block_bytes / info.block_values));
}

// Neither the size of the values nor their sign matters, from where f16 scales are normal on.
TEST_P(EncodeGaussian, SameAtEverySize) {
  const auto [type, ggml] = GetParam();
  for (const double size : {0.02, -1.0, 300.0}) {
    const auto values = gaussian(16 * 4096, 78, size);
    EXPECT_LT(encoding_error(type, encoded(type, values), values).relative_rms(), ggml * 1e-6)
        << size;
  }
}

INSTANTIATE_TEST_SUITE_P(BlockTypes, EncodeGaussian,
                         testing::Values(Quality{Type::q8_0, 5333}, Quality{Type::q4_0, 85680},
                                         Quality{Type::q2_k, 296115}, Quality{Type::q3_k, 150613},
                                         Quality{Type::q4_k, 71137}, Quality{Type::q5_k, 36063},
                                         Quality{Type::q6_k, 17702}, Quality{Type::iq4_nl, 76137},
                                         Quality{Type::iq4_xs, 76744},
                                         Quality{Type::mxfp4, 115046}),
                         [](const auto& test) { return std::string(type_name(test.param.type)); });

class EncodeBlocks : public testing::TestWithParam<Type> {};

TEST_P(EncodeBlocks, WeightsLowerTheWeightedError) {
  constexpr size_t kRow = 1024;
  const auto values = gaussian(16 * kRow, 79);
  Random random(80);
  std::vector<float> importance(kRow);
  for (float& w : importance) w = static_cast<float>(std::exp(2 * random.normal()));
  const auto weighted_error = [&](const std::vector<float>& out) {
    double sum = 0;
    for (size_t i = 0; i < out.size(); ++i) {
      sum += importance[i % kRow] * (out[i] - values[i]) * (out[i] - values[i]);
    }
    return sum;
  };
  const double plain = weighted_error(round_trip(GetParam(), values));
  const double weighted = weighted_error(round_trip(GetParam(), values, importance));
  // An exponent or the scale of 8-bit values leaves little to choose.
  const bool has_choice = GetParam() != Type::mxfp4 && GetParam() != Type::q8_0;
  EXPECT_LT(weighted, plain * (has_choice ? 0.85 : 0.999));
}

// Blocks are independent: each row alone gives the bytes that it has among others.
TEST_P(EncodeBlocks, RowsAreIndependent) {
  constexpr size_t kRow = 512;
  const auto values = gaussian(3 * kRow, 81);
  std::vector<float> importance(kRow);
  for (size_t i = 0; i < kRow; ++i) importance[i] = static_cast<float>(1 + i % 7);
  const auto whole = encoded(GetParam(), values, importance);
  const size_t bytes = row_bytes(GetParam(), kRow);
  for (size_t r = 0; r < 3; ++r) {
    const auto row = encoded(GetParam(), std::span(values).subspan(r * kRow, kRow), importance);
    EXPECT_TRUE(std::ranges::equal(row, std::span(whole).subspan(r * bytes, bytes))) << r;
  }
}

// What a type can hold comes back, but for the rounding of scales: encoding twice costs a fraction
// of what encoding once costs.
TEST_P(EncodeBlocks, EncodingTwiceDoesNotDrift) {
  const auto values = gaussian(16 * 1024, 82);
  const auto once = round_trip(GetParam(), values);
  const auto twice = round_trip(GetParam(), once);
  EXPECT_LT(compare(once, twice).rms(), 0.12 * compare(values, once).rms());
}

TEST_P(EncodeBlocks, ZeroesStayZero) {
  const std::vector<float> zeros(512);
  EXPECT_EQ(round_trip(GetParam(), zeros), zeros);
}

TEST_P(EncodeBlocks, ConstantsComeBack) {
  for (const float value : {1.0f, -1.0f, 0.03f, -700.0f}) {
    const std::vector<float> values(256, value);
    const auto error = compare(values, round_trip(GetParam(), values));
    // 1 and -1 are levels of every type up to the rounding of scales; e2m1 has steps of a quarter
    // to a half, with its exponent shared.
    const bool is_mx = GetParam() == Type::mxfp4;
    EXPECT_LT(error.max_error, std::fabs(value) * (is_mx ? 0.2 : 2e-3)) << value;
  }
}

INSTANTIATE_TEST_SUITE_P(BlockTypes, EncodeBlocks,
                         testing::Values(Type::q8_0, Type::q4_0, Type::q2_k, Type::q3_k, Type::q4_k,
                                         Type::q5_k, Type::q6_k, Type::iq4_nl, Type::iq4_xs,
                                         Type::mxfp4),
                         [](const auto& test) { return std::string(type_name(test.param)); });

// Rounding to a step of largest / 127 errs by half a step, and f16 rounds that step by 2^-11.
TEST(Encode, Q8ErrsByHalfAStep) {
  const auto values = gaussian(64 * 32, 83);
  const auto out = round_trip(Type::q8_0, values);
  for (size_t b = 0; b < values.size(); b += 32) {
    float largest = 0;
    for (size_t i = b; i < b + 32; ++i) largest = std::max(largest, std::fabs(values[i]));
    for (size_t i = b; i < b + 32; ++i) {
      ASSERT_LE(std::fabs(out[i] - values[i]), largest / 127 * (0.5 + 127.0 / 1024));
    }
  }
}

TEST(Encode, PlainFloatsRoundEachValue) {
  const auto values = gaussian(1001, 84);
  EXPECT_EQ(round_trip(Type::f32, values), values);
  const auto half = round_trip(Type::f16, values);
  const auto brain = round_trip(Type::bf16, values);
  for (size_t i = 0; i < values.size(); ++i) {
    ASSERT_EQ(half[i], f16_to_f32(f32_to_f16(values[i])));
    ASSERT_EQ(brain[i], bf16_to_f32(f32_to_bf16(values[i])));
  }
}

TEST(Encode, Mxfp4KeepsItsOwnValues) {
  std::vector<float> values(32);
  for (size_t i = 0; i < 32; ++i) {
    constexpr std::array<float, 8> kLevels = {0, 0.5f, 1, 1.5f, 2, 3, 4, 6};
    values[i] = (i % 2 ? -1 : 1) * 0x1p-9f * kLevels[i / 2 % 8];
  }
  EXPECT_EQ(round_trip(Type::mxfp4, values), values);
}

// The bytes do not depend on compiler, flags or vector width. Whoever changes an encoder on purpose
// puts the new numbers here; the quality tests above judge the change. The inputs are sums of exact
// numbers, as logarithms of different libraries differ.
TEST(Encode, SameBytesEverywhere) {
  Random random(3);
  std::vector<float> values(1 << 16);
  for (float& v : values) {
    for (int i = 0; i < 4; ++i) v += static_cast<float>(random.below(1 << 20)) - 0x1p19f;
    v *= 0x1p-20f;
  }
  const auto hash_of = [&](Type type) {
    uint64_t hash = 0xcbf29ce484222325;  // FNV-1a
    for (const std::byte b : encoded(type, values)) {
      hash = (hash ^ std::to_integer<uint64_t>(b)) * 0x100000001b3;
    }
    return hash;
  };
  EXPECT_EQ(hash_of(Type::q4_0), 0xd6ad0111a1b81161u);
  EXPECT_EQ(hash_of(Type::q8_0), 0x2b3c380ea998bc36u);
  EXPECT_EQ(hash_of(Type::q2_k), 0x87da32869ae3839au);
  EXPECT_EQ(hash_of(Type::q3_k), 0x2d7c7e2815e960a6u);
  EXPECT_EQ(hash_of(Type::q4_k), 0x5a58bbd5ac7c7060u);
  EXPECT_EQ(hash_of(Type::q5_k), 0xdf14f1559617eaa4u);
  EXPECT_EQ(hash_of(Type::q6_k), 0xce311b88ef87d0cdu);
  EXPECT_EQ(hash_of(Type::iq4_nl), 0xd41f8fd30c1fe40au);
  EXPECT_EQ(hash_of(Type::iq4_xs), 0x51dfeada23904990u);
  EXPECT_EQ(hash_of(Type::mxfp4), 0xa143722c404e0040u);
}

TEST(Encode, OnlyIq3SIsMissing) {
  for (uint32_t n = 0; n < 64; ++n) {
    const auto type = type_from_number(n);
    if (type) {
      EXPECT_EQ(can_encode(*type), *type != Type::iq3_s);
    }
  }
}

}  // namespace
}  // namespace stride::quant
