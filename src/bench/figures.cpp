// SPDX-License-Identifier: Apache-2.0
// What follows from the times of a measurement and the limits of the machine.
#include <algorithm>

#include "bench/report.h"

namespace stride::bench {
namespace {

// Of one figure of all probes or repetitions.
template <class Item, class Get>
Spread spread_over(const std::vector<Item>& items, Get get) {
  std::vector<double> values;
  for (const Item& item : items) values.push_back(get(item));
  return spread_of(std::move(values));
}

struct LimitSeconds {
  double memory = 0, arithmetic = 0;
  double longer() const { return std::max(memory, arithmetic); }
};

double ratio(double amount, double rate) {
  return rate > 0 ? amount / rate : 0;
}

LimitSeconds limit_seconds(const Repetition& r) {
  const Work& work = r.work;
  const Limits& limits = r.limits;
  return {ratio(static_cast<double>(work.bytes()), limits.read_bytes),
          ratio(static_cast<double>(work.int8_ops), limits.int8_ops) +
              ratio(static_cast<double>(work.float_ops), limits.float_ops)};
}

}  // namespace

Limits median_limits(const std::vector<Limits>& probes) {
  return {spread_over(probes, [](const Limits& l) { return l.read_bytes; }).median,
          spread_over(probes, [](const Limits& l) { return l.int8_ops; }).median,
          spread_over(probes, [](const Limits& l) { return l.float_ops; }).median};
}

Figures figures_of(const Measurement& m) {
  Figures out;
  Work all;
  uint64_t n_token = 0;
  std::vector<double> first_tokens;
  std::vector<Limits> limits;
  for (const Repetition& r : m.repetitions) {
    all += r.work;
    n_token += r.n_token;
    limits.push_back(r.limits);
    if (r.first_token_seconds) first_tokens.push_back(*r.first_token_seconds);
    if (r.peak_memory) out.peak_memory = std::max(out.peak_memory.value_or(0), *r.peak_memory);
  }
  if (!first_tokens.empty()) out.first_token_seconds = spread_of(std::move(first_tokens));
  out.limits = median_limits(limits);
  const auto n = static_cast<double>(n_token);
  out.weight_bytes_per_token = ratio(static_cast<double>(all.weight_bytes), n);
  out.kv_bytes_per_token = ratio(static_cast<double>(all.kv_bytes), n);
  out.int8_ops_per_token = ratio(static_cast<double>(all.int8_ops), n);
  out.float_ops_per_token = ratio(static_cast<double>(all.float_ops), n);

  const auto over = [&](auto get) {
    return spread_over(m.repetitions,
                       [&](const Repetition& r) { return ratio(get(r), r.seconds); });
  };
  out.tokens_per_second = over([](const Repetition& r) { return static_cast<double>(r.n_token); });
  out.bytes_per_second =
      over([](const Repetition& r) { return static_cast<double>(r.work.bytes()); }).median;
  out.ops_per_second =
      over([](const Repetition& r) { return static_cast<double>(r.work.ops()); }).median;
  out.memory_share = over([](const Repetition& r) { return limit_seconds(r).memory; }).median;
  out.arithmetic_share =
      over([](const Repetition& r) { return limit_seconds(r).arithmetic; }).median;
  out.bound = out.memory_share >= out.arithmetic_share ? Bound::memory : Bound::arithmetic;
  out.limit_share = over([](const Repetition& r) { return limit_seconds(r).longer(); });
  return out;
}

}  // namespace stride::bench
