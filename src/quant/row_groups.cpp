// SPDX-License-Identifier: Apache-2.0
// Each type says where a block keeps its parts (`scales` and `words` below, in both directions);
// where a unit keeps them is common to all.
#include "quant/row_groups.h"

#include <array>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "base/check.h"
#include "quant/blocks.h"

namespace stride::quant {
namespace {

constexpr uint32_t kNibbles = 0x0f0f0f0f, kPairs = 0x03030303, kBits = 0x01010101;

// 32 values of a row: word k has value 4 k + j in its byte j, what exceeds four bits apart.
struct Words {
  std::array<uint32_t, 8> low{}, high{};
};

uint32_t load_word(const void* p) {
  uint32_t word = 0;
  std::memcpy(&word, p, sizeof word);
  return word;
}

void store_word(void* p, uint32_t word) {
  std::memcpy(p, &word, sizeof word);
}

// Adds bits to a word that holds zeros there.
void add_word(void* p, uint32_t bits) {
  store_word(p, load_word(p) | bits);
}

template <class Block>
constexpr Type kType = Type::f32;
template <>
constexpr Type kType<BlockQ8_0> = Type::q8_0;
template <>
constexpr Type kType<BlockQ4_0> = Type::q4_0;
template <>
constexpr Type kType<BlockIQ4_NL> = Type::iq4_nl;
template <>
constexpr Type kType<BlockQ4_K> = Type::q4_k;
template <>
constexpr Type kType<BlockQ5_K> = Type::q5_k;
template <>
constexpr Type kType<BlockQ6_K> = Type::q6_k;
template <>
constexpr Type kType<BlockIQ4_XS> = Type::iq4_xs;

template <class Block>
constexpr size_t kSubBlocks = 8;
template <>
constexpr size_t kSubBlocks<BlockQ8_0> = 1;
template <>
constexpr size_t kSubBlocks<BlockQ4_0> = 1;
template <>
constexpr size_t kSubBlocks<BlockIQ4_NL> = 1;

template <class Block>
constexpr bool kAffine = std::is_same_v<Block, BlockQ4_K> || std::is_same_v<Block, BlockQ5_K>;

// Where word k of sub-block b has its low four bits in a row's block.
struct Nibble {
  size_t byte;
  int shift;
};

template <class Block>
Nibble nibble_at(size_t b, size_t k) {
  if constexpr (kAffine<Block>) {
    return {32 * (b / 2) + 4 * k, static_cast<int>(4 * (b % 2))};
  } else if constexpr (std::is_same_v<Block, BlockQ6_K>) {
    return {64 * (b / 4) + 32 * (b % 2) + 4 * k, static_cast<int>(4 * (b % 4 / 2))};
  } else {
    return {16 * b + 4 * (k % 4), static_cast<int>(4 * (k / 4))};
  }
}

template <class Block>
auto& low_bytes(Block& block) {
  if constexpr (std::is_same_v<std::remove_const_t<Block>, BlockQ6_K>) {
    return block.low;
  } else {
    return block.q;
  }
}

template <class Block>
Words take_words(const Block& block, size_t b) {
  Words w;
  for (size_t k = 0; k < 8; ++k) {
    if constexpr (std::is_same_v<Block, BlockQ8_0>) {
      w.low[k] = load_word(&block.q[4 * k]);
    } else {
      const auto at = nibble_at<Block>(b, k);
      w.low[k] = load_word(&low_bytes(block)[at.byte]) >> at.shift & kNibbles;
    }
    if constexpr (std::is_same_v<Block, BlockQ5_K>)
      w.high[k] = load_word(&block.high[4 * k]) >> b & kBits;
    if constexpr (std::is_same_v<Block, BlockQ6_K>)
      w.high[k] = load_word(&block.high[32 * (b / 4) + 4 * k]) >> (2 * (b % 4)) & kPairs;
  }
  return w;
}

template <class Block>
void put_words(Block& block, size_t b, const Words& w) {
  for (size_t k = 0; k < 8; ++k) {
    if constexpr (std::is_same_v<Block, BlockQ8_0>) {
      store_word(&block.q[4 * k], w.low[k]);
    } else {
      const auto at = nibble_at<Block>(b, k);
      add_word(&low_bytes(block)[at.byte], w.low[k] << at.shift);
    }
    if constexpr (std::is_same_v<Block, BlockQ5_K>) add_word(&block.high[4 * k], w.high[k] << b);
    if constexpr (std::is_same_v<Block, BlockQ6_K>)
      add_word(&block.high[32 * (b / 4) + 4 * k], w.high[k] << (2 * (b % 4)));
  }
}

// Where the words of sub-block b of one row lie in a unit: vectors of 64 bytes, 4 a row.
template <class Block>
void store_words(std::byte* unit, size_t row, size_t b, const Words& w) {
  constexpr UnitOffsets at = unit_offsets(kType<Block>);
  std::byte* q = unit + at.q + 4 * row;
  if constexpr (std::is_same_v<Block, BlockQ8_0>) {
    for (size_t k = 0; k < 8; ++k) store_word(q + 64 * k, w.low[k]);
  } else {
    for (size_t v = 0; v < 4; ++v) store_word(q + 256 * b + 64 * v, w.low[v] | w.low[v + 4] << 4);
  }
  std::byte* bits = unit + at.bits + 4 * row;
  if constexpr (std::is_same_v<Block, BlockQ5_K>) {
    uint32_t word = 0;
    for (size_t k = 0; k < 8; ++k) word |= w.high[k] << k;
    store_word(bits + 64 * b, word);
  }
  if constexpr (std::is_same_v<Block, BlockQ6_K>) {
    for (size_t u = 0; u < 2; ++u) {
      uint32_t word = 0;
      for (size_t i = 0; i < 4; ++i) word |= w.high[4 * u + i] << (2 * i);
      store_word(bits + 128 * b + 64 * u, word);
    }
  }
}

template <class Block>
Words load_words(const std::byte* unit, size_t row, size_t b) {
  constexpr UnitOffsets at = unit_offsets(kType<Block>);
  Words w;
  const std::byte* q = unit + at.q + 4 * row;
  const std::byte* bits = unit + at.bits + 4 * row;
  for (size_t k = 0; k < 8; ++k) {
    if constexpr (std::is_same_v<Block, BlockQ8_0>) {
      w.low[k] = load_word(q + 64 * k);
    } else {
      w.low[k] = load_word(q + 256 * b + 64 * (k % 4)) >> (4 * (k / 4)) & kNibbles;
    }
    if constexpr (std::is_same_v<Block, BlockQ5_K>)
      w.high[k] = load_word(bits + 64 * b) >> k & kBits;
    if constexpr (std::is_same_v<Block, BlockQ6_K>)
      w.high[k] = load_word(bits + 128 * b + 64 * (k / 4)) >> (2 * (k % 4)) & kPairs;
  }
  return w;
}

uint8_t& byte_at(std::byte* unit, size_t at) {
  return reinterpret_cast<uint8_t*>(unit)[at];
}
uint8_t byte_at(const std::byte* unit, size_t at) {
  return reinterpret_cast<const uint8_t*>(unit)[at];
}

// Bits of sc and mn in the byte that sub-blocks 2 p and 2 p + 1 share.
constexpr size_t affine_shift(size_t b) {
  return 4 * (b % 2);
}

template <class Block>
void store_scales(std::byte* unit, size_t row, const Block& block) {
  constexpr UnitOffsets at = unit_offsets(kType<Block>);
  std::memcpy(unit + 2 * row, &block.d, 2);
  if constexpr (kAffine<Block>) {
    std::memcpy(unit + at.d_min + 2 * row, &block.dmin, 2);
    const AffineScales s = affine_scales(block.scales);
    for (size_t b = 0; b < 8; ++b) {
      byte_at(unit, at.scales_low + 16 * b + row) =
          static_cast<uint8_t>((s.sc[b] & 15) | (s.mn[b] & 15) << 4);
      uint8_t& high = byte_at(unit, at.scales_high + 16 * (b / 2) + row);
      const int bits = (s.sc[b] >> 4 | s.mn[b] >> 4 << 2) << affine_shift(b);
      high = static_cast<uint8_t>(b % 2 == 0 ? bits : high | bits);
    }
  } else if constexpr (std::is_same_v<Block, BlockQ6_K>) {
    for (size_t i = 0; i < 16; ++i)
      byte_at(unit, at.scales_low + 16 * i + row) = static_cast<uint8_t>(block.scales[i]);
  } else if constexpr (std::is_same_v<Block, BlockIQ4_XS>) {
    for (size_t i = 0; i < 4; ++i)
      byte_at(unit, at.scales_low + 16 * i + row) = block.scales_low[i];
    for (size_t i = 0; i < 2; ++i)
      byte_at(unit, at.scales_high + 16 * i + row) = block.scales_high[i];
  }
}

template <class Block>
void load_scales(const std::byte* unit, size_t row, Block& block) {
  constexpr UnitOffsets at = unit_offsets(kType<Block>);
  std::memcpy(&block.d, unit + 2 * row, 2);
  if constexpr (kAffine<Block>) {
    std::memcpy(&block.dmin, unit + at.d_min + 2 * row, 2);
    AffineScales s{};
    for (size_t b = 0; b < 8; ++b) {
      const int low = byte_at(unit, at.scales_low + 16 * b + row);
      const int high = byte_at(unit, at.scales_high + 16 * (b / 2) + row) >> affine_shift(b);
      s.sc[b] = static_cast<uint8_t>((low & 15) | (high & 3) << 4);
      s.mn[b] = static_cast<uint8_t>(low >> 4 | (high >> 2 & 3) << 4);
    }
    block.scales = pack_affine_scales(s);
  } else if constexpr (std::is_same_v<Block, BlockQ6_K>) {
    for (size_t i = 0; i < 16; ++i)
      block.scales[i] = static_cast<int8_t>(byte_at(unit, at.scales_low + 16 * i + row));
  } else if constexpr (std::is_same_v<Block, BlockIQ4_XS>) {
    for (size_t i = 0; i < 4; ++i)
      block.scales_low[i] = byte_at(unit, at.scales_low + 16 * i + row);
    for (size_t i = 0; i < 2; ++i)
      block.scales_high[i] = byte_at(unit, at.scales_high + 16 * i + row);
  }
}

template <class Block>
void group_all(size_t n_in, const std::byte* rows, std::byte* group) {
  const size_t n_block = n_in / (32 * kSubBlocks<Block>);
  for (size_t i = 0; i < n_block; ++i) {
    std::byte* unit = group + i * kGroupRows * sizeof(Block);
    for (size_t row = 0; row < kGroupRows; ++row) {
      const auto block = load<Block>(rows + row * n_block * sizeof(Block), i);
      store_scales(unit, row, block);
      for (size_t b = 0; b < kSubBlocks<Block>; ++b)
        store_words<Block>(unit, row, b, take_words(block, b));
    }
  }
}

template <class Block>
void ungroup_one(const std::byte* unit, size_t row, std::byte* out) {
  Block block{};
  load_scales(unit, row, block);
  for (size_t b = 0; b < kSubBlocks<Block>; ++b)
    put_words(block, b, load_words<Block>(unit, row, b));
  store(out, 0, block);
}

// Calls `visit` with a value of the type's block struct.
template <class Visit>
void with_block(Type type, Visit&& visit) {
  switch (type) {
    case Type::q8_0:
      return visit(BlockQ8_0{});
    case Type::q4_0:
      return visit(BlockQ4_0{});
    case Type::iq4_nl:
      return visit(BlockIQ4_NL{});
    case Type::q4_k:
      return visit(BlockQ4_K{});
    case Type::q5_k:
      return visit(BlockQ5_K{});
    case Type::q6_k:
      return visit(BlockQ6_K{});
    case Type::iq4_xs:
      return visit(BlockIQ4_XS{});
    default:
      STRIDE_CHECK(false);
  }
}

}  // namespace

bool can_group(Type type, size_t n_out) {
  switch (type) {
    case Type::q8_0:
    case Type::q4_0:
    case Type::iq4_nl:
    case Type::q4_k:
    case Type::q5_k:
    case Type::q6_k:
    case Type::iq4_xs:
      return n_out % kGroupRows == 0;
    default:
      return false;
  }
}

void group_rows(Type type, size_t n_in, std::span<const std::byte> rows,
                std::span<std::byte> group) {
  const size_t bytes = kGroupRows * row_bytes(type, n_in);
  STRIDE_CHECK(rows.size() == bytes && group.size() == bytes);
  with_block(type, [&]<class Block>(Block) { group_all<Block>(n_in, rows.data(), group.data()); });
}

void ungroup_rows(Type type, size_t n_in, std::span<const std::byte> group,
                  std::span<std::byte> rows) {
  const size_t bytes = kGroupRows * row_bytes(type, n_in);
  STRIDE_CHECK(rows.size() == bytes && group.size() == bytes);
  const size_t each = bytes / kGroupRows;
  for (size_t row = 0; row < kGroupRows; ++row)
    ungroup_row(type, n_in, group, row, rows.subspan(row * each, each));
}

void ungroup_row(Type type, size_t n_in, std::span<const std::byte> group, size_t row,
                 std::span<std::byte> out) {
  STRIDE_CHECK(row < kGroupRows && out.size() == row_bytes(type, n_in) &&
               group.size() == kGroupRows * out.size());
  const size_t block_bytes = type_info(type)->block_bytes;
  with_block(type, [&]<class Block>(Block) {
    for (size_t at = 0; at < out.size(); at += block_bytes)
      ungroup_one<Block>(group.data() + kGroupRows * at, row, out.data() + at);
  });
}

void ungroup_block(Type type, const std::byte* unit, size_t row, std::byte* block) {
  with_block(type, [&]<class Block>(Block) { ungroup_one<Block>(unit, row, block); });
}

}  // namespace stride::quant
