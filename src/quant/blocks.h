// SPDX-License-Identifier: Apache-2.0
// The bytes of each block type, as GGUF files hold them (formulas: ggml's block types). Every
// member is bytes, so a block has no alignment and no padding and may be read at any address with
// load().
//
// A value is written q for the stored integer, d for the block's f16 scale, sc and mn for the
// integer scale and minimum of a sub-block:
//   Q8_0    d q                 Q4_0    d (q - 8)
//   Q4_K    d sc q - dmin mn    Q5_K    the same, q has a fifth bit in qh; Q2_K the same, 2 bits
//   Q6_K    d sc (q - 32)       Q3_K    d (sc - 32) (q - 4)
//   IQ4_NL  d value[q]          IQ4_XS  d (sc - 32) value[q]
//   IQ3_S   d (1 + 2 sc) sign grid[q]
//   MXFP4   2^(e - 127) value[q]
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "base/half.h"

namespace stride::quant {

inline constexpr size_t kSuperBlock = 256;  // values of a block of the K types, IQ4_XS and IQ3_S
inline constexpr size_t kSmallBlock = 32;   // values of a block of the others

// A little-endian f16 at any address.
struct Scale {
  std::array<uint8_t, 2> bytes;

  uint16_t bits() const { return static_cast<uint16_t>(bytes[0] | bytes[1] << 8); }
  float value() const { return f16_to_f32(bits()); }
  static Scale of_bits(uint16_t bits) {
    return {{static_cast<uint8_t>(bits), static_cast<uint8_t>(bits >> 8)}};
  }
};

// Four-bit values of 32: the low nibbles are values 0-15, the high ones 16-31. The K types do the
// same over 64 values.
struct BlockQ8_0 {
  Scale d;
  std::array<int8_t, 32> q;
};

struct BlockQ4_0 {
  Scale d;
  std::array<uint8_t, 16> q;
};

// Sub-blocks of 16; a byte of `scales` has sc low and mn high. Two bits a value: bit pair k of byte
// 32 h + i is value 128 h + 32 k + i.
struct BlockQ2_K {
  std::array<uint8_t, 16> scales;
  std::array<uint8_t, 64> q;
  Scale d, dmin;
};

// Sub-blocks of 16. Bit 32 k + i of q's third bit: bit k of high[i]; a clear bit subtracts 4.
struct BlockQ3_K {
  std::array<uint8_t, 32> high;
  std::array<uint8_t, 64> q;       // as in Q2_K
  std::array<uint8_t, 12> scales;  // sixteen of 6 bits: see signed_scales()
  Scale d;
};

// Sub-blocks of 32. Byte 32 h + i of q has value 64 h + i low and 64 h + 32 + i high.
struct BlockQ4_K {
  Scale d, dmin;
  std::array<uint8_t, 12> scales;  // eight sc and eight mn of 6 bits: see affine_scales()
  std::array<uint8_t, 128> q;
};

struct BlockQ5_K {
  Scale d, dmin;
  std::array<uint8_t, 12> scales;
  std::array<uint8_t, 32> high;  // bit k of byte i is the fifth bit of value 32 k + i
  std::array<uint8_t, 128> q;    // as in Q4_K
};

// Sub-blocks of 16. For the half h of 128 values and i < 32: byte 64 h + i of `low` holds the low
// nibbles of values i and 64 + i, byte 64 h + 32 + i those of 32 + i and 96 + i; bit pair k of byte
// 32 h + i of `high` completes value 32 k + i.
struct BlockQ6_K {
  std::array<uint8_t, 128> low;
  std::array<uint8_t, 64> high;
  std::array<int8_t, 16> scales;
  Scale d;
};

struct BlockIQ4_NL {
  Scale d;
  std::array<uint8_t, 16> q;
};

// Sub-blocks of 32, each as in IQ4_NL; sc has 4 low bits in scales_low (even sub-blocks in the low
// nibble) and 2 high bits in scales_high.
struct BlockIQ4_XS {
  Scale d;
  std::array<uint8_t, 2> scales_high;
  std::array<uint8_t, 4> scales_low;
  std::array<uint8_t, 128> q;
};

// Each index of 9 bits names four magnitudes; `high` has the ninth bits, `signs` a bit a value, set
// for negative. Sub-blocks of 32, even ones in the low nibble of `scales`.
struct BlockIQ3_S {
  Scale d;
  std::array<uint8_t, 64> q;
  std::array<uint8_t, 8> high;
  std::array<uint8_t, 32> signs;
  std::array<uint8_t, 4> scales;
};

struct BlockMXFP4 {
  uint8_t e;
  std::array<uint8_t, 16> q;
};

static_assert(sizeof(BlockQ8_0) == 34 && sizeof(BlockQ4_0) == 18 && sizeof(BlockQ2_K) == 84);
static_assert(sizeof(BlockQ3_K) == 110 && sizeof(BlockQ4_K) == 144 && sizeof(BlockQ5_K) == 176);
static_assert(sizeof(BlockQ6_K) == 210 && sizeof(BlockIQ4_NL) == 18 && sizeof(BlockIQ4_XS) == 136);
static_assert(sizeof(BlockIQ3_S) == 110 && sizeof(BlockMXFP4) == 17);

// Block i of a row.
template <class Block>
Block load(const std::byte* row, size_t i) {
  Block block;
  std::memcpy(&block, row + i * sizeof(Block), sizeof(Block));
  return block;
}

template <class Block>
void store(std::byte* row, size_t i, const Block& block) {
  std::memcpy(row + i * sizeof(Block), &block, sizeof(Block));
}

struct AffineScales {
  std::array<uint8_t, 8> sc;
  std::array<uint8_t, 8> mn;
};

// The 12 bytes of Q4_K and Q5_K: bytes 0-3 and 4-7 hold sc and mn of sub-blocks 0-3 in 6 bits;
// bytes 8-11 hold the low nibbles of sc (low) and mn (high) of 4-7, whose top pairs stand in the
// top bits of bytes 0-3 and 4-7.
inline AffineScales affine_scales(const std::array<uint8_t, 12>& bytes) {
  AffineScales out{};
  for (size_t i = 0; i < 4; ++i) {
    out.sc[i] = bytes[i] & 63;
    out.mn[i] = bytes[4 + i] & 63;
    out.sc[4 + i] = static_cast<uint8_t>((bytes[8 + i] & 15) | (bytes[i] >> 6 << 4));
    out.mn[4 + i] = static_cast<uint8_t>((bytes[8 + i] >> 4) | (bytes[4 + i] >> 6 << 4));
  }
  return out;
}

inline std::array<uint8_t, 12> pack_affine_scales(const AffineScales& scales) {
  std::array<uint8_t, 12> out{};
  for (size_t i = 0; i < 4; ++i) {
    const uint8_t sc = scales.sc[4 + i];
    const uint8_t mn = scales.mn[4 + i];
    out[i] = static_cast<uint8_t>(scales.sc[i] | (sc >> 4 << 6));
    out[4 + i] = static_cast<uint8_t>(scales.mn[i] | (mn >> 4 << 6));
    out[8 + i] = static_cast<uint8_t>((sc & 15) | (mn & 15) << 4);
  }
  return out;
}

// The 12 bytes of Q3_K: the low nibbles of sc of sub-block i are in byte i % 8 (low for i < 8), the
// top pair is pair i / 4 of byte 8 + i % 4. 32 is taken off.
inline std::array<int8_t, 16> signed_scales(const std::array<uint8_t, 12>& bytes) {
  std::array<int8_t, 16> out{};
  for (size_t i = 0; i < 16; ++i) {
    const int low = bytes[i % 8] >> (4 * (i / 8)) & 15;
    const int high = bytes[8 + i % 4] >> (2 * (i / 4)) & 3;
    out[i] = static_cast<int8_t>((low | high << 4) - 32);
  }
  return out;
}

inline std::array<uint8_t, 12> pack_signed_scales(const std::array<int8_t, 16>& scales) {
  std::array<uint8_t, 12> out{};
  for (size_t i = 0; i < 16; ++i) {
    const int sc = scales[i] + 32;
    out[i % 8] = static_cast<uint8_t>(out[i % 8] | (sc & 15) << (4 * (i / 8)));
    out[8 + i % 4] = static_cast<uint8_t>(out[8 + i % 4] | (sc >> 4) << (2 * (i / 4)));
  }
  return out;
}

// sc of the eight sub-blocks of IQ4_XS, 32 taken off.
inline std::array<int8_t, 8> signed_scales(const BlockIQ4_XS& block) {
  const int high = block.scales_high[0] | block.scales_high[1] << 8;
  std::array<int8_t, 8> out{};
  for (size_t i = 0; i < 8; ++i) {
    const int low = block.scales_low[i / 2] >> (4 * (i % 2)) & 15;
    out[i] = static_cast<int8_t>((low | (high >> (2 * i) & 3) << 4) - 32);
  }
  return out;
}

// Half of 2^(e - 127): the integer values of MXFP4 are twice those of e2m1. 255, not a number in
// the standard of the format, means 2^128 here, as in ggml.
inline float mxfp4_half_scale(uint8_t e) {
  const uint32_t bits = e < 2 ? 0x00200000u << e : static_cast<uint32_t>(e - 1) << 23;
  return std::bit_cast<float>(bits);
}

}  // namespace stride::quant
