// SPDX-License-Identifier: Apache-2.0
#include "quant/row_groups.h"

#include <gtest/gtest.h>

#include <vector>

#include "base/random.h"
#include "quant/codec.h"

namespace stride::quant {
namespace {

constexpr Type kGrouped[] = {Type::q8_0, Type::q4_0, Type::iq4_nl, Type::q4_k,
                             Type::q5_k, Type::q6_k, Type::iq4_xs};

std::vector<std::byte> random_bytes(size_t n, uint64_t seed) {
  Random random(seed);
  std::vector<std::byte> bytes(n);
  for (std::byte& b : bytes) b = static_cast<std::byte>(random.below(256));
  return bytes;
}

TEST(RowGroups, TheWayBackIsExactForAnyBytes) {
  for (const Type type : kGrouped) {
    for (const size_t n_block : {1U, 2U, 5U}) {
      const size_t n_in = n_block * type_info(type)->block_values;
      const auto rows = random_bytes(kGroupRows * row_bytes(type, n_in), n_block);
      std::vector<std::byte> group(rows.size()), back(rows.size());
      group_rows(type, n_in, rows, group);
      EXPECT_NE(rows, group) << type_name(type);
      ungroup_rows(type, n_in, group, back);
      EXPECT_EQ(rows, back) << type_name(type);
    }
  }
}

// A unit's bytes are those of its rows, so a group in place of its rows fits, and a type that is
// not listed would change the bytes it cannot move.
TEST(RowGroups, UnitsTakeTheBytesOfTheirRows) {
  for (const Type type : kGrouped) {
    const UnitOffsets at = unit_offsets(type);
    const size_t q_bytes = type == Type::q8_0 ? 512 : type_info(type)->block_values / 2 * 16;
    EXPECT_EQ(at.q + q_bytes, 16 * type_info(type)->block_bytes) << type_name(type);
  }
}

TEST(RowGroups, OnlyWholeGroupsOfListedTypes) {
  EXPECT_TRUE(can_group(Type::q4_k, 32));
  EXPECT_FALSE(can_group(Type::q4_k, 40));
  EXPECT_FALSE(can_group(Type::f32, 32));
  EXPECT_FALSE(can_group(Type::q3_k, 32));
}

}  // namespace
}  // namespace stride::quant
