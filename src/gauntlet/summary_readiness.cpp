// SPDX-License-Identifier: Apache-2.0
#include "gauntlet/summary_readiness.h"

#include <algorithm>
#include <cmath>

namespace stride::gauntlet {
namespace {

// What a drawn unit adds to the shares.
struct Unit {
  double score = 0;
  uint64_t n_cells = 0, n_passed = 0;
  double n_requests = 0, n_delivered = 0, n_within = 0, n_first = 0;
};

Unit& operator+=(Unit& sum, const Unit& unit) {
  sum.score += unit.score;
  sum.n_cells += unit.n_cells;
  sum.n_passed += unit.n_passed;
  sum.n_requests += unit.n_requests;
  sum.n_delivered += unit.n_delivered;
  sum.n_within += unit.n_within;
  sum.n_first += unit.n_first;
  return sum;
}

// Service levels differ between profiles, so these are counted anew for each.
double count_within(const CellResult& cell, const Slo& slo) {
  double n = 0;
  for (size_t i = 0; i < cell.attempts.size(); ++i) {
    const bool last = i + 1 == cell.attempts.size();
    if (!last && cell.attempts[i + 1].turn == cell.attempts[i].turn) continue;
    n +=
        cell.attempts[i].attempt.failure == FailureClass::ok && meets(slo, cell.attempts[i].attempt)
            ? 1
            : 0;
  }
  return std::min(n, static_cast<double>(cell.n_delivered));
}

Unit unit_of(const CellResult& cell, const Slo& slo) {
  return {.score = cell.cell.grade.score,
          .n_cells = 1,
          .n_passed = cell.cell.grade.passed ? 1u : 0u,
          .n_requests = static_cast<double>(cell.n_requests),
          .n_delivered = static_cast<double>(cell.n_delivered),
          .n_within = count_within(cell, slo),
          .n_first = static_cast<double>(cell.n_first_try)};
}

using Units = std::vector<std::vector<Unit>>;  // of each test

// The variants of a test, or its cells where there is but one variant, as the scores are drawn.
Units units_of(const Summary& summary, const Slo& slo) {
  Units out;
  for (const TestSummary& test : summary.tests) {
    std::map<uint32_t, std::vector<Unit>> by_variant;
    for (const CellResult& cell : summary.cells)
      if (cell.cell.key.test == test.id)
        by_variant[cell.cell.key.variant].push_back(unit_of(cell, slo));
    if (by_variant.empty()) continue;
    if (by_variant.size() == 1) {
      out.push_back(by_variant.begin()->second);
      continue;
    }
    auto& units = out.emplace_back();
    for (const auto& [variant, cells] : by_variant) {
      Unit sum;
      for (const Unit& cell : cells) sum += cell;
      units.push_back(sum);
    }
  }
  return out;
}

Shares shares_of(std::span<const Unit> tests, double contract) {
  Shares shares;
  Unit all;
  for (const Unit& test : tests) {
    const auto k = std::min<uint64_t>(3, test.n_cells);
    shares.quality += test.score / static_cast<double>(test.n_cells);
    shares.consistency += pass_hat_k(test.n_cells, test.n_passed, k);
    all += test;
  }
  const auto n = static_cast<double>(tests.size());
  shares.quality /= n;
  shares.consistency /= n;
  if (all.n_requests > 0) {
    shares.delivery = contract * all.n_delivered / all.n_requests;
    shares.latency = all.n_within / all.n_requests;
    shares.reliability = all.n_first / all.n_requests;
  }
  return shares;
}

std::optional<double> share(size_t part, size_t whole) {
  if (whole == 0) return std::nullopt;
  return static_cast<double>(part) / static_cast<double>(whole);
}

// The share of a test's cells with a flag; of several tests together.
std::optional<double> flagged(const Summary& summary, std::string_view flag,
                              std::initializer_list<std::string_view> tests) {
  size_t n = 0, n_cells = 0;
  for (const std::string_view id : tests) {
    const TestSummary* test = find(summary, id);
    if (test == nullptr) continue;
    n_cells += test->n_cells;
    const auto found = test->flags.find(std::string(flag));
    if (found != test->flags.end()) n += found->second;
  }
  return share(n, n_cells);
}

BlockerFacts facts_of(const Summary& summary, const Shares& shares) {
  const auto clean = [&](std::string_view id) -> std::optional<double> {
    const TestSummary* test = find(summary, id);
    return test == nullptr ? std::nullopt : share(test->n_clean, test->n_cells);
  };
  const auto pass = [&](std::string_view id) -> std::optional<double> {
    const TestSummary* test = find(summary, id);
    return test == nullptr ? std::nullopt : share(test->n_passed, test->n_cells);
  };
  return {.delivery = shares.delivery,
          .reliability = shares.reliability,
          .code_clean = clean("code_generation"),
          .json_clean = clean("structured_output"),
          .tool_clean = clean("tool_use"),
          .debugging_pass = pass("debugging"),
          .tool_pass = pass("tool_use"),
          .rag_pass = pass("long_context_rag"),
          .forbidden_tool = flagged(summary, "forbidden_tool", {"tool_use"}),
          .invented_booking = flagged(summary, "invented_booking", {"edge_case_handling"}),
          .hallucinated = flagged(summary, "hallucinated",
                                  {"long_context_rag", "summarization", "recent_knowledge"})};
}

Readiness readiness_under(const Profile& profile, const Summary& summary) {
  const Units units = units_of(summary, profile.slo);
  Readiness out{.profile = std::string(profile.name)};
  if (units.empty()) return out;
  const double contract = summary.contract_share.value_or(1);
  std::vector<Unit> sums(units.size());
  std::vector<uint32_t> counts;
  for (size_t t = 0; t < units.size(); ++t) {
    for (const Unit& unit : units[t]) sums[t] += unit;
    counts.push_back(static_cast<uint32_t>(units[t].size()));
  }
  out.shares = shares_of(sums, contract);
  out.before_blockers = weighted_score(profile.weights, out.shares);
  out.blockers = blockers(profile, facts_of(summary, out.shares));
  const double most = cap(out.blockers.size());
  out.score.value = std::min(most, out.before_blockers);
  std::vector<Stratum> scores;
  for (const TestSummary& test : summary.tests)
    if (!test.scores.empty()) scores.push_back(test.scores);
  const auto interval = Resampler(counts).interval(
      out.before_blockers,
      [&](const Resampler::Picks& picks) {
        for (size_t t = 0; t < units.size(); ++t) {
          sums[t] = {};
          for (const uint32_t pick : picks[t]) sums[t] += units[t][pick];
        }
        return weighted_score(profile.weights, shares_of(sums, contract));
      },
      few_units_factor(scores));
  if (interval)
    out.score.ci =
        Interval{std::clamp(interval->low, 0.0, most), std::clamp(interval->high, 0.0, most)};
  return out;
}

}  // namespace

std::vector<Readiness> readiness_of(const Summary& summary) {
  std::vector<Readiness> out;
  for (const Profile& profile : profiles()) out.push_back(readiness_under(profile, summary));
  return out;
}

}  // namespace stride::gauntlet
