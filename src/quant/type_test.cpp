// SPDX-License-Identifier: Apache-2.0
#include "quant/type.h"

#include <gtest/gtest.h>

namespace stride::quant {
namespace {

TEST(Type, NumbersAndNamesGoBothWays) {
  int n_types = 0;
  for (uint32_t n = 0; n < 256; ++n) {
    const auto type = type_from_number(n);
    if (!type) continue;
    ++n_types;
    EXPECT_EQ(static_cast<uint32_t>(*type), n);
    EXPECT_EQ(type_from_name(type_name(*type)), type);
  }
  EXPECT_EQ(n_types, 14);
}

TEST(Type, NamesIgnoreCase) {
  EXPECT_EQ(type_from_name("q4_k"), Type::q4_k);
  EXPECT_EQ(type_from_name("Q4_K_M"), std::nullopt);
  EXPECT_EQ(type_from_name(""), std::nullopt);
}

TEST(Type, UnknownNumbers) {
  EXPECT_EQ(type_from_number(3), std::nullopt);
  EXPECT_EQ(type_from_number(0xffffffff), std::nullopt);
  EXPECT_EQ(type_name(static_cast<Type>(3)), "unknown");
}

TEST(Type, RowBytes) {
  EXPECT_EQ(row_bytes(Type::f32, 3), 12u);
  EXPECT_EQ(row_bytes(Type::q4_k, 4096), 2304u);
  EXPECT_EQ(row_bytes(Type::q8_0, 0), 0u);
  EXPECT_EQ(row_bytes(Type::mxfp4, 64), 34u);
}

}  // namespace
}  // namespace stride::quant
