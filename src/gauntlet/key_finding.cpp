// SPDX-License-Identifier: Apache-2.0
// One sentence about a test, made from its classes and criteria and from nothing else.
#include <algorithm>
#include <map>

#include "gauntlet/summary.h"

namespace stride::gauntlet {
namespace {

std::string with_thousands(uint64_t n) {
  std::string digits = std::to_string(n);
  for (size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, ",");
  return digits;
}

struct Loss {
  double lost = 0, weight = 0;
  std::string evidence{};
};

// By criterion, how much of its weight was lost on average.
std::pair<std::string, Loss> largest_loss(std::span<const CellResult* const> cells) {
  std::map<std::string, Loss> losses;
  for (const CellResult* cell : cells)
    for (const Criterion& criterion : cell->cell.grade.criteria) {
      Loss& loss = losses[criterion.name];
      loss.lost += criterion.weight * (1 - criterion.value) / static_cast<double>(cells.size());
      loss.weight = std::max(loss.weight, criterion.weight);
      if (criterion.value < 1 && loss.evidence.empty()) loss.evidence = criterion.evidence;
    }
  const auto worst =
      std::ranges::max_element(losses, {}, [](const auto& entry) { return entry.second.lost; });
  if (worst == losses.end()) return {};
  return {worst->first, worst->second};
}

std::string describe_class(FailureClass failure, std::span<const CellResult* const> cells,
                           const EndpointOptions& endpoint) {
  for (const CellResult* cell : cells) {
    if (cell->cell.grade.failure != failure) continue;
    const AttemptRecord* last = last_attempt(*cell);
    if (last == nullptr) break;
    if (failure == FailureClass::truncated_in_reasoning) {
      const uint64_t at = last->attempt.usage.output.value_or(endpoint.shared_budget.value_or(0));
      return at == 0 ? "truncated inside reasoning"
                     : fmt::format("truncated inside reasoning at {} tokens", with_thousands(at));
    }
    if (!last->attempt.message.empty())
      return fmt::format("{}: {}", name(failure), last->attempt.message);
    break;
  }
  std::string words(name(failure));
  std::ranges::replace(words, '_', ' ');
  return words;
}

std::string count_of(size_t n, size_t n_cells) {
  if (n_cells == 1) return "";
  return n == n_cells ? fmt::format("all {}: ", n_cells) : fmt::format("{} of {}: ", n, n_cells);
}

}  // namespace

std::string key_finding(const TestSummary& test, std::span<const CellResult* const> cells,
                        const EndpointOptions& endpoint) {
  if (cells.empty()) return "not graded";
  if (test.n_clean == test.n_cells)
    return test.n_cells == 1 ? "clean" : fmt::format("all {} cells clean", test.n_cells);
  FailureClass worst = FailureClass::ok;
  size_t n_worst = 0;
  for (const auto& [failure, n] : test.classes)
    if (failure != FailureClass::ok && n > n_worst) {
      worst = failure;
      n_worst = n;
    }
  const auto n_recovered = static_cast<size_t>(std::ranges::count_if(
      cells, [&](const CellResult* cell) { return had_it_but_did_not_deliver(test, *cell); }));
  std::string text;
  if (n_worst > 0) text = count_of(n_worst, test.n_cells) + describe_class(worst, cells, endpoint);
  if (n_recovered > 0)
    text += fmt::format("{}correct answer present in reasoning{}", text.empty() ? "" : "; ",
                        test.n_cells == 1 ? "" : fmt::format(" ({}x)", n_recovered));
  const auto [criterion, loss] = largest_loss(cells);
  const bool graded = n_worst == 0 || worst == FailureClass::wrong ||
                      worst == FailureClass::constraint_miss || worst == FailureClass::unparseable;
  if (graded && loss.lost > 0) {
    text += fmt::format("{}loses most on {} ({:.2f} of {:.2f})", text.empty() ? "" : "; ",
                        criterion, loss.lost, loss.weight);
    if (!loss.evidence.empty()) text += fmt::format(": {}", loss.evidence);
  }
  return text.empty() ? "passes without being clean" : text;
}

}  // namespace stride::gauntlet
