// SPDX-License-Identifier: Apache-2.0
// Decoding of the plain floats and of the types with one scale a block of 32.
#include <cstring>

#include "quant/blocks.h"
#include "quant/rows.h"
#include "quant/tables.h"

namespace stride::quant {
namespace {

static_assert(std::endian::native == std::endian::little);

uint16_t load_u16(const std::byte* p) {
  uint16_t bits = 0;
  std::memcpy(&bits, p, sizeof bits);
  return bits;
}

// 32 values of four bits: value[low nibbles], value[high nibbles], times the scale.
void decode_nibbles(const std::array<uint8_t, 16>& q, const std::array<int8_t, 16>& values,
                    float scale, float* out) {
  for (size_t i = 0; i < 16; ++i) {
    out[i] = scale * static_cast<float>(values[q[i] & 15]);
    out[i + 16] = scale * static_cast<float>(values[q[i] >> 4]);
  }
}

}  // namespace

void decode_f32(const std::byte* in, float* out, size_t n) {
  if (n > 0) std::memcpy(out, in, n * sizeof(float));
}

void decode_f16(const std::byte* in, float* out, size_t n) {
  for (size_t i = 0; i < n; ++i) out[i] = f16_to_f32(load_u16(in + 2 * i));
}

void decode_bf16(const std::byte* in, float* out, size_t n) {
  for (size_t i = 0; i < n; ++i) out[i] = bf16_to_f32(load_u16(in + 2 * i));
}

void decode_q8_0(const std::byte* in, float* out, size_t n) {
  for (size_t b = 0; b < n / 32; ++b) {
    const auto block = load<BlockQ8_0>(in, b);
    const float d = block.d.value();
    for (size_t i = 0; i < 32; ++i) out[32 * b + i] = d * static_cast<float>(block.q[i]);
  }
}

void decode_q4_0(const std::byte* in, float* out, size_t n) {
  for (size_t b = 0; b < n / 32; ++b) {
    const auto block = load<BlockQ4_0>(in, b);
    const float d = block.d.value();
    float* y = out + 32 * b;
    for (size_t i = 0; i < 16; ++i) {
      y[i] = d * static_cast<float>((block.q[i] & 15) - 8);
      y[i + 16] = d * static_cast<float>((block.q[i] >> 4) - 8);
    }
  }
}

void decode_iq4_nl(const std::byte* in, float* out, size_t n) {
  for (size_t b = 0; b < n / 32; ++b) {
    const auto block = load<BlockIQ4_NL>(in, b);
    decode_nibbles(block.q, kIq4Values, block.d.value(), out + 32 * b);
  }
}

void decode_mxfp4(const std::byte* in, float* out, size_t n) {
  for (size_t b = 0; b < n / 32; ++b) {
    const auto block = load<BlockMXFP4>(in, b);
    decode_nibbles(block.q, kMxfp4Values, mxfp4_half_scale(block.e), out + 32 * b);
  }
}

}  // namespace stride::quant
