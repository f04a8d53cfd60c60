// SPDX-License-Identifier: Apache-2.0
// Encoding of the types with a scale and a minimum a sub-block.
#include "quant/affine_fit.h"
#include "quant/blocks.h"
#include "quant/rows.h"

namespace stride::quant {
namespace {

// Narrower blocks of q profit from a wider search; measured on Gaussian and Laplacian rows.
constexpr LineSearch kSearch2{-0.9f, 0.15f, 13, 4};
constexpr LineSearch kSearch4{-2.0f, 0.3f, 10, 3};
constexpr LineSearch kSearch5{-3.0f, 0.4f, 11, 3};

// Nibble pairs of Q4_K and Q5_K: value 64 h + i low, 64 h + 32 + i high.
std::array<uint8_t, 128> pack_nibbles(const std::array<uint8_t, 256>& q) {
  std::array<uint8_t, 128> out{};
  for (size_t i = 0; i < 128; ++i) {
    const size_t at = i / 32 * 64 + i % 32;
    out[i] = static_cast<uint8_t>((q[at] & 15) | (q[at + 32] & 15) << 4);
  }
  return out;
}

}  // namespace

void encode_q4_k(const EncodeInput& in, std::byte* out) {
  for (size_t b = 0; b < in.values.size() / kSuperBlock; ++b) {
    const auto input = read_block<kSuperBlock>(in, b);
    AffineFitter<32> fitter(input, 15, 63, kSearch4);
    const auto fit = fitter.fit();
    store(out, b,
          BlockQ4_K{Scale::of_bits(fit.d), Scale::of_bits(fit.dmin),
                    pack_affine_scales({fit.sc, fit.mn}), pack_nibbles(fitter.quantise(fit))});
  }
}

void encode_q5_k(const EncodeInput& in, std::byte* out) {
  for (size_t b = 0; b < in.values.size() / kSuperBlock; ++b) {
    const auto input = read_block<kSuperBlock>(in, b);
    AffineFitter<32> fitter(input, 31, 63, kSearch5);
    const auto fit = fitter.fit();
    const auto q = fitter.quantise(fit);
    BlockQ5_K block{Scale::of_bits(fit.d),
                    Scale::of_bits(fit.dmin),
                    pack_affine_scales({fit.sc, fit.mn}),
                    {},
                    pack_nibbles(q)};
    for (size_t i = 0; i < 256; ++i) {
      block.high[i % 32] = static_cast<uint8_t>(block.high[i % 32] | (q[i] >> 4) << (i / 32));
    }
    store(out, b, block);
  }
}

void encode_q2_k(const EncodeInput& in, std::byte* out) {
  for (size_t b = 0; b < in.values.size() / kSuperBlock; ++b) {
    const auto input = read_block<kSuperBlock>(in, b);
    AffineFitter<16> fitter(input, 3, 15, kSearch2);
    const auto fit = fitter.fit();
    const auto q = fitter.quantise(fit);
    BlockQ2_K block{};
    block.d = Scale::of_bits(fit.d);
    block.dmin = Scale::of_bits(fit.dmin);
    for (size_t s = 0; s < 16; ++s) {
      block.scales[s] = static_cast<uint8_t>(fit.sc[s] | fit.mn[s] << 4);
    }
    for (size_t i = 0; i < 256; ++i) {
      uint8_t& byte = block.q[i / 128 * 32 + i % 32];
      byte = static_cast<uint8_t>(byte | q[i] << (2 * (i / 32 % 4)));
    }
    store(out, b, block);
  }
}

}  // namespace stride::quant
