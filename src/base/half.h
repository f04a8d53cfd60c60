// SPDX-License-Identifier: Apache-2.0
// The narrow floating formats, as their bits: IEEE binary16 (f16), bfloat16 (bf16) and the 8-bit
// e4m3fn of checkpoints (bias 7, no infinity, 0x7f and 0xff are NaN, largest 448).
//
// Widening is exact. Narrowing rounds to nearest, ties to even; a value beyond the largest finite
// one becomes an infinity. A NaN stays a NaN: its sign and leading payload bits are kept and it is
// made quiet, which is what the F16C instructions do, so both give the same bits. No function
// depends on flush-to-zero, and all are free of branches, for loops over them to be vectorised.
#pragma once

#include <bit>
#include <cstdint>

namespace stride {

// All ones where the condition holds: compilers turn a chain of ?: into jumps, and then do not
// vectorise.
constexpr uint32_t mask_if(bool condition) {
  return 0u - static_cast<uint32_t>(condition);
}

constexpr float f16_to_f32(uint16_t bits) {
  constexpr uint32_t kRebias = uint32_t{127 - 15} << 23;
  const uint32_t magnitude = bits & 0x7fffu;
  const uint32_t sign = static_cast<uint32_t>(bits & 0x8000u) << 16;
  const uint32_t special = mask_if(magnitude >= 0x7c00) & kRebias;
  const uint32_t quiet = mask_if(magnitude > 0x7c00) & 0x400000u;
  const uint32_t normal = ((magnitude << 13) + kRebias + special) | quiet;
  const auto subnormal =
      std::bit_cast<uint32_t>(static_cast<float>(static_cast<int32_t>(magnitude)) * 0x1p-24f);
  const uint32_t is_small = mask_if(magnitude < 0x400);
  return std::bit_cast<float>(sign | (normal & ~is_small) | (subnormal & is_small));
}

constexpr uint16_t f32_to_f16(float value) {
  constexpr uint32_t kRebias = uint32_t{127 - 15} << 23;
  const auto bits = std::bit_cast<uint32_t>(value);
  const uint32_t magnitude = bits & 0x7fffffffu;
  const uint32_t normal = (magnitude - kRebias + 0xfffu + ((magnitude >> 13) & 1u)) >> 13;
  // The unit in the last place of 0.5f is 2^-24, that of a subnormal f16: the addition rounds.
  const uint32_t is_small = mask_if(magnitude < (uint32_t{127 - 14} << 23));
  const float rounded = std::bit_cast<float>(magnitude & is_small) + 0.5f;
  const uint32_t subnormal = std::bit_cast<uint32_t>(rounded) - std::bit_cast<uint32_t>(0.5f);
  const uint32_t payload = 0x200u | ((magnitude >> 13) & 0x3ffu);
  const uint32_t special = 0x7c00u | (mask_if(magnitude > 0x7f800000u) & payload);
  const uint32_t is_special = mask_if(magnitude >= (uint32_t{127 + 16} << 23));
  const uint32_t finite = (subnormal & is_small) | (normal & ~is_small);
  return static_cast<uint16_t>(((bits >> 16) & 0x8000u) | (special & is_special) |
                               (finite & ~is_special));
}

constexpr float bf16_to_f32(uint16_t bits) {
  return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16);
}

constexpr uint16_t f32_to_bf16(float value) {
  const auto bits = std::bit_cast<uint32_t>(value);
  const uint32_t is_nan = mask_if((bits & 0x7fffffffu) > 0x7f800000u);
  const uint32_t nan = (bits >> 16) | 0x40u;
  const uint32_t rounded = (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
  return static_cast<uint16_t>((nan & is_nan) | (rounded & ~is_nan));
}

constexpr float f8_e4m3_to_f32(uint8_t bits) {
  const uint32_t magnitude = bits & 0x7fu;
  const uint32_t sign = static_cast<uint32_t>(bits & 0x80u) << 24;
  const uint32_t nan = mask_if(magnitude == 0x7f) & 0x7fc00000u;
  const uint32_t normal = ((magnitude << 20) + (uint32_t{127 - 7} << 23)) | nan;
  const auto subnormal =
      std::bit_cast<uint32_t>(static_cast<float>(static_cast<int32_t>(magnitude)) * 0x1p-9f);
  const uint32_t is_small = mask_if(magnitude < 8);
  return std::bit_cast<float>(sign | (normal & ~is_small) | (subnormal & is_small));
}

}  // namespace stride
