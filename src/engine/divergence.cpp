// SPDX-License-Identifier: Apache-2.0
#include "engine/divergence.h"

#include <algorithm>
#include <cmath>

#include "engine/running_mean.h"

namespace stride::engine {

double log_sum_exp(std::span<const float> logits) {
  const double largest = *std::ranges::max_element(logits);
  double total = 0;
  for (const float x : logits) total += std::exp(x - largest);
  return std::log(total) + largest;
}

double kl_divergence(std::span<const float> base, std::span<const float> logits) {
  const double base_norm = log_sum_exp(base), norm = log_sum_exp(logits);
  double sum = 0;
  for (size_t i = 0; i < base.size(); ++i) {
    const double log_p = base[i] - base_norm, p = std::exp(log_p);
    if (p > 0) sum += p * (log_p - (logits[i] - norm));
  }
  return std::max(0.0, sum);  // rounding may leave it a little below
}

void DivergenceMeter::add(std::span<const float> base, std::span<const float> logits) {
  rows_.push_back(kl_divergence(base, logits));
  const auto best = [](std::span<const float> row) {
    return std::ranges::max_element(row) - row.begin();
  };
  n_same_ += best(base) == best(logits) ? 1 : 0;
}

Divergence DivergenceMeter::result() const {
  if (rows_.empty()) return {};
  RunningMean mean;
  for (const double row : rows_) mean.add(row);
  std::vector<double> rows = rows_;
  const size_t n_below = (rows.size() * 99 + 99) / 100;  // rounded up
  const auto at = rows.begin() + static_cast<ptrdiff_t>(n_below) - 1;
  std::ranges::nth_element(rows, at);
  const auto n = static_cast<double>(rows.size());
  return {rows.size(),
          mean.mean(),
          mean.error(),
          *at,
          std::ranges::max(rows_),
          static_cast<double>(n_same_) / n};
}

}  // namespace stride::engine
