// SPDX-License-Identifier: Apache-2.0
// Encoding of the types with blocks of 256 values and signed integer scales.
#include "quant/blocks.h"
#include "quant/rows.h"
#include "quant/symmetric_fit.h"
#include "quant/tables.h"

namespace stride::quant {
namespace {

constexpr UniformGrid kGrid3{-4, 3};
constexpr UniformGrid kGrid6{-32, 31};
constexpr TableGrid kGridIq4(kIq4Values);
constexpr ScaleSearch kSearch3{-0.4f, 0.2f, 8, 3};
constexpr ScaleSearch kSearch6{-3.0f, 0.5f, 12, 2};
constexpr ScaleSearch kSearchIq4{-15.0f, 8.0f, 8, 3};

}  // namespace

void encode_q3_k(const EncodeInput& in, std::byte* out) {
  for (size_t b = 0; b < in.values.size() / kSuperBlock; ++b) {
    const auto input = read_block<kSuperBlock>(in, b);
    const SymmetricFitter<16, UniformGrid> fitter(input, kGrid3, 32, kSearch3);
    const auto fit = fitter.fit();
    const auto q = fitter.codes_of(fit);
    BlockQ3_K block{};
    block.d = Scale::of_bits(fit.d);
    block.scales = pack_signed_scales(fit.sc);
    for (size_t i = 0; i < 256; ++i) {
      uint8_t& low = block.q[i / 128 * 32 + i % 32];
      low = static_cast<uint8_t>(low | (q[i] & 3) << (2 * (i / 32 % 4)));
      uint8_t& high = block.high[i % 32];
      high = static_cast<uint8_t>(high | (q[i] >> 2) << (i / 32));
    }
    store(out, b, block);
  }
}

void encode_q6_k(const EncodeInput& in, std::byte* out) {
  for (size_t b = 0; b < in.values.size() / kSuperBlock; ++b) {
    const auto input = read_block<kSuperBlock>(in, b);
    const SymmetricFitter<16, UniformGrid> fitter(input, kGrid6, 128, kSearch6);
    const auto fit = fitter.fit();
    const auto q = fitter.codes_of(fit);
    BlockQ6_K block{{}, {}, fit.sc, Scale::of_bits(fit.d)};
    for (size_t i = 0; i < 256; ++i) {
      const size_t half = i / 128;
      const size_t quarter = i / 32 % 4;
      uint8_t& low = block.low[64 * half + 32 * (quarter % 2) + i % 32];
      low = static_cast<uint8_t>(low | (q[i] & 15) << (4 * (quarter / 2)));
      uint8_t& high = block.high[32 * half + i % 32];
      high = static_cast<uint8_t>(high | (q[i] >> 4) << (2 * quarter));
    }
    store(out, b, block);
  }
}

void encode_iq4_xs(const EncodeInput& in, std::byte* out) {
  for (size_t b = 0; b < in.values.size() / kSuperBlock; ++b) {
    const auto input = read_block<kSuperBlock>(in, b);
    const SymmetricFitter<32, TableGrid> fitter(input, kGridIq4, 32, kSearchIq4);
    const auto fit = fitter.fit();
    const auto q = fitter.codes_of(fit);
    BlockIQ4_XS block{};
    block.d = Scale::of_bits(fit.d);
    for (size_t s = 0; s < 8; ++s) {
      const int sc = fit.sc[s] + 32;
      uint8_t& low = block.scales_low[s / 2];
      low = static_cast<uint8_t>(low | (sc & 15) << (4 * (s % 2)));
      uint8_t& high = block.scales_high[s / 4];
      high = static_cast<uint8_t>(high | (sc >> 4) << (2 * (s % 4)));
    }
    for (size_t i = 0; i < 128; ++i) {
      const size_t at = i / 16 * 32 + i % 16;
      block.q[i] = static_cast<uint8_t>(q[at] | q[at + 16] << 4);
    }
    store(out, b, block);
  }
}

}  // namespace stride::quant
