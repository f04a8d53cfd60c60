// SPDX-License-Identifier: Apache-2.0
#include "quant/error.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/check.h"
#include "quant/codec.h"

namespace stride::quant {

void ErrorStatistics::add(const ErrorStatistics& other) {
  n_values += other.n_values;
  n_non_finite += other.n_non_finite;
  squared_error += other.squared_error;
  squared_value += other.squared_value;
  max_error = std::max(max_error, other.max_error);
}

double ErrorStatistics::rms() const {
  return n_values > 0 ? std::sqrt(squared_error / static_cast<double>(n_values)) : 0;
}

double ErrorStatistics::relative_rms() const {
  return squared_error > 0 ? std::sqrt(squared_error / squared_value) : 0;
}

ErrorStatistics compare(std::span<const float> original, std::span<const float> decoded) {
  STRIDE_CHECK(original.size() == decoded.size());
  ErrorStatistics out;
  for (size_t i = 0; i < original.size(); ++i) {
    if (!std::isfinite(original[i]) || !std::isfinite(decoded[i])) {
      ++out.n_non_finite;
      continue;
    }
    const double value = original[i];
    const double error = std::fabs(value - static_cast<double>(decoded[i]));
    ++out.n_values;
    out.squared_error += error * error;
    out.squared_value += value * value;
    out.max_error = std::max(out.max_error, error);
  }
  return out;
}

ErrorStatistics encoding_error(Type type, std::span<const std::byte> bytes,
                               std::span<const float> original) {
  STRIDE_CHECK(bytes.size() == row_bytes(type, original.size()));
  std::array<float, 4096> decoded;  // whole blocks of every type
  ErrorStatistics out;
  while (!original.empty()) {
    const size_t n = std::min(original.size(), decoded.size());
    const std::span part = std::span(decoded).first(n);
    decode(type, bytes.first(row_bytes(type, n)), part);
    out.add(compare(original.first(n), part));
    original = original.subspan(n);
    bytes = bytes.subspan(row_bytes(type, n));
  }
  return out;
}

}  // namespace stride::quant
