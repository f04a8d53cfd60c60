// SPDX-License-Identifier: Apache-2.0
// What the tests of matrix products share: weights and activations of every kind.
#pragma once

#include <cmath>
#include <cstring>
#include <vector>

#include "base/half.h"
#include "kernels/testing.h"
#include "quant/type.h"

namespace stride::kernels {

using quant::Type;

inline constexpr Type kBlockTypes[] = {Type::q8_0, Type::q4_0,   Type::q4_k,   Type::q5_k,
                                       Type::q6_k, Type::iq4_nl, Type::iq4_xs, Type::mxfp4,
                                       Type::q2_k, Type::q3_k,   Type::iq3_s};
inline constexpr Type kFloatTypes[] = {Type::f32, Type::f16, Type::bf16};

// Where a block of the type keeps its f16 scales.
inline std::vector<size_t> scale_offsets(Type type) {
  switch (type) {
    case Type::q4_k:
    case Type::q5_k:
      return {0, 2};
    case Type::q6_k:
      return {208};
    case Type::q2_k:
      return {80, 82};
    case Type::q3_k:
      return {108};
    case Type::mxfp4:
      return {};
    default:
      return {0};
  }
}

enum class Fill { random_values, random_bytes, zeros, ones, high_bits, low_bits };

// A matrix of n_row rows that ends at an unreadable page.
struct Matrix {
  Matrix(Type type, size_t rows, size_t n_in, Fill fill, uint64_t seed)
      : n_row(rows), bytes(rows * quant::row_bytes(type, n_in)) {
    w = {type, bytes.data(), quant::row_bytes(type, n_in), n_in};
    Random random(seed);
    const size_t n = n_row * w.row_bytes;
    for (size_t i = 0; i < n; ++i) bytes.data()[i] = byte(fill, random);
    if (takes_q8(type) && fill != Fill::random_bytes) set_scales(fill, random);
    if (!takes_q8(type) && fill == Fill::random_values) set_floats(random);
  }

  static std::byte byte(Fill fill, Random& random) {
    switch (fill) {
      case Fill::zeros:
        return std::byte{0};
      case Fill::ones:
        return std::byte{0xff};
      case Fill::high_bits:
        return std::byte{0x80};
      case Fill::low_bits:
        return std::byte{0x7f};
      default:
        return static_cast<std::byte>(random.below(256));
    }
  }

  void set_scales(Fill fill, Random& random) {
    const quant::TypeInfo& info = *quant::type_info(w.type);
    for (std::byte* p = bytes.data(); p < bytes.data() + n_row * w.row_bytes;
         p += info.block_bytes) {
      for (const size_t at : scale_offsets(w.type)) {
        const auto value = static_cast<float>(0.01 * random.normal());
        const uint16_t bits = f32_to_f16(fill == Fill::random_values ? value : 0.03F);
        std::memcpy(p + at, &bits, sizeof bits);
      }
      if (w.type == Type::mxfp4) *p = static_cast<std::byte>(115 + random.below(20));
    }
  }

  void set_floats(Random& random) {
    const size_t size = quant::type_info(w.type)->block_bytes;
    for (size_t i = 0; i < n_row * w.n_in; ++i) {
      const auto value = static_cast<float>(random.normal());
      const uint16_t half = w.type == Type::f16 ? f32_to_f16(value) : f32_to_bf16(value);
      std::memcpy(bytes.data() + i * size, size == 4 ? static_cast<const void*>(&value) : &half,
                  size);
    }
  }

  size_t n_row;
  GuardedBytes bytes;
  Weights w;
};

// Activation rows, quantised for block types and as floats otherwise.
struct Columns {
  Columns(Type type, const std::vector<float>& x, size_t n_in)
      : n(x.size() / n_in),
        stride(takes_q8(type) ? q8_row_bytes(n_in) : round_up(n_in * sizeof(float), 64)),
        bytes(n * stride) {
    for (size_t c = 0; c < n; ++c) {
      std::byte* to = bytes.data() + c * stride;
      if (takes_q8(type)) {
        kernels_by_name("scalar")->quantize_row(to, x.data() + c * n_in, n_in);
      } else {
        std::memcpy(to, x.data() + c * n_in, n_in * sizeof(float));
      }
    }
  }

  const std::byte* row(size_t c) { return bytes.data() + c * stride; }

  size_t n;
  size_t stride;
  AlignedVector<std::byte> bytes;
};

inline void multiply(const Kernels& k, float* out, size_t out_stride, const Weights& w,
                     size_t begin, size_t end, const std::byte* x, size_t x_stride, size_t n_col) {
  const auto product = takes_q8(w.type) ? k.matmul_q8 : k.matmul_f32;
  product(out, out_stride, w, begin, end, x, x_stride, n_col);
}

// [n_col, n_row]
inline std::vector<float> multiply(const Kernels& k, const Matrix& m, Columns& x) {
  std::vector<float> out(m.n_row * x.n, -1);
  multiply(k, out.data(), m.n_row, m.w, 0, m.n_row, x.row(0), x.stride, x.n);
  return out;
}

inline std::vector<float> hostile_row(size_t kind, size_t n, Random& random) {
  std::vector<float> x(n);
  for (size_t i = 0; i < n; ++i) {
    switch (kind) {
      case 0:
        x[i] = 0;
        break;
      case 1:
        x[i] = 1;
        break;  // all 127
      case 2:
        x[i] = -1;
        break;  // all -127
      case 3:
        x[i] = i % 2 == 0 ? 1.0F : -1.0F;
        break;
      case 4:
        x[i] = 1e-40F * static_cast<float>(i % 5);
        break;  // subnormal
      case 5:
        x[i] = i % 3 == 0 ? 3e38F : -3e38F;
        break;
      case 6:
        x[i] = i == n / 2 ? NAN : 1.0F;
        break;
      case 7:
        x[i] = i == n - 1 ? -INFINITY : 1.0F;
        break;
      default:
        x[i] = std::ldexp(static_cast<float>(random.normal()), static_cast<int>(i % 200) - 100);
    }
  }
  return x;
}

}  // namespace stride::kernels
