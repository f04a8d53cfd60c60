// SPDX-License-Identifier: Apache-2.0
#include "base/half.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/random.h"

namespace stride {
namespace {

uint32_t bits_of(float value) {
  return std::bit_cast<uint32_t>(value);
}

// The value of a small float by the definition of its format: the oracle of every test here.
double by_definition(uint32_t bits, int exponent_bits, int mantissa_bits) {
  const int bias = (1 << (exponent_bits - 1)) - 1;
  const auto mantissa = static_cast<double>(bits & ((1u << mantissa_bits) - 1));
  const int exponent = static_cast<int>(bits >> mantissa_bits) & ((1 << exponent_bits) - 1);
  const bool negative = (bits >> (mantissa_bits + exponent_bits)) & 1;
  const double significand = exponent == 0 ? mantissa : mantissa + (1 << mantissa_bits);
  const double value =
      std::ldexp(significand, (exponent == 0 ? 1 : exponent) - bias - mantissa_bits);
  return negative ? -value : value;
}

TEST(Half, EveryF16WidensExactly) {
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    const float value = f16_to_f32(static_cast<uint16_t>(bits));
    const uint32_t magnitude = bits & 0x7fff;
    ASSERT_EQ(std::signbit(value), bits >= 0x8000) << bits;
    if (magnitude > 0x7c00) {
      ASSERT_EQ(bits_of(value) & 0x7fffffff, 0x7fc00000 | (magnitude & 0x3ff) << 13) << bits;
    } else if (magnitude == 0x7c00) {
      ASSERT_TRUE(std::isinf(value)) << bits;
    } else {
      ASSERT_EQ(value, by_definition(bits, 5, 10)) << bits;
    }
  }
}

TEST(Half, EveryF16ComesBack) {
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    const auto half = static_cast<uint16_t>(bits);
    const bool nan = (bits & 0x7fff) > 0x7c00;
    ASSERT_EQ(f32_to_f16(f16_to_f32(half)), nan ? half | 0x200 : half) << bits;
  }
}

// Between each two neighbours lie three cases: below, at and above the middle. The neighbour above
// the largest finite f16 would be 65536, which is written as infinity.
TEST(Half, F16RoundsToNearestEven) {
  for (uint32_t low = 0; low < 0x7c00; ++low) {
    const double next = low + 1 == 0x7c00 ? 65536 : by_definition(low + 1, 5, 10);
    const auto middle = static_cast<float>((by_definition(low, 5, 10) + next) / 2);
    const uint32_t even = low + (low & 1);
    for (const uint32_t sign : {0u, 0x8000u}) {
      const float s = sign ? -1.0f : 1.0f;
      ASSERT_EQ(f32_to_f16(s * std::nextafter(middle, 0.0f)), sign | low);
      ASSERT_EQ(f32_to_f16(s * middle), sign | even);
      ASSERT_EQ(f32_to_f16(s * std::nextafter(middle, 1e9f)), sign | (low + 1));
    }
  }
}

TEST(Half, F16Extremes) {
  constexpr float kInf = std::numeric_limits<float>::infinity();
  EXPECT_EQ(f32_to_f16(0.0f), 0x0000);
  EXPECT_EQ(f32_to_f16(-0.0f), 0x8000);
  EXPECT_EQ(f32_to_f16(65504.0f), 0x7bff);
  EXPECT_EQ(f32_to_f16(std::numeric_limits<float>::max()), 0x7c00);
  EXPECT_EQ(f32_to_f16(-kInf), 0xfc00);
  EXPECT_EQ(f32_to_f16(std::numeric_limits<float>::denorm_min()), 0x0000);
  EXPECT_TRUE(std::isnan(f16_to_f32(f32_to_f16(std::bit_cast<float>(0x7f800001u)))));
}

#ifdef __FLT16_MANT_DIG__
__extension__ using NativeHalf = _Float16;

TEST(Half, F16AgreesWithTheCompiler) {
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    const auto native = static_cast<float>(std::bit_cast<NativeHalf>(static_cast<uint16_t>(bits)));
    const float ours = f16_to_f32(static_cast<uint16_t>(bits));
    if (std::isnan(native)) {
      ASSERT_TRUE(std::isnan(ours)) << bits;
    } else {
      ASSERT_EQ(bits_of(ours), bits_of(native)) << bits;
    }
  }
  Random random(11);
  for (int i = 0; i < 1'000'000; ++i) {
    // Half of the samples lie near the range of f16, where rounding matters.
    auto bits = static_cast<uint32_t>(random.next());
    if (i & 1) bits = (bits & 0x807fffffu) | static_cast<uint32_t>(97 + random.below(50)) << 23;
    const float value = std::bit_cast<float>(bits);
    const auto native = std::bit_cast<uint16_t>(static_cast<NativeHalf>(value));
    if (std::isnan(value)) {
      ASSERT_TRUE(std::isnan(f16_to_f32(f32_to_f16(value)))) << bits;
    } else {
      ASSERT_EQ(f32_to_f16(value), native) << bits;
    }
  }
}
#endif

TEST(Half, EveryBf16IsTheUpperHalf) {
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    const auto half = static_cast<uint16_t>(bits);
    const float value = bf16_to_f32(half);
    ASSERT_EQ(bits_of(value), bits << 16);
    const bool nan = (bits & 0x7fff) > 0x7f80;
    ASSERT_EQ(f32_to_bf16(value), nan ? half | 0x40 : half) << bits;
    if ((bits & 0x7fff) < 0x7f80) {
      ASSERT_EQ(value, by_definition(bits, 8, 7)) << bits;
    }
  }
}

TEST(Half, Bf16RoundsToNearestEven) {
  for (uint32_t high = 0; high < 0x10000; ++high) {
    if ((high & 0x7fff) >= 0x7f80) continue;
    ASSERT_EQ(f32_to_bf16(std::bit_cast<float>(high << 16 | 0x7fffu)), high);
    ASSERT_EQ(f32_to_bf16(std::bit_cast<float>(high << 16 | 0x8000u)), high + (high & 1));
    ASSERT_EQ(f32_to_bf16(std::bit_cast<float>(high << 16 | 0x8001u)), high + 1);
  }
  EXPECT_EQ(f32_to_bf16(std::numeric_limits<float>::infinity()), 0x7f80);
  // A NaN whose payload lies in the lower half only must not turn into an infinity.
  EXPECT_EQ(f32_to_bf16(std::bit_cast<float>(0xff800001u)), 0xffc0);
}

TEST(Half, EveryF8WidensExactly) {
  for (uint32_t bits = 0; bits < 0x100; ++bits) {
    const float value = f8_e4m3_to_f32(static_cast<uint8_t>(bits));
    ASSERT_EQ(std::signbit(value), bits >= 0x80) << bits;
    if ((bits & 0x7f) == 0x7f) {
      ASSERT_TRUE(std::isnan(value)) << bits;
    } else {
      ASSERT_EQ(value, by_definition(bits, 4, 3)) << bits;
    }
  }
  EXPECT_EQ(f8_e4m3_to_f32(0x7e), 448);
}

static_assert(f32_to_f16(f16_to_f32(0x3c01)) == 0x3c01, "usable in constant expressions");

}  // namespace
}  // namespace stride
