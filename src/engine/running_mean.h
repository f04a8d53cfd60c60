// SPDX-License-Identifier: Apache-2.0
// The mean of numbers and its standard error, one value at a time (Welford, 1962).
#pragma once

#include <cmath>
#include <cstdint>

namespace stride::engine {

class RunningMean {
 public:
  void add(double x) {
    ++n_;
    const double delta = x - mean_;
    mean_ += delta / static_cast<double>(n_);
    squares_ += delta * (x - mean_);
  }
  uint64_t n() const { return n_; }
  double mean() const { return mean_; }
  double error() const {
    if (n_ < 2) return 0;
    return std::sqrt(squares_ / static_cast<double>(n_ - 1) / static_cast<double>(n_));
  }

 private:
  uint64_t n_ = 0;
  double mean_ = 0;
  double squares_ = 0;
};

}  // namespace stride::engine
