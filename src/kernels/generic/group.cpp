// SPDX-License-Identifier: Apache-2.0
#include "kernels/generic/group.h"

#include <algorithm>
#include <array>

#include "base/check.h"
#include "quant/blocks.h"
#include "quant/tables.h"

namespace stride::kernels {
namespace {

using quant::load;

void set_scales(Block32& out, float d, int scale0, int scale1) {
  out.d = d;
  out.d_min = 0;
  out.scale[0] = static_cast<int16_t>(scale0);
  out.scale[1] = static_cast<int16_t>(scale1);
  out.min[0] = out.min[1] = 0;
}

int8_t narrow(int value) {
  return static_cast<int8_t>(value);
}

void nibbles(Block32& out, const uint8_t* q, const std::array<int8_t, 16>& values) {
  for (size_t i = 0; i < 16; ++i) {
    out.q[i] = values[q[i] & 15];
    out.q[i + 16] = values[q[i] >> 4];
  }
}

void decode_q8_0(const std::byte* in, Block32* out) {
  const auto block = load<quant::BlockQ8_0>(in, 0);
  set_scales(*out, block.d.value(), 1, 1);
  std::ranges::copy(block.q, out->q);
}

void decode_q4_0(const std::byte* in, Block32* out) {
  constexpr std::array<int8_t, 16> kValues = {-8, -7, -6, -5, -4, -3, -2, -1,
                                              0,  1,  2,  3,  4,  5,  6,  7};
  const auto block = load<quant::BlockQ4_0>(in, 0);
  set_scales(*out, block.d.value(), 1, 1);
  nibbles(*out, block.q.data(), kValues);
}

void decode_iq4_nl(const std::byte* in, Block32* out) {
  const auto block = load<quant::BlockIQ4_NL>(in, 0);
  set_scales(*out, block.d.value(), 1, 1);
  nibbles(*out, block.q.data(), quant::kIq4Values);
}

void decode_mxfp4(const std::byte* in, Block32* out) {
  const auto block = load<quant::BlockMXFP4>(in, 0);
  set_scales(*out, quant::mxfp4_half_scale(block.e), 1, 1);
  nibbles(*out, block.q.data(), quant::kMxfp4Values);
}

void decode_iq4_xs(const std::byte* in, Block32* out) {
  const auto block = load<quant::BlockIQ4_XS>(in, 0);
  const auto scales = quant::signed_scales(block);
  for (size_t b = 0; b < 8; ++b) {
    set_scales(out[b], block.d.value(), scales[b], scales[b]);
    nibbles(out[b], block.q.data() + 16 * b, quant::kIq4Values);
  }
}

template <class Block>
void set_affine(Block32* out, const Block& block) {
  const auto scales = quant::affine_scales(block.scales);
  for (size_t b = 0; b < 8; ++b) {
    set_scales(out[b], block.d.value(), scales.sc[b], scales.sc[b]);
    out[b].d_min = block.dmin.value();
    out[b].min[0] = out[b].min[1] = scales.mn[b];
  }
}

void decode_q4_k(const std::byte* in, Block32* out) {
  const auto block = load<quant::BlockQ4_K>(in, 0);
  set_affine(out, block);
  for (size_t i = 0; i < 128; ++i) {
    out[i / 32 * 2].q[i % 32] = narrow(block.q[i] & 15);
    out[i / 32 * 2 + 1].q[i % 32] = narrow(block.q[i] >> 4);
  }
}

void decode_q5_k(const std::byte* in, Block32* out) {
  const auto block = load<quant::BlockQ5_K>(in, 0);
  set_affine(out, block);
  for (size_t b = 0; b < 8; ++b) {
    for (size_t i = 0; i < 32; ++i) {
      const int low = block.q[b / 2 * 32 + i] >> (4 * (b % 2)) & 15;
      out[b].q[i] = narrow(low | (block.high[i] >> b & 1) << 4);
    }
  }
}

void decode_q6_k(const std::byte* in, Block32* out) {
  const auto block = load<quant::BlockQ6_K>(in, 0);
  for (size_t b = 0; b < 8; ++b) {
    const size_t half = b / 4;
    const size_t quarter = b % 4;
    set_scales(out[b], block.d.value(), block.scales[2 * b], block.scales[2 * b + 1]);
    for (size_t i = 0; i < 32; ++i) {
      const int low = block.low[64 * half + 32 * (quarter % 2) + i] >> (4 * (quarter / 2)) & 15;
      const int high = block.high[32 * half + i] >> (2 * quarter) & 3;
      out[b].q[i] = narrow((low | high << 4) - 32);
    }
  }
}

void decode_q2_k(const std::byte* in, Block32* out) {
  const auto block = load<quant::BlockQ2_K>(in, 0);
  for (size_t b = 0; b < 8; ++b) {
    set_scales(out[b], block.d.value(), block.scales[2 * b] & 15, block.scales[2 * b + 1] & 15);
    out[b].d_min = block.dmin.value();
    out[b].min[0] = block.scales[2 * b] >> 4;
    out[b].min[1] = block.scales[2 * b + 1] >> 4;
    for (size_t i = 0; i < 32; ++i) {
      out[b].q[i] = narrow(block.q[b / 4 * 32 + i] >> (2 * (b % 4)) & 3);
    }
  }
}

void decode_q3_k(const std::byte* in, Block32* out) {
  const auto block = load<quant::BlockQ3_K>(in, 0);
  const auto scales = quant::signed_scales(block.scales);
  for (size_t b = 0; b < 8; ++b) {
    set_scales(out[b], block.d.value(), scales[2 * b], scales[2 * b + 1]);
    for (size_t i = 0; i < 32; ++i) {
      const int low = block.q[b / 4 * 32 + i] >> (2 * (b % 4)) & 3;
      out[b].q[i] = narrow((low | (block.high[i] >> b & 1) << 2) - 4);
    }
  }
}

void decode_iq3_s(const std::byte* in, Block32* out) {
  const auto block = load<quant::BlockIQ3_S>(in, 0);
  for (size_t b = 0; b < 8; ++b) {
    const int scale = 1 + 2 * (block.scales[b / 2] >> (4 * (b % 2)) & 15);
    set_scales(out[b], block.d.value(), scale, scale);
    for (size_t i = 0; i < 32; ++i) {
      const size_t point = i / 4;
      const size_t index = block.q[8 * b + point] | (block.high[b] >> point & 1U) << 8;
      const bool negative = block.signs[4 * b + i / 8] >> (i % 8) & 1;
      const int value = quant::kIq3sGrid[index][i % 4];
      out[b].q[i] = narrow(negative ? -value : value);
    }
  }
}

}  // namespace

void decode_group(quant::Type type, const std::byte* group, Block32* out) {
  using enum quant::Type;
  switch (type) {
    case q8_0:
      return decode_q8_0(group, out);
    case q4_0:
      return decode_q4_0(group, out);
    case q2_k:
      return decode_q2_k(group, out);
    case q3_k:
      return decode_q3_k(group, out);
    case q4_k:
      return decode_q4_k(group, out);
    case q5_k:
      return decode_q5_k(group, out);
    case q6_k:
      return decode_q6_k(group, out);
    case iq4_nl:
      return decode_iq4_nl(group, out);
    case iq4_xs:
      return decode_iq4_xs(group, out);
    case iq3_s:
      return decode_iq3_s(group, out);
    case mxfp4:
      return decode_mxfp4(group, out);
    case f32:
    case f16:
    case bf16:
      break;
  }
  STRIDE_CHECK(false && "a block type");
}

}  // namespace stride::kernels
