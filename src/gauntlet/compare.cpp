// SPDX-License-Identifier: Apache-2.0
#include "gauntlet/compare.h"

#include <map>

namespace stride::gauntlet {
namespace {

// The scores of a test by variant and repeat.
using Scores = std::map<uint32_t, std::map<uint32_t, double>>;

Scores scores_of(const Summary& summary, std::string_view test) {
  Scores scores;
  for (const CellResult& cell : summary.cells)
    if (cell.cell.key.test == test)
      scores[cell.cell.key.variant][cell.cell.key.repeat] = cell.cell.grade.score;
  return scores;
}

double mean_score(const std::map<uint32_t, double>& repeats) {
  double sum = 0;
  for (const auto& [repeat, score] : repeats) sum += score;
  return sum / static_cast<double>(repeats.size());
}

struct Paired {
  Stratum by_variant{};         // differences of the means: what the interval is of
  std::vector<double> cells{};  // differences of cells that both have: what the signs are of
  double a = 0, b = 0;          // means over the variants
};

Paired pair_up(const Scores& a, const Scores& b) {
  Paired paired;
  std::vector<double> repeats;
  for (const auto& [variant, of_a] : a) {
    const auto found = b.find(variant);
    if (found == b.end()) continue;
    const auto& of_b = found->second;
    paired.a += mean_score(of_a);
    paired.b += mean_score(of_b);
    paired.by_variant.push_back({mean_score(of_a) - mean_score(of_b)});
    repeats.clear();
    for (const auto& [repeat, score] : of_a)
      if (const auto other = of_b.find(repeat); other != of_b.end())
        repeats.push_back(score - other->second);
    paired.cells.insert(paired.cells.end(), repeats.begin(), repeats.end());
  }
  const auto n = static_cast<double>(paired.by_variant.size());
  if (n > 0) {
    paired.a /= n;
    paired.b /= n;
  }
  // Of a single variant only the repeats show a spread.
  if (paired.by_variant.size() == 1 && repeats.size() > 1) paired.by_variant = {repeats};
  return paired;
}

double clean_rate(const TestSummary& test) {
  return test.n_cells == 0 ? 0
                           : static_cast<double>(test.n_clean) / static_cast<double>(test.n_cells);
}

Result<> check_same_questions(const Summary& a, const Summary& b) {
  if (a.run.pack != b.run.pack || a.run.pack_sha != b.run.pack_sha)
    return fail(Errc::invalid_argument,
                "run {} asked {} ({}) and run {} asked {} ({}): not the same questions", a.run.id,
                a.run.pack, a.run.pack_sha.substr(0, 8), b.run.id, b.run.pack,
                b.run.pack_sha.substr(0, 8));
  if (a.plan.fresh_seed != b.plan.fresh_seed)
    return fail(Errc::invalid_argument,
                "runs {} and {} drew their variants from other seeds: not the same questions",
                a.run.id, b.run.id);
  return {};
}

}  // namespace

std::string label(const Summary& summary) {
  return fmt::format("{} (run {})",
                     summary.run.model.empty() ? summary.endpoint.url : summary.run.model,
                     summary.run.id);
}

Result<Comparison> compare(const Summary& a, const Summary& b) {
  STRIDE_TRY(check_same_questions(a, b));
  Comparison out;
  std::vector<Stratum> strata;
  std::vector<std::vector<double>> cells;
  std::vector<double> p;
  for (const TestSummary& test : a.tests) {
    const TestSummary* other = find(b, test.id);
    if (other == nullptr) continue;
    Paired paired = pair_up(scores_of(a, test.id), scores_of(b, test.id));
    if (paired.by_variant.empty()) continue;
    TestComparison row{.id = test.id,
                       .title = test.title,
                       .a = paired.a,
                       .b = paired.b,
                       .a_clean = clean_rate(test),
                       .b_clean = clean_rate(*other),
                       .difference = bootstrap_mean(std::span(&paired.by_variant, 1)),
                       .p = sign_flip_p(std::span(&paired.cells, 1)),
                       .n_pairs = paired.cells.size()};
    out.a += row.a;
    out.b += row.b;
    out.n_pairs += row.n_pairs;
    p.push_back(row.p);
    out.tests.push_back(std::move(row));
    strata.push_back(std::move(paired.by_variant));
    cells.push_back(std::move(paired.cells));
  }
  if (out.tests.empty())
    return fail(Errc::invalid_argument, "runs {} and {} have no finished cell in common", a.run.id,
                b.run.id);
  const auto n = static_cast<double>(out.tests.size());
  out.a /= n;
  out.b /= n;
  out.difference = bootstrap_mean(strata);
  out.p = sign_flip_p(cells);
  out.verdict = verdict(out.difference, out.p);
  const std::vector<double> adjusted = holm(p);
  for (size_t i = 0; i < out.tests.size(); ++i) {
    out.tests[i].p_adjusted = adjusted[i];
    out.tests[i].verdict = verdict(out.tests[i].difference, adjusted[i]);
  }
  return out;
}

}  // namespace stride::gauntlet
