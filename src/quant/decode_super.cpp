// SPDX-License-Identifier: Apache-2.0
// Decoding of the types with blocks of 256 values: the K types, IQ4_XS and IQ3_S. The order of the
// multiplications is that of ggml (scale times integer scale first), so that the floats are the
// same to the last bit.
#include "quant/blocks.h"
#include "quant/rows.h"
#include "quant/tables.h"

namespace stride::quant {

void decode_q2_k(const std::byte* in, float* out, size_t n) {
  for (size_t b = 0; b < n / kSuperBlock; ++b) {
    const auto block = load<BlockQ2_K>(in, b);
    const float d = block.d.value();
    const float dmin = block.dmin.value();
    for (size_t sub = 0; sub < 16; ++sub) {
      const float scale = d * static_cast<float>(block.scales[sub] & 15);
      const float min = dmin * static_cast<float>(block.scales[sub] >> 4);
      const size_t shift = 2 * (sub / 2 % 4);
      const uint8_t* q = block.q.data() + 32 * (sub / 8) + 16 * (sub % 2);
      float* y = out + kSuperBlock * b + 16 * sub;
      for (size_t i = 0; i < 16; ++i) y[i] = scale * static_cast<float>(q[i] >> shift & 3) - min;
    }
  }
}

void decode_q3_k(const std::byte* in, float* out, size_t n) {
  for (size_t b = 0; b < n / kSuperBlock; ++b) {
    const auto block = load<BlockQ3_K>(in, b);
    const auto scales = signed_scales(block.scales);
    const float d = block.d.value();
    for (size_t sub = 0; sub < 16; ++sub) {
      const float scale = d * static_cast<float>(scales[sub]);
      const size_t shift = 2 * (sub / 2 % 4);
      const uint8_t* q = block.q.data() + 32 * (sub / 8) + 16 * (sub % 2);
      const uint8_t* high = block.high.data() + 16 * (sub % 2);
      float* y = out + kSuperBlock * b + 16 * sub;
      for (size_t i = 0; i < 16; ++i) {
        const int value = (q[i] >> shift & 3) + 4 * (high[i] >> (sub / 2) & 1) - 4;
        y[i] = scale * static_cast<float>(value);
      }
    }
  }
}

void decode_q4_k(const std::byte* in, float* out, size_t n) {
  for (size_t b = 0; b < n / kSuperBlock; ++b) {
    const auto block = load<BlockQ4_K>(in, b);
    const auto scales = affine_scales(block.scales);
    const float d = block.d.value();
    const float dmin = block.dmin.value();
    for (size_t sub = 0; sub < 8; ++sub) {
      const float scale = d * static_cast<float>(scales.sc[sub]);
      const float min = dmin * static_cast<float>(scales.mn[sub]);
      const size_t shift = 4 * (sub % 2);
      const uint8_t* q = block.q.data() + 32 * (sub / 2);
      float* y = out + kSuperBlock * b + 32 * sub;
      for (size_t i = 0; i < 32; ++i) y[i] = scale * static_cast<float>(q[i] >> shift & 15) - min;
    }
  }
}

void decode_q5_k(const std::byte* in, float* out, size_t n) {
  for (size_t b = 0; b < n / kSuperBlock; ++b) {
    const auto block = load<BlockQ5_K>(in, b);
    const auto scales = affine_scales(block.scales);
    const float d = block.d.value();
    const float dmin = block.dmin.value();
    for (size_t sub = 0; sub < 8; ++sub) {
      const float scale = d * static_cast<float>(scales.sc[sub]);
      const float min = dmin * static_cast<float>(scales.mn[sub]);
      const size_t shift = 4 * (sub % 2);
      const uint8_t* q = block.q.data() + 32 * (sub / 2);
      float* y = out + kSuperBlock * b + 32 * sub;
      for (size_t i = 0; i < 32; ++i) {
        const int value = (q[i] >> shift & 15) | (block.high[i] >> sub & 1) << 4;
        y[i] = scale * static_cast<float>(value) - min;
      }
    }
  }
}

void decode_q6_k(const std::byte* in, float* out, size_t n) {
  for (size_t b = 0; b < n / kSuperBlock; ++b) {
    const auto block = load<BlockQ6_K>(in, b);
    const float d = block.d.value();
    for (size_t sub = 0; sub < 16; ++sub) {
      const float scale = d * static_cast<float>(block.scales[sub]);
      const size_t half = sub / 8;
      const size_t quarter = sub / 2 % 4;  // which 32 values of the half
      const uint8_t* low = block.low.data() + 64 * half + 32 * (quarter % 2) + 16 * (sub % 2);
      const uint8_t* high = block.high.data() + 32 * half + 16 * (sub % 2);
      const size_t low_shift = 4 * (quarter / 2);
      const size_t high_shift = 2 * quarter;
      float* y = out + kSuperBlock * b + 16 * sub;
      for (size_t i = 0; i < 16; ++i) {
        const int value = (low[i] >> low_shift & 15) | (high[i] >> high_shift & 3) << 4;
        y[i] = scale * static_cast<float>(value - 32);
      }
    }
  }
}

void decode_iq4_xs(const std::byte* in, float* out, size_t n) {
  for (size_t b = 0; b < n / kSuperBlock; ++b) {
    const auto block = load<BlockIQ4_XS>(in, b);
    const auto scales = signed_scales(block);
    const float d = block.d.value();
    for (size_t sub = 0; sub < 8; ++sub) {
      const float scale = d * static_cast<float>(scales[sub]);
      const uint8_t* q = block.q.data() + 16 * sub;
      float* y = out + kSuperBlock * b + 32 * sub;
      for (size_t i = 0; i < 16; ++i) {
        y[i] = scale * static_cast<float>(kIq4Values[q[i] & 15]);
        y[i + 16] = scale * static_cast<float>(kIq4Values[q[i] >> 4]);
      }
    }
  }
}

void decode_iq3_s(const std::byte* in, float* out, size_t n) {
  for (size_t b = 0; b < n / kSuperBlock; ++b) {
    const auto block = load<BlockIQ3_S>(in, b);
    const float d = block.d.value();
    for (size_t four = 0; four < 64; ++four) {
      const size_t sub = four / 8;
      const int sc = block.scales[sub / 2] >> (4 * (sub % 2)) & 15;
      const float scale = d * static_cast<float>(1 + 2 * sc);
      const size_t index = block.q[four] | (block.high[sub] >> (four % 8) & 1) << 8;
      const int signs = block.signs[four / 2] >> (4 * (four % 2));
      float* y = out + kSuperBlock * b + 4 * four;
      for (size_t i = 0; i < 4; ++i) {
        const float magnitude = scale * static_cast<float>(kIq3sGrid[index][i]);
        y[i] = signs >> i & 1 ? -magnitude : magnitude;
      }
    }
  }
}

}  // namespace stride::quant
