// SPDX-License-Identifier: Apache-2.0
#include "api/histogram.h"

#include <fmt/format.h>

#include <algorithm>

namespace stride::api {

Histogram::Histogram(std::vector<double> bounds)
    : bounds_(std::move(bounds)), counts_(bounds_.size() + 1) {}

void Histogram::observe(double value) {
  const auto bucket = std::ranges::lower_bound(bounds_, value) - bounds_.begin();
  ++counts_[static_cast<size_t>(bucket)];
  sum_ += value;
  ++n_;
}

void Exposition::family(std::string_view name, std::string_view type, std::string_view help) {
  text_ += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, help, name, type);
}

void Exposition::sample(std::string_view name, std::string_view labels, double value) {
  text_ += labels.empty() ? fmt::format("{} {}\n", name, value)
                          : fmt::format("{}{{{}}} {}\n", name, labels, value);
}

void Exposition::counter(std::string_view name, std::string_view help, std::string_view labels,
                         double value) {
  family(name, "counter", help);
  sample(name, labels, value);
}

void Exposition::gauge(std::string_view name, std::string_view help, std::string_view labels,
                       double value) {
  family(name, "gauge", help);
  sample(name, labels, value);
}

void Exposition::histogram(std::string_view name, std::string_view help, std::string_view labels,
                           const Histogram& histogram) {
  family(name, "histogram", help);
  const std::string before = labels.empty() ? "" : std::string(labels) + ",";
  const std::string bucket = fmt::format("{}_bucket", name);
  uint64_t below = 0;
  for (size_t i = 0; i < histogram.counts().size(); ++i) {
    below += histogram.counts()[i];
    const std::string bound =
        i < histogram.bounds().size() ? fmt::format("{}", histogram.bounds()[i]) : "+Inf";
    sample(bucket, before + label("le", bound), static_cast<double>(below));
  }
  sample(fmt::format("{}_sum", name), labels, histogram.sum());
  sample(fmt::format("{}_count", name), labels, static_cast<double>(histogram.n()));
}

std::string label(std::string_view name, std::string_view value) {
  std::string out(name);
  out += "=\"";
  for (const char c : value) {
    if (c == '\\' || c == '"') out += '\\';
    if (c == '\n') {
      out += "\\n";
    } else {
      out += c;
    }
  }
  return out + '"';
}

}  // namespace stride::api
