// SPDX-License-Identifier: Apache-2.0
// Cumulative buckets, and the text format of Prometheus for them and for single values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace stride::api {

class Histogram {
 public:
  // Ascending upper bounds; one more for everything above is added.
  explicit Histogram(std::vector<double> bounds);

  void observe(double value);

  const std::vector<double>& bounds() const { return bounds_; }
  const std::vector<uint64_t>& counts() const { return counts_; }  // one more than bounds
  double sum() const { return sum_; }
  uint64_t n() const { return n_; }

 private:
  std::vector<double> bounds_;
  std::vector<uint64_t> counts_;
  double sum_ = 0;
  uint64_t n_ = 0;
};

// Writes families one after the other. Label texts are `a="x",b="y"`, made by label().
class Exposition {
 public:
  void family(std::string_view name, std::string_view type, std::string_view help);
  void sample(std::string_view name, std::string_view labels, double value);
  // A family of one sample.
  void counter(std::string_view name, std::string_view help, std::string_view labels, double value);
  void gauge(std::string_view name, std::string_view help, std::string_view labels, double value);
  void histogram(std::string_view name, std::string_view help, std::string_view labels,
                 const Histogram& histogram);

  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

// name="value" with the escapes that the format needs.
std::string label(std::string_view name, std::string_view value);

}  // namespace stride::api
