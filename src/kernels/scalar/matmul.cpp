// SPDX-License-Identifier: Apache-2.0
// Matrix products and the quantisation of their activations, in the order that kernels.h fixes.
#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "base/half.h"
#include "kernels/generic/group.h"
#include "kernels/scalar/scalar.h"

namespace stride::kernels::scalar {
namespace {

// The blocks of group g of row r.
void read_group(const Weights& w, const quant::TypeInfo& info, size_t r, size_t g, Block32* out) {
  if (w.layout == quant::Layout::rows) {
    decode_group(w.type, w.data + r * w.row_bytes + g * info.block_bytes, out);
    return;
  }
  constexpr size_t kRows = quant::kGroupRows;
  std::array<std::byte, 256> block;
  quant::ungroup_block(w.type,
                       w.data + r / kRows * kRows * w.row_bytes + g * kRows * info.block_bytes,
                       r % kRows, block.data());
  decode_group(w.type, block.data(), out);
}

// F_b of the contract.
float block_product(const Block32& w, bool has_min, const int8_t* x, const int16_t* sum16) {
  int dot[2] = {0, 0};
  for (size_t i = 0; i < 32; ++i) dot[i / 16] += w.q[i] * x[i];
  const int s = w.scale[0] * dot[0] + w.scale[1] * dot[1];
  const float product = w.d * static_cast<float>(s);
  if (!has_min) return product;
  const int m = w.min[0] * sum16[0] + w.min[1] * sum16[1];
  return std::fma(-w.d_min, static_cast<float>(m), product);
}

float load_float(quant::Type type, const std::byte* row, size_t i) {
  if (type == quant::Type::f32) {
    float value = 0;
    std::memcpy(&value, row + 4 * i, sizeof value);
    return value;
  }
  uint16_t bits = 0;
  std::memcpy(&bits, row + 2 * i, sizeof bits);
  return type == quant::Type::f16 ? f16_to_f32(bits) : bf16_to_f32(bits);
}

// sum_i w(i) x[i] in 16 lanes.
template <class Value>
float lane_dot(Value w, const float* x, size_t n) {
  float lanes[16] = {};
  for (size_t i = 0; i < round_up(n, 16); ++i) {
    const bool inside = i < n;
    lanes[i % 16] = std::fma(inside ? w(i) : 0.0F, inside ? x[i] : 0.0F, lanes[i % 16]);
  }
  for (size_t half = 8; half > 0; half /= 2) {
    for (size_t i = 0; i < half; ++i) lanes[i] += lanes[i + half];
  }
  return lanes[0];
}

// Writes 32 values; their scale is returned.
float quantize_block(int8_t* q, const float* x) {
  uint32_t bits = 0;
  for (size_t i = 0; i < kQ8Block; ++i) {
    bits = std::max(bits, std::bit_cast<uint32_t>(x[i]) & 0x7fffffffU);
  }
  const auto largest = std::bit_cast<float>(bits);
  std::fill_n(q, kQ8Block, int8_t{0});
  if (!std::isfinite(largest)) return std::numeric_limits<float>::quiet_NaN();
  if (largest < 0x1p-119F) return 0;
  const float inverse = 127.0F / largest;
  for (size_t i = 0; i < kQ8Block; ++i) q[i] = static_cast<int8_t>(std::nearbyint(x[i] * inverse));
  return largest / 127.0F;
}

}  // namespace

void matmul_q8(float* out, size_t out_stride, const Weights& w, size_t row_begin, size_t row_end,
               const std::byte* x, size_t x_stride, size_t n_col) {
  const quant::TypeInfo& info = *quant::type_info(w.type);
  const size_t n_sub = info.block_values / kQ8Block;
  const bool has_min = has_minima(w.type);
  for (size_t r = row_begin; r < row_end; ++r) {
    for (size_t c = 0; c < n_col; ++c) out[c * out_stride + r] = 0;
    for (size_t g = 0; g < w.n_in / info.block_values; ++g) {
      Block32 blocks[8];
      read_group(w, info, r, g, blocks);
      for (size_t c = 0; c < n_col; ++c) {
        const Q8Row row = q8_row(x + c * x_stride, w.n_in);
        float acc = out[c * out_stride + r];
        for (size_t i = 0; i < n_sub; ++i) {
          const size_t b = g * n_sub + i;
          const float f = block_product(blocks[i], has_min, row.value + 32 * b, row.sum16 + 2 * b);
          acc = std::fma(f, row.scale[b], acc);
        }
        out[c * out_stride + r] = acc;
      }
    }
  }
}

void matmul_f32(float* out, size_t out_stride, const Weights& w, size_t row_begin, size_t row_end,
                const std::byte* x, size_t x_stride, size_t n_col) {
  for (size_t r = row_begin; r < row_end; ++r) {
    const std::byte* row = w.data + r * w.row_bytes;
    for (size_t c = 0; c < n_col; ++c) {
      out[c * out_stride + r] = lane_dot([&](size_t i) { return load_float(w.type, row, i); },
                                         reinterpret_cast<const float*>(x + c * x_stride), w.n_in);
    }
  }
}

float dot(const float* a, const float* b, size_t n) {
  return lane_dot([a](size_t i) { return a[i]; }, b, n);
}

void quantize_row(std::byte* out, const float* x, size_t n) {
  const Q8Layout at = q8_layout(n);
  std::memset(out, 0, at.bytes);
  auto* value = reinterpret_cast<int8_t*>(out);
  auto* scale = reinterpret_cast<float*>(out + at.scale);
  auto* sum = reinterpret_cast<float*>(out + at.sum);
  auto* sum16 = reinterpret_cast<int16_t*>(out + at.sum16);
  for (size_t b = 0; b < n / kQ8Block; ++b) {
    scale[b] = quantize_block(value + 32 * b, x + 32 * b);
    for (size_t i = 0; i < 32; ++i) {
      sum16[2 * b + i / 16] = static_cast<int16_t>(sum16[2 * b + i / 16] + value[32 * b + i]);
    }
    sum[b] = static_cast<float>(sum16[2 * b] + sum16[2 * b + 1]);
  }
}

}  // namespace stride::kernels::scalar
