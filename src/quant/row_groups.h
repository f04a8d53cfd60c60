// SPDX-License-Identifier: Apache-2.0
// The order in which kernels like to read weights: sixteen rows side by side, so that a vector of
// 64 bytes holds four values of each row and one stream feeds all rows. A group takes the bytes of
// its rows, not one more, and the values are the same bit for bit: the way back is exact.
//
// A group is a series of units, one for each block of the type's row: 256 values, or 32 where the
// type's block has 32. A unit holds, each for rows 0 to 15 in turn:
//   d, d_min   f16 [16]
//   scales     Q4_K, Q5_K: low [8][16], sc low nibble and mn high nibble of sub-block b;
//                          high [4][16], pairs of sub-blocks: sc and mn of 2 p, then of 2 p + 1
//              IQ4_XS:     low [4][16], nibbles of sub-blocks 2 p and 2 p + 1;
//                          high [2][16], bit pairs of sub-blocks 4 p .. 4 p + 3
//              Q6_K:       int8 [16][16]
//   fifth      Q5_K: [8][16][4], bit k of byte j is the fifth bit of value 4 k + j of sub-block b
//   high       Q6_K: [8][2][16][4], bit pair i of byte j completes value 16 u + 4 i + j
//   q          nibbles: [8][4][16][4], byte j of vector v holds value 4 v + j low, 16 + 4 v + j
//   high
//              Q8_0: [8][16][4], byte j of vector v is value 4 v + j
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "quant/type.h"

namespace stride::quant {

enum class Layout : uint8_t { rows, groups };

static constexpr size_t kGroupRows = 16;

// Byte offsets in a unit.
struct UnitOffsets {
  size_t d_min = 0, scales_low = 0, scales_high = 0, bits = 0, q = 0;
};

static constexpr UnitOffsets unit_offsets(Type type) {
  switch (type) {
    case Type::q4_k:
      return {32, 64, 192, 0, 256};
    case Type::q5_k:
      return {32, 64, 192, 256, 768};
    case Type::q6_k:
      return {0, 32, 0, 288, 1312};
    case Type::iq4_xs:
      return {0, 32, 96, 0, 128};
    default:
      return {0, 0, 0, 0, 32};
  }
}

// Whether a matrix of n_out rows of this type can be held in groups.
bool can_group(Type type, size_t n_out);

// `rows` and `group` are sixteen rows of n_in values each and must not overlap. Requires can_group
// and n_in % block_values == 0.
void group_rows(Type type, size_t n_in, std::span<const std::byte> rows,
                std::span<std::byte> group);
void ungroup_rows(Type type, size_t n_in, std::span<const std::byte> group,
                  std::span<std::byte> rows);

// Row `row` of a group, as the type's rows hold it.
void ungroup_row(Type type, size_t n_in, std::span<const std::byte> group, size_t row,
                 std::span<std::byte> out);

// One block of row `row`, as the type's rows hold it, from the unit that holds it.
void ungroup_block(Type type, const std::byte* unit, size_t row, std::byte* block);

}  // namespace stride::quant
