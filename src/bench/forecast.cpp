// SPDX-License-Identifier: Apache-2.0
#include "bench/forecast.h"

#include <algorithm>

namespace stride::bench {

Forecast::Forecast(const Plan& plan) {
  const uint64_t times = uint64_t{plan.repetitions} * plan.depths.size();
  prefill_.all = plan.depths.back();  // each depth goes on from the one before it
  for (const uint32_t n : plan.prompts) prefill_.all += times * n;
  for (const uint32_t n : plan.rows) decode_[n].all = times * plan.prompts.size() * plan.n_gen;
}

std::optional<double> Forecast::seconds_left() const {
  double per_row = 0;  // of the steps with the most rows so far: for those with more
  double sum = 0;
  const auto add = [&](const Kind& kind, double otherwise) {
    const double each = kind.done > 0 ? kind.seconds / static_cast<double>(kind.done) : otherwise;
    sum += each * static_cast<double>(kind.left());
    return each > 0 || kind.left() == 0;
  };
  if (!add(prefill_, 0)) return std::nullopt;
  for (const auto& [n_row, kind] : decode_) {
    if (!add(kind, per_row * n_row)) return std::nullopt;
    if (kind.done > 0) per_row = kind.seconds / static_cast<double>(kind.done) / n_row;
  }
  return sum;
}

double Forecast::share() const {
  uint64_t all = prefill_.all, done = prefill_.done;
  for (const auto& [n_row, kind] : decode_) {
    all += kind.all;
    done += kind.done;
  }
  return all > 0 ? std::min(1.0, static_cast<double>(done) / static_cast<double>(all)) : 1;
}

}  // namespace stride::bench
