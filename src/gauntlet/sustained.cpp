// SPDX-License-Identifier: Apache-2.0
#include "gauntlet/sustained.h"

#include <fmt/core.h>

#include <algorithm>

#include "gauntlet/load.h"
#include "gauntlet/readiness.h"

namespace stride::gauntlet {
namespace {

constexpr double kPublishedRate = 10;  // one every 100 ms
constexpr uint32_t kPublishedRequests = 5;

struct Step {
  std::string words{};
  Arrival arrival = Arrival::closed;
  double level = 0;
};

std::vector<Step> steps_of(const RunPlan& plan) {
  std::vector<Step> steps = {{"5 requests 100 ms apart", Arrival::spaced, kPublishedRate}};
  for (const double level : plan.load_levels)
    steps.push_back({fmt::format("{:g} clients", level), Arrival::closed, level});
  for (const double rate : plan.load_rates)
    steps.push_back({fmt::format("{:g} requests a second", rate), Arrival::poisson, rate});
  return steps;
}

LoadOptions options_of(const Step& step, const RunPlan& plan, const Slo& slo, bool warm_up) {
  LoadOptions options{.warm_up = warm_up, .seed = plan.seed, .slo = slo};
  options.ask.timeout_s *= plan.deadline_scale;
  if (step.arrival == Arrival::closed) {
    options.concurrency = {static_cast<uint32_t>(step.level)};
  } else if (step.arrival == Arrival::spaced) {
    options.spaced = {step.level};
    options.n_request = kPublishedRequests;
  } else {
    options.rates = {step.level};
  }
  return options;
}

}  // namespace

Result<RunOutcome> run_sustained(RunStore& store, int64_t run, const RunPlan& plan,
                                 const Endpoint& endpoint, RunListener& listener,
                                 std::stop_token stop) {
  const auto stored = STRIDE_TRY(store.load(run));
  const Profile profile = STRIDE_TRY(find_profile(plan.profile));
  bool warm_up = true;
  for (const Step& step : steps_of(plan)) {
    const bool there = std::ranges::any_of(stored, [&](const LoadRow& row) {
      return row.mode == name(step.arrival) && row.level == step.level;
    });
    if (there) continue;
    listener.on_note(fmt::format("sustained: {}", step.words));
    const LoadReport report =
        run_load(endpoint, options_of(step, plan, profile.slo, warm_up), stop);
    warm_up = false;
    if (stop.stop_requested()) return RunOutcome{RunEnd::stopped, "interrupted"};
    for (const LoadPoint& point : report.points)
      STRIDE_TRY(
          store.put_load(run, {std::string(name(point.arrival)), point.level, to_json(point)}));
    if (!report.complete) {
      // Above what the endpoint bears there is nothing to measure: the ladder ends here.
      listener.on_note(fmt::format("sustained: {}", report.message));
      break;
    }
  }
  return RunOutcome{};
}

}  // namespace stride::gauntlet
