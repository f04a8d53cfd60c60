// SPDX-License-Identifier: Apache-2.0
#include "gauntlet/report_words.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <ctime>

#include "gauntlet/chart.h"

namespace stride::gauntlet {

std::string number(std::optional<double> value, int digits) {
  return value ? fmt::format("{:.{}f}", *value, digits) : std::string(kDash);
}

std::string percent(std::optional<double> share) {
  if (!share) return std::string(kDash);
  return *share > 0 && *share < 1 ? fmt::format("{:.1f} %", 100 * *share)
                                  : fmt::format("{:.0f} %", 100 * *share);
}

std::string percent(size_t part, size_t whole) {
  if (whole == 0) return std::string(kDash);
  return percent(static_cast<double>(part) / static_cast<double>(whole));
}

std::string duration(std::optional<double> seconds) {
  return seconds ? seconds_text(*seconds) : std::string(kDash);
}

std::string with_ci(const Estimate& estimate, int digits) {
  if (!estimate.ci) return number(estimate.value, digits);
  return fmt::format("{:.{}f} [{:.{}f}, {:.{}f}]", estimate.value, digits, estimate.ci->low, digits,
                     estimate.ci->high, digits);
}

std::string money(std::optional<double> dollars) {
  if (!dollars) return std::string(kDash);
  return *dollars != 0 && *dollars < 0.995 ? fmt::format("${:.2g}", *dollars)
                                           : fmt::format("${:.2f}", *dollars);
}

std::string date_text(double unix_seconds) {
  const auto seconds = static_cast<std::time_t>(unix_seconds);
  std::tm utc{};
  if (::gmtime_r(&seconds, &utc) == nullptr) return std::string(kDash);
  char text[32];
  const size_t n = std::strftime(text, sizeof text, "%Y-%m-%d %H:%M UTC", &utc);
  return {text, n};
}

std::string words_of(FailureClass failure) {
  std::string words(name(failure));
  std::ranges::replace(words, '_', ' ');
  return words;
}

std::string class_counts(const std::map<FailureClass, size_t>& classes) {
  std::string out;
  for (const auto& [failure, n] : classes)
    if (failure != FailureClass::ok)
      out += fmt::format("{}{} {}", out.empty() ? "" : ", ", n, words_of(failure));
  return out.empty() ? std::string(kDash) : out;
}

std::string subject(const Summary& summary) {
  return summary.run.model.empty() ? summary.endpoint.url : summary.run.model;
}

std::string budget_text(const Summary& summary) {
  const EndpointOptions& endpoint = summary.endpoint;
  return endpoint.shared_budget
             ? fmt::format("{} tokens shared by reasoning and answer", *endpoint.shared_budget)
             : fmt::format("{} tokens of reasoning, and the answer budget of each test",
                           endpoint.reasoning_budget);
}

std::string sampling_text(const EndpointOptions& options) {
  std::string out = options.sampling.name.empty() ? "as the endpoint does" : options.sampling.name;
  if (options.sampling.temperature)
    out += fmt::format(", temperature {}", *options.sampling.temperature);
  if (options.sampling.top_p) out += fmt::format(", top-p {}", *options.sampling.top_p);
  return out;
}

Fitness fitness(const Summary& summary) {
  Fitness out;
  for (const Readiness& readiness : summary.readiness) {
    const bool fit = readiness.blockers.empty() && readiness.score.value >= 6.95;
    std::string& list = fit ? out.fit_for : out.not_for;
    if (!fit && readiness.blockers.empty()) continue;
    list += fmt::format("{}{}", list.empty() ? "" : ", ", readiness.profile);
  }
  if (out.fit_for.empty()) out.fit_for = "none of the profiles";
  if (out.not_for.empty()) out.not_for = "no profile has a blocker";
  return out;
}

std::vector<std::string> caveats(const Summary& summary) {
  std::vector<std::string> out;
  if (summary.n_open > 0)
    out.push_back(fmt::format("{} cells are not finished; `stride gauntlet resume {}` goes on.",
                              summary.n_open, summary.run.id));
  if (!summary.run.note.empty()) out.push_back(fmt::format("Note: {}.", summary.run.note));
  if (summary.n_void > 0)
    out.push_back(
        fmt::format("{} cells are void: the harness itself failed on them.", summary.n_void));
  if (summary.n_unsupported > 0)
    out.push_back(fmt::format(
        "{} cells could not be graded on this machine and are left out (no interpreter or no "
        "isolation for generated code).",
        summary.n_unsupported));
  if (summary.plan.weak_sandbox)
    out.push_back("Generated code ran under weak isolation (--sandbox=rlimit).");
  if (summary.tests.size() < tests().size())
    out.push_back(
        fmt::format("Only {} of {} tests were asked; averages and readiness are of these alone.",
                    summary.tests.size(), tests().size()));
  if (!summary.average.ci && summary.n_graded > 0)
    out.push_back("One cell a test shows no spread, so there are no intervals.");
  if (summary.n_contended > 0)
    out.push_back(
        fmt::format("{} requests had others in flight beside them; their times are not "
                    "those of a quiet endpoint.",
                    summary.n_contended));
  if (!summary.contract_share)
    out.push_back("The contract battery did not run, so delivery counts the answers alone.");
  return out;
}

}  // namespace stride::gauntlet
