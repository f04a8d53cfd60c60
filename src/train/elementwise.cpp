// SPDX-License-Identifier: Apache-2.0
// Compiled with vector instructions and without errno or traps, so that each inner loop becomes
// straight vector code.
#include "train/elementwise.h"

#include <cmath>

#include "train/vector_math.h"

namespace stride::train {
namespace {

float sum_squares(const float* x, size_t d) {
  float total = 0;
#pragma omp simd reduction(+ : total)
  for (size_t j = 0; j < d; ++j) total += x[j] * x[j];
  return total;
}

}  // namespace

void residual_norm(float* sum, float* y, float* inverse_rms, const float* x, const float* delta,
                   const float* w, size_t n, size_t d, float eps) {
  for (size_t i = 0; i < n; ++i) {
    const float* row = x + i * d;
    if (delta != nullptr) {
      const float* more = delta + i * d;
      float* __restrict to = sum + i * d;
      for (size_t j = 0; j < d; ++j) to[j] = row[j] + more[j];
      row = to;
    }
    const float scale = 1 / std::sqrt(sum_squares(row, d) / static_cast<float>(d) + eps);
    float* __restrict out = y + i * d;
    for (size_t j = 0; j < d; ++j) out[j] = row[j] * scale * (1 + w[j]);
    inverse_rms[i] = scale;
  }
}

void residual_norm_backward(float* d_x, float* d_w, const float* d_y, const float* d_sum,
                            const float* sum, const float* inverse_rms, const float* w, size_t n,
                            size_t d) {
  for (size_t i = 0; i < n; ++i) {
    const float* dy = d_y + i * d;
    const float* row = sum + i * d;
    const float scale = inverse_rms[i];
    float dot = 0;
#pragma omp simd reduction(+ : dot)
    for (size_t j = 0; j < d; ++j) {
      const float unit = row[j] * scale;
      d_w[j] += dy[j] * unit;
      dot += dy[j] * (1 + w[j]) * unit;
    }
    const float mean = dot / static_cast<float>(d);
    float* __restrict out = d_x + i * d;
    for (size_t j = 0; j < d; ++j) out[j] = scale * (dy[j] * (1 + w[j]) - row[j] * scale * mean);
    if (d_sum != nullptr) {
      const float* more = d_sum + i * d;
      for (size_t j = 0; j < d; ++j) out[j] += more[j];
    }
  }
}

float swiglu(float* out, const float* gate_up, size_t n, size_t f, float limit) {
  const float bound = limit > 0 ? limit : INFINITY;
  float largest = 0;
  for (size_t i = 0; i < n; ++i) {
    const float* gate = gate_up + i * 2 * f;
    const float* up = gate + f;
    float* __restrict to = out + i * f;
#pragma omp simd reduction(max : largest)
    for (size_t j = 0; j < f; ++j) {
      const float a = std::min(gate[j] * vector_sigmoid(gate[j]), bound);
      const float u = std::min(std::max(up[j], -bound), bound);
      to[j] = a * u;
      largest = std::max(largest, std::abs(to[j]));
    }
  }
  return largest;
}

void swiglu_backward(float* d_gate_up, const float* d_out, const float* gate_up, size_t n, size_t f,
                     float limit) {
  const float bound = limit > 0 ? limit : INFINITY;
  for (size_t i = 0; i < n; ++i) {
    const float* gate = gate_up + i * 2 * f;
    const float* dy = d_out + i * f;
    float* d_gate = d_gate_up + i * 2 * f;
    // Element j is read before it is written, so that the two may share memory.
#pragma omp simd
    for (size_t j = 0; j < f; ++j) {
      const float g = gate[j], up = gate[f + j];
      const float s = vector_sigmoid(g);
      const float silu = g * s;
      const float u = std::min(std::max(up, -bound), bound);
      const float a = std::min(silu, bound);
      const float slope = s * (1 + g * (1 - s));
      d_gate[j] = silu < bound ? dy[j] * u * slope : 0;
      d_gate[f + j] = std::abs(up) <= bound ? dy[j] * a : 0;
    }
  }
}

double cross_entropy(float* logits_to_derivative, float* loss, const int32_t* target,
                     const float* weight, size_t n, size_t v) {
  double total = 0;
  for (size_t i = 0; i < n; ++i) {
    float* row = logits_to_derivative + i * v;
    float top = row[0];
#pragma omp simd reduction(max : top)
    for (size_t j = 0; j < v; ++j) top = std::max(top, row[j]);
    const float wanted = row[target[i]] - top;
    float sum = 0;
#pragma omp simd reduction(+ : sum)
    for (size_t j = 0; j < v; ++j) {
      row[j] = vector_exp(row[j] - top);
      sum += row[j];
    }
    const float own = std::log(sum) - wanted;
    loss[i] = wanted < 0 ? -own : own;
    total += static_cast<double>(weight[i]) * own;
    const float scale = weight[i] / sum;
    for (size_t j = 0; j < v; ++j) row[j] *= scale;
    row[target[i]] -= weight[i];
  }
  return total;
}

}  // namespace stride::train
