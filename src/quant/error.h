// SPDX-License-Identifier: Apache-2.0
// How far encoded values are from what they stand for.
#pragma once

#include <cstddef>
#include <span>

#include "quant/type.h"

namespace stride::quant {

// Sums over pairs of an original and a decoded value; add() joins those of parts of a tensor.
struct ErrorStatistics {
  size_t n_values = 0;      // pairs of finite numbers, which all below is about
  size_t n_non_finite = 0;  // pairs left out: the original or the decoded value is not finite
  double squared_error = 0;
  double squared_value = 0;  // of the originals
  double max_error = 0;      // largest |original - decoded|

  void add(const ErrorStatistics& other);
  double rms() const;           // root of the mean squared error; 0 without values
  double relative_rms() const;  // rms over that of the originals; 0 where there is no error
};

// Requires equal sizes.
ErrorStatistics compare(std::span<const float> original, std::span<const float> decoded);

// What decode(type, bytes) makes of encoded values. Requires bytes.size() == row_bytes(type,
// original.size()).
ErrorStatistics encoding_error(Type type, std::span<const std::byte> bytes,
                               std::span<const float> original);

}  // namespace stride::quant
