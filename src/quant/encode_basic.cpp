// SPDX-License-Identifier: Apache-2.0
// Encoding of the plain floats and of the types with one scale a block of 32.
#include <bit>
#include <cstring>
#include <limits>

#include "quant/blocks.h"
#include "quant/rows.h"
#include "quant/symmetric_fit.h"
#include "quant/tables.h"

namespace stride::quant {
namespace {

constexpr UniformGrid kGrid4{-8, 7};
constexpr UniformGrid kGrid8{-127, 127};
constexpr TableGrid kGridIq4(kIq4Values);
constexpr TableGrid kGridMx(kMxfp4Values);
constexpr ScaleSearch kSearch4{-0.6f, 0.3f, 9, 3};
constexpr ScaleSearch kSearchIq4{-15.0f, 8.0f, 8, 3};

std::array<uint8_t, 16> pack_nibbles(const std::array<uint8_t, 32>& q) {
  std::array<uint8_t, 16> out{};
  for (size_t i = 0; i < 16; ++i) out[i] = static_cast<uint8_t>(q[i] | q[i + 16] << 4);
  return out;
}

// Q4_0 and IQ4_NL.
template <class Block, class Grid>
void encode_four_bits(const EncodeInput& in, std::byte* out, const Grid& grid,
                      const ScaleSearch& search) {
  for (size_t b = 0; b < in.values.size() / kSmallBlock; ++b) {
    const auto input = read_block<kSmallBlock>(in, b);
    const float* x = input.x.data();
    const float* w = input.w.data();
    const uint16_t d =
        fit_f16_scale<kSmallBlock>(x, w, fit_scale<kSmallBlock>(x, w, grid, search), grid);
    const auto q = codes<kSmallBlock>(x, f16_to_f32(d), grid);
    store(out, b, Block{Scale::of_bits(d), pack_nibbles(q)});
  }
}

// 2^k; k in [-1022, 1023].
double power_of_two(int k) {
  return std::bit_cast<double>(static_cast<uint64_t>(k + 1023) << 52);
}

// 6 * 2^125 is the largest value of e2m1 under a common exponent that all levels can carry.
constexpr int kLargestExponent = 127 + 125;

// The exponent e that is best for a block with the given largest magnitude: the one that puts it on
// the top binade of e2m1 (4 to 6) or a neighbour. `x` is replaced by twice the values over 2^(e -
// 127), what the levels stand for.
uint8_t fit_exponent(BlockInput<kSmallBlock>& in) {
  const float largest = std::fabs(largest_value<kSmallBlock>(in.x.data(), in.w.data()));
  if (largest == 0) {
    in.x.fill(0);
    return 0;
  }
  const int e0 = std::clamp(std::ilogb(largest) - 2 + 127, 0, kLargestExponent);
  for (float& v : in.x) {
    const double scaled = static_cast<double>(v) * power_of_two(128 - e0);
    v = static_cast<float>(std::clamp(scaled, -1024.0, 1024.0));
  }
  int best = 0;
  double best_error = -1;
  for (const int step : {0, 1, -1}) {
    if (e0 + step < 0 || e0 + step > kLargestExponent) continue;
    const auto scale = static_cast<float>(power_of_two(step));
    const double error = scale_error<kSmallBlock>(in.x.data(), in.w.data(), scale, kGridMx);
    if (best_error >= 0 && !(error < best_error)) continue;
    best = step;
    best_error = error;
  }
  for (float& v : in.x) v *= static_cast<float>(power_of_two(-best));
  return static_cast<uint8_t>(e0 + best);
}

}  // namespace

void encode_f32(const EncodeInput& in, std::byte* out) {
  if (!in.values.empty()) std::memcpy(out, in.values.data(), in.values.size_bytes());
}

void encode_f16(const EncodeInput& in, std::byte* out) {
  for (size_t i = 0; i < in.values.size(); ++i) store(out, i, f32_to_f16(in.values[i]));
}

void encode_bf16(const EncodeInput& in, std::byte* out) {
  for (size_t i = 0; i < in.values.size(); ++i) store(out, i, f32_to_bf16(in.values[i]));
}

void encode_q8_0(const EncodeInput& in, std::byte* out) {
  for (size_t b = 0; b < in.values.size() / kSmallBlock; ++b) {
    const auto input = read_block<kSmallBlock>(in, b);
    const float* x = input.x.data();
    const float* w = input.w.data();
    const float largest = std::fabs(largest_value<kSmallBlock>(x, w));
    const uint16_t d = fit_f16_scale<kSmallBlock>(x, w, largest / kGrid8.high, kGrid8);
    const auto q = codes<kSmallBlock>(x, f16_to_f32(d), kGrid8);
    BlockQ8_0 block{Scale::of_bits(d), {}};
    for (size_t i = 0; i < kSmallBlock; ++i) block.q[i] = static_cast<int8_t>(q[i] - 127);
    store(out, b, block);
  }
}

void encode_q4_0(const EncodeInput& in, std::byte* out) {
  encode_four_bits<BlockQ4_0>(in, out, kGrid4, kSearch4);
}

void encode_iq4_nl(const EncodeInput& in, std::byte* out) {
  encode_four_bits<BlockIQ4_NL>(in, out, kGridIq4, kSearchIq4);
}

void encode_mxfp4(const EncodeInput& in, std::byte* out) {
  for (size_t b = 0; b < in.values.size() / kSmallBlock; ++b) {
    auto input = read_block<kSmallBlock>(in, b, std::numeric_limits<float>::max());
    const uint8_t e = fit_exponent(input);
    store(out, b, BlockMXFP4{e, pack_nibbles(codes<kSmallBlock>(input.x.data(), 1, kGridMx))});
  }
}

}  // namespace stride::quant
