// SPDX-License-Identifier: Apache-2.0
#include "quant/error.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "base/random.h"
#include "quant/codec.h"

namespace stride::quant {
namespace {

TEST(Error, KnownNumbers) {
  const std::vector<float> original = {3, -4, 0, 0};
  const std::vector<float> decoded = {3, -2, 1, -2};
  const ErrorStatistics error = compare(original, decoded);
  EXPECT_EQ(error.n_values, 4u);
  EXPECT_EQ(error.rms(), 1.5);
  EXPECT_EQ(error.relative_rms(), 0.6);
  EXPECT_EQ(error.max_error, 2);
}

TEST(Error, NothingIsNoError) {
  EXPECT_EQ(ErrorStatistics{}.rms(), 0);
  EXPECT_EQ(ErrorStatistics{}.relative_rms(), 0);
  EXPECT_EQ(compare(std::vector<float>(4), std::vector<float>(4)).relative_rms(), 0);
}

TEST(Error, NonFiniteValuesAreCountedApart) {
  constexpr float kInf = std::numeric_limits<float>::infinity();
  const std::vector<float> original = {1, kInf, std::nanf(""), 2};
  const std::vector<float> decoded = {1, 5, 0, -kInf};
  const ErrorStatistics error = compare(original, decoded);
  EXPECT_EQ(error.n_values, 1u);
  EXPECT_EQ(error.n_non_finite, 3u);
  EXPECT_EQ(error.rms(), 0);
}

// The parts in which a tensor is decoded leave no trace, and parts add up.
TEST(Error, OfEncodedBytes) {
  Random random(1);
  std::vector<float> values(3 * 4096 + 256);
  for (float& v : values) v = static_cast<float>(random.normal());
  std::vector<std::byte> bytes(row_bytes(Type::q4_k, values.size()));
  encode(Type::q4_k, values, bytes);
  std::vector<float> decoded(values.size());
  decode(Type::q4_k, bytes, decoded);

  const ErrorStatistics whole = encoding_error(Type::q4_k, bytes, values);
  const ErrorStatistics expected = compare(values, decoded);
  EXPECT_EQ(whole.n_values, values.size());
  EXPECT_NEAR(whole.squared_error, expected.squared_error, 1e-9 * expected.squared_error);
  EXPECT_EQ(whole.max_error, expected.max_error);

  const size_t half = row_bytes(Type::q4_k, 4096);
  ErrorStatistics sum =
      encoding_error(Type::q4_k, std::span(bytes).first(half), std::span(values).first(4096));
  sum.add(
      encoding_error(Type::q4_k, std::span(bytes).subspan(half), std::span(values).subspan(4096)));
  EXPECT_NEAR(sum.rms(), whole.rms(), 1e-9);
}

}  // namespace
}  // namespace stride::quant
