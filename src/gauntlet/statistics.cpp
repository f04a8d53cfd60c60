// SPDX-License-Identifier: Apache-2.0
#include "gauntlet/statistics.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

#include "base/check.h"

namespace stride::gauntlet {
namespace {

constexpr double kZ = 1.959963984540054;  // the normal's two-sided 95 % point
constexpr size_t kExactFlips = 12;
constexpr size_t kP95Values = 20, kP99Values = 100;

double sorted_quantile(std::span<const double> sorted, double p) {
  const double at = static_cast<double>(sorted.size() - 1) * p;
  const auto below = static_cast<size_t>(at);
  const size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (at - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

std::vector<double> sorted(std::span<const double> values) {
  std::vector<double> out(values.begin(), values.end());
  std::ranges::sort(out);
  return out;
}

double stratum_mean(const Stratum& stratum) {
  double sum = 0;
  size_t n = 0;
  for (const auto& unit : stratum) {
    sum += std::accumulate(unit.begin(), unit.end(), 0.0);
    n += unit.size();
  }
  return n == 0 ? 0 : sum / static_cast<double>(n);
}

// Sum and count of every unit, so that a draw costs one addition a unit.
struct UnitSums {
  std::vector<double> sums{};
  std::vector<double> counts{};
};

UnitSums sums_of(const Stratum& units) {
  UnitSums out;
  for (const auto& unit : units) {
    out.sums.push_back(std::accumulate(unit.begin(), unit.end(), 0.0));
    out.counts.push_back(static_cast<double>(unit.size()));
  }
  return out;
}

// The absolute weighted sum of the values with the signs that `negative` has.
double flipped(std::span<const double> values, uint64_t negative) {
  double sum = 0;
  for (size_t i = 0; i < values.size(); ++i) sum += (negative >> i) & 1 ? -values[i] : values[i];
  return std::abs(sum);
}

}  // namespace

double mean(std::span<const double> values) {
  if (values.empty()) return 0;
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

std::optional<double> quantile(std::span<const double> values, double p) {
  if (values.empty()) return std::nullopt;
  return sorted_quantile(sorted(values), p);
}

Quantiles quantiles(std::span<const double> values) {
  Quantiles out{.n = values.size()};
  if (values.empty()) return out;
  const std::vector<double> in_order = sorted(values);
  out.mean = mean(in_order);
  out.p50 = sorted_quantile(in_order, 0.5);
  out.p90 = sorted_quantile(in_order, 0.9);
  if (in_order.size() >= kP95Values) out.p95 = sorted_quantile(in_order, 0.95);
  if (in_order.size() >= kP99Values) out.p99 = sorted_quantile(in_order, 0.99);
  out.max = in_order.back();
  return out;
}

std::optional<Interval> wilson(uint64_t successes, uint64_t n) {
  if (n == 0) return std::nullopt;
  const auto count = static_cast<double>(n);
  const double share = static_cast<double>(successes) / count;
  const double z2 = kZ * kZ;
  const double centre = share + z2 / (2 * count);
  const double half = kZ * std::sqrt(share * (1 - share) / count + z2 / (4 * count * count));
  const double scale = 1 + z2 / count;
  // At the ends the formula gives 0 and 1 exactly, the arithmetic nearly.
  return Interval{successes == 0 ? 0 : (centre - half) / scale,
                  successes == n ? 1 : (centre + half) / scale};
}

double pass_hat_k(uint64_t n, uint64_t c, uint64_t k) {
  STRIDE_CHECK(k >= 1 && k <= n && c <= n);
  double share = 1;
  for (uint64_t i = 0; i < k; ++i) {
    if (c <= i) return 0;
    share *= static_cast<double>(c - i) / static_cast<double>(n - i);
  }
  return share;
}

double pass_at_k(uint64_t n, uint64_t c, uint64_t k) {
  return 1 - pass_hat_k(n, n - c, k);
}

// Hill's expansion (Communications of the ACM, algorithm 396); closed forms for 1 and 2.
double student_t_975(double degrees) {
  constexpr double kP = 0.05;
  if (degrees < 1.5) return 1 / std::tan(kP * std::numbers::pi / 2);
  if (degrees < 2.5) return std::sqrt(2 / (kP * (2 - kP)) - 2);
  const double n = degrees;
  const double a = 1 / (n - 0.5), b = 48 / (a * a);
  double c = ((20700 * a / b - 98) * a - 16) * a + 96.36;
  const double d = ((94.5 / (b + c) - 3) / b + 1) * std::sqrt(a * std::numbers::pi / 2) * n;
  double y = std::pow(d * kP, 2 / n);
  if (y > 0.05 + a) {
    const double x = -kZ;
    y = x * x;
    if (n < 5) c += 0.3 * (n - 4.5) * (x + 0.6);
    c = (((0.05 * d * x - 5) * x - 7) * x - 2) * x + b + c;
    y = (((((0.4 * y + 6.3) * y + 36) * y + 94.5) / c - y - 3) / b + 1) * x;
    y = std::expm1(a * y * y);
  } else {
    y = ((1 / (((n + 6) / (n * y) - 0.089 * d - 0.822) * (n + 2) * 3) + 0.5 / (n + 4)) * y - 1) *
            (n + 1) / (n + 2) +
        1 / y;
  }
  return std::sqrt(n * y);
}

Resampler::Resampler(std::vector<uint32_t> units, uint64_t seed, uint32_t n_resamples)
    : units_(std::move(units)), random_(seed), n_resamples_(n_resamples) {
  for (const uint32_t n : units_) picks_.emplace_back(n > 1 ? n - 1 : n);
}

void Resampler::draw() {
  for (size_t s = 0; s < units_.size(); ++s)
    for (uint32_t& pick : picks_[s]) pick = static_cast<uint32_t>(random_.below(units_[s]));
}

std::optional<Interval> Resampler::interval(double estimate, const Statistic& statistic,
                                            double widen) {
  if (units_.empty() || std::ranges::min(units_) < 2) return std::nullopt;
  std::vector<double> drawn(n_resamples_);
  for (double& value : drawn) {
    draw();
    value = statistic(picks_);
  }
  std::ranges::sort(drawn);
  const double centre = mean(drawn);
  return Interval{estimate + widen * (sorted_quantile(drawn, 0.025) - centre),
                  estimate + widen * (sorted_quantile(drawn, 0.975) - centre)};
}

std::vector<std::vector<double>> units_of(const Stratum& stratum) {
  std::vector<std::vector<double>> units;
  for (const auto& variant : stratum)
    if (!variant.empty()) units.push_back(variant);
  if (units.size() != 1) return units;
  std::vector<std::vector<double>> repeats;
  for (const double value : units[0]) repeats.push_back({value});
  return repeats;
}

double few_units_factor(std::span<const Stratum> strata) {
  double sum = 0, weighted = 0;
  for (const Stratum& stratum : strata) {
    const auto units = units_of(stratum);
    if (units.size() < 2) continue;
    const auto n = static_cast<double>(units.size());
    std::vector<double> means;
    for (const auto& unit : units) means.push_back(mean(unit));
    const double centre = mean(means);
    double variance = 0;
    for (const double value : means) variance += (value - centre) * (value - centre) / (n - 1);
    sum += variance / n;
    weighted += (variance / n) * (variance / n) / (n - 1);
  }
  return weighted > 0 ? student_t_975(sum * sum / weighted) / kZ : 1;
}

Estimate bootstrap_mean(std::span<const Stratum> strata, uint64_t seed, uint32_t n_resamples) {
  if (strata.empty()) return {};
  std::vector<uint32_t> counts;
  std::vector<UnitSums> sums;
  double total = 0;
  for (const Stratum& stratum : strata) {
    sums.push_back(sums_of(units_of(stratum)));
    counts.push_back(static_cast<uint32_t>(sums.back().sums.size()));
    total += stratum_mean(stratum);
  }
  const auto n = static_cast<double>(strata.size());
  Estimate out{.value = total / n};
  out.ci = Resampler(counts, seed, n_resamples)
               .interval(
                   out.value,
                   [&](const Resampler::Picks& picks) {
                     double all = 0;
                     for (size_t s = 0; s < picks.size(); ++s) {
                       double sum = 0, count = 0;
                       for (const uint32_t pick : picks[s]) {
                         sum += sums[s].sums[pick];
                         count += sums[s].counts[pick];
                       }
                       all += sum / count;
                     }
                     return all / n;
                   },
                   few_units_factor(strata));
  return out;
}

double sign_flip_p(std::span<const std::vector<double>> differences, uint64_t seed) {
  // Each difference with its weight in the mean of means; those that are zero change nothing.
  std::vector<double> weighted;
  double observed = 0;
  for (const auto& test : differences)
    for (const double value : test) {
      const double share = value / static_cast<double>(test.size());
      observed += share;
      if (value != 0) weighted.push_back(share);
    }
  if (weighted.empty()) return 1;
  observed = std::abs(observed) * (1 - 1e-9);  // sums in another order must count as equal
  if (weighted.size() <= kExactFlips) {
    const uint64_t n_signs = uint64_t{1} << weighted.size();
    uint64_t hits = 0;
    for (uint64_t signs = 0; signs < n_signs; ++signs)
      hits += flipped(weighted, signs) >= observed ? 1 : 0;
    return static_cast<double>(hits) / static_cast<double>(n_signs);
  }
  Pcg64 random(seed);
  uint64_t hits = 0;
  for (uint32_t draw = 0; draw < kResamples; ++draw) {
    double sum = 0;
    for (size_t begin = 0; begin < weighted.size(); begin += 64) {
      uint64_t signs = random.next();
      const size_t end = std::min(begin + 64, weighted.size());
      for (size_t i = begin; i < end; ++i, signs >>= 1)
        sum += signs & 1 ? -weighted[i] : weighted[i];
    }
    hits += std::abs(sum) >= observed ? 1 : 0;
  }
  return static_cast<double>(hits + 1) / static_cast<double>(kResamples + 1);
}

std::vector<double> holm(std::span<const double> p) {
  std::vector<size_t> order(p.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::stable_sort(order, {}, [&](size_t i) { return p[i]; });
  std::vector<double> adjusted(p.size());
  double largest = 0;
  for (size_t rank = 0; rank < order.size(); ++rank) {
    largest = std::max(largest, static_cast<double>(p.size() - rank) * p[order[rank]]);
    adjusted[order[rank]] = std::min(1.0, largest);
  }
  return adjusted;
}

std::string_view name(Verdict verdict) {
  switch (verdict) {
    case Verdict::a:
      return "A";
    case Verdict::b:
      return "B";
    case Verdict::tie:
      return "tie";
    case Verdict::undecided:
      break;
  }
  return "undecided";
}

Verdict verdict(const Estimate& difference, double p) {
  if (!difference.ci) return Verdict::undecided;
  if (difference.ci->low > -kTieMargin && difference.ci->high < kTieMargin) return Verdict::tie;
  if (p < 0.05 && difference.ci->low > 0) return Verdict::a;
  if (p < 0.05 && difference.ci->high < 0) return Verdict::b;
  return Verdict::undecided;
}

}  // namespace stride::gauntlet
