// SPDX-License-Identifier: Apache-2.0
// PCG64 (O'Neill, 2014): the 128-bit linear congruential generator with the XSL-RR output, as numpy
// calls it. Reports name it with its seed, so that anyone can draw the same resamples again.
#pragma once

#include <cstdint>

#include "base/random.h"

namespace stride::gauntlet {

class Pcg64 {
 public:
  explicit Pcg64(uint64_t seed, uint64_t stream = 54)
      : increment_((static_cast<Wide>(stream) << 1) | 1) {
    step();
    state_ += seed;
    step();
  }

  uint64_t next() {
    step();
    const auto folded = static_cast<uint64_t>(state_ >> 64) ^ static_cast<uint64_t>(state_);
    const auto turn = static_cast<unsigned>(state_ >> 122);
    return (folded >> turn) | (folded << ((64 - turn) & 63));
  }

  // Uniform in [0, n); n > 0. The bias of the multiplication is below 2^-32 for n < 2^32.
  uint64_t below(uint64_t n) {
    return static_cast<uint64_t>((static_cast<Wide>(next()) * n) >> 64);
  }

  // Uniform in [0, 1), 53 bits.
  double uniform() { return static_cast<double>(next() >> 11) * 0x1p-53; }

 private:
  static constexpr Wide kMultiplier =
      (static_cast<Wide>(2549297995355413924u) << 64) | 4865540595714422341u;

  void step() { state_ = state_ * kMultiplier + increment_; }

  Wide state_ = 0;
  Wide increment_;
};

}  // namespace stride::gauntlet
