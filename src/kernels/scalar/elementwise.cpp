// SPDX-License-Identifier: Apache-2.0
// Functions of one row. Sums of many terms are taken in double.
#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "base/half.h"
#include "kernels/scalar/scalar.h"

namespace stride::kernels::scalar {

void store_f16(uint16_t* out, const float* x, size_t n) {
  for (size_t i = 0; i < n; ++i) out[i] = f32_to_f16(x[i]);
}

void store_int8(int8_t* out, float* scale, const float* x, size_t n) {
  uint32_t bits = 0;
  for (size_t i = 0; i < n; ++i) bits = std::max(bits, std::bit_cast<uint32_t>(x[i]) & 0x7fffffffU);
  const auto largest = std::bit_cast<float>(bits);
  std::fill_n(out, n, int8_t{0});
  if (!std::isfinite(largest)) {
    *scale = std::numeric_limits<float>::quiet_NaN();
  } else if (largest < 0x1p-119F) {
    *scale = 0;
  } else {
    const float inverse = 127.0F / largest;
    for (size_t i = 0; i < n; ++i) out[i] = static_cast<int8_t>(std::nearbyint(x[i] * inverse));
    *scale = largest / 127.0F;
  }
}

void rms_norm(float* out, const float* x, const float* w, size_t n, float eps) {
  double sum = 0;
  for (size_t i = 0; i < n; ++i) sum += static_cast<double>(x[i]) * x[i];
  const auto mean = static_cast<float>(sum / static_cast<double>(n));
  const float factor = 1.0F / std::sqrt(mean + eps);
  for (size_t i = 0; i < n; ++i) out[i] = x[i] * factor * w[i];
}

void rope(float* x, size_t n_head, size_t head_dim, size_t n_rot, const float* cos,
          const float* sin) {
  const size_t half = n_rot / 2;
  for (size_t h = 0; h < n_head; ++h) {
    float* head = x + h * head_dim;
    for (size_t i = 0; i < half; ++i) {
      const float a = head[i];
      const float b = head[i + half];
      head[i] = a * cos[i] - b * sin[i];
      head[i + half] = b * cos[i] + a * sin[i];
    }
  }
}

void swiglu(float* out, const float* gate, const float* up, size_t n, float limit) {
  const float bound = limit > 0 ? limit : std::numeric_limits<float>::infinity();
  for (size_t i = 0; i < n; ++i) {
    const float silu = gate[i] / (1.0F + std::exp(-gate[i]));
    out[i] = std::min(silu, bound) * std::clamp(up[i], -bound, bound);
  }
}

void add(float* out, const float* x, size_t n) {
  for (size_t i = 0; i < n; ++i) out[i] += x[i];
}

void add_scaled(float* out, const float* x, float s, size_t n) {
  for (size_t i = 0; i < n; ++i) out[i] = std::fma(s, x[i], out[i]);
}

void scale(float* x, float s, size_t n) {
  for (size_t i = 0; i < n; ++i) x[i] *= s;
}

void sigmoid(float* x, size_t n) {
  for (size_t i = 0; i < n; ++i) x[i] = 1.0F / (1.0F + std::exp(-x[i]));
}

float exp_sum(float* x, size_t n, float max, float inverse_temperature) {
  double sum = 0;
  for (size_t i = 0; i < n; ++i) {
    x[i] = std::exp((x[i] - max) * inverse_temperature);
    sum += x[i];
  }
  return static_cast<float>(sum);
}

float max(const float* x, size_t n) {
  float largest = -std::numeric_limits<float>::infinity();
  for (size_t i = 0; i < n; ++i) largest = x[i] > largest ? x[i] : largest;
  return largest;
}

}  // namespace stride::kernels::scalar
