// SPDX-License-Identifier: Apache-2.0
#include "engine/depth_policy.h"

#include <algorithm>

namespace stride::engine {

namespace {

using Mean = DraftExperience::Mean;

constexpr double kFirstGuess = 0.8;      // acceptance of a head before it has been seen
constexpr uint32_t kGuessWeight = 4;     // of what was guessed, as much as so many observations
constexpr double kForget = 1.0 / 8;      // weight of the newest observation, once there are enough
constexpr double kForgetAll = 1.0 / 64;  // the same of what all sessions learn
constexpr double kForgetCost = 1.0 / 16;
constexpr double kFarShorter = 0.8;    // of the expected time: what was expected was a disturbance
constexpr double kLonger = 1.25;       // times the expected time: longer ones count as so long
constexpr double kProbeShare = 0.005;  // of the time
constexpr double kFirstAllowance = 0.5;        // steps
constexpr double kForgetCatchUp = 1.0 / 4096;  // what a step without drafts leaves of it
constexpr uint32_t kProbeAge = 16;             // steps after which a measure is old

void update(Mean& mean, double value, double least_weight, uint32_t n_guess = 0) {
  mean.value += std::max(least_weight, 1.0 / (mean.n_seen + n_guess + 1)) * (value - mean.value);
  ++mean.n_seen;
}

}  // namespace

DraftExperience::DraftExperience(uint32_t max_depth)
    : acceptance(max_depth, Mean{kFirstGuess}), cost(max_depth + 1), allowance(kFirstAllowance) {
  cost[0] = {1, 1};
}

DepthPolicy::DepthPolicy(uint32_t max_depth, std::shared_ptr<DraftExperience> experience)
    : experience_(experience ? std::move(experience)
                             : std::make_shared<DraftExperience>(max_depth)),
      depths_(max_depth + 1) {
  for (const Mean& mean : experience_->acceptance) heads_.push_back({mean.value, 0});
}

// Depths that have been measured: the first ones.
uint32_t DepthPolicy::n_known() const {
  const auto& cost = experience_->cost;
  const auto unknown = std::ranges::find(cost, 0U, &Mean::n_seen);
  return static_cast<uint32_t>(unknown - cost.begin());
}

double DepthPolicy::tokens(uint32_t depth) const {
  double sum = 1, chain = 1;
  for (uint32_t k = 0; k < depth; ++k) {
    chain *= heads_[k].value;
    sum += chain;
  }
  return sum;
}

// No depth takes longer than a deeper one, whatever a disturbed measure says. One that is not known
// costs as much more than the one before it as that one did, and one draft, it is hoped, nothing.
double DepthPolicy::cost(uint32_t depth) const {
  const uint32_t known = n_known();
  const uint32_t from = std::min(depth, known - 1);
  double least = experience_->cost[from].value;
  for (uint32_t d = from + 1; d < known; ++d) least = std::min(least, experience_->cost[d].value);
  return from == 0 || from == depth ? least : least + (depth - from) * (least - cost(from - 1));
}

double DepthPolicy::rate(uint32_t depth) const {
  return tokens(depth) / (cost(depth) + (depth > 0 ? experience_->catch_up.value : 0));
}

uint32_t DepthPolicy::best(uint32_t limit) const {
  uint32_t out = 0;
  for (uint32_t d = 1; d <= limit; ++d) {
    if (rate(d) > rate(out)) out = d;
  }
  return out;
}

// What a step of this cost at this depth takes more than its tokens would at the best one.
double DepthPolicy::lost(uint32_t depth, double cost) const {
  return std::max(0.0, cost - tokens(depth) / rate(best(n_known() - 1)));
}

// A depth that this text has seen little of is looked at again soon.
bool DepthPolicy::is_old(uint32_t depth) const {
  const Depth& d = depths_[depth];
  return n_step_ - d.last_step >= std::min(kProbeAge, d.n_step + 1);
}

uint32_t DepthPolicy::choose(uint32_t limit) const {
  if (step_seconds_ == 0) return 0;
  limit = std::min<uint32_t>(limit, static_cast<uint32_t>(heads_.size()));
  const uint32_t known = n_known();
  const uint32_t usual = best(std::min(limit, known));
  uint32_t oldest = usual;
  for (uint32_t d = 0; d <= std::min({limit, known - 1, usual + 1}); ++d) {
    if (d != usual && is_old(d) && depths_[d].last_step < depths_[oldest].last_step) oldest = d;
  }
  return lost(oldest, cost(oldest)) <= experience_->allowance ? oldest : usual;
}

uint32_t DepthPolicy::choose_in_company(uint32_t limit) {
  constexpr double kWorthwhile = 0.7;
  constexpr uint32_t kRetry = 64;  // steps after which one draft finds out what has changed
  double likely = 1;
  uint32_t depth = 0;
  while (depth < std::min<size_t>(limit, heads_.size())) {
    likely *= heads_[depth].value;
    if (likely < kWorthwhile) break;
    ++depth;
  }
  if (depth > 0 || limit == 0) {
    n_without_ = 0;
  } else if (++n_without_ >= kRetry) {
    n_without_ = 0;
    return 1;
  }
  return depth;
}

void DepthPolicy::count(uint32_t depth) {
  ++n_step_;
  ++depths_[depth].n_step;
  depths_[depth].last_step = n_step_;
  last_depth_ = depth;
}

void DepthPolicy::saw_step(uint32_t depth, double seconds) {
  if (seconds > 0) learn(depth, seconds);
  spread_catch_up(depth, 0);
  count(depth);
  spend(depth, cost(depth));
}

// Steps of one depth tell how fast the machine is at the moment. Where the depth changes, so that
// two of them stand side by side, what is unexpected is the cost of the deeper one.
void DepthPolicy::learn(uint32_t depth, double seconds) {
  Mean& known = experience_->cost[depth];
  if (step_seconds_ == 0) step_seconds_ = seconds / (known.n_seen > 0 ? cost(depth) : 1);
  const double ratio = seconds / step_seconds_;
  if (known.n_seen == 0) {
    known = {std::max(1.0, ratio), 1};
    return;
  }
  const double expected = cost(depth);
  if (depth > last_depth_) {
    known.value = expected;
    update(known, std::clamp(ratio, 1.0, kLonger * expected), kForgetCost);
    return;
  }
  if (depth < last_depth_) {
    Mean& before = experience_->cost[last_depth_];
    const double cost_before = cost(last_depth_);
    before.value = cost_before;
    update(before, std::clamp(cost_before * expected / ratio, 1.0, kLonger * cost_before),
           kForgetCost);
  }
  const bool disturbed = ratio < kFarShorter * expected;
  step_seconds_ *= 1 + (disturbed ? 0.5 : kForget) * (std::min(ratio / expected, kLonger) - 1);
}

void DepthPolicy::saw_catch_up(uint32_t depth, double seconds) {
  if (step_seconds_ > 0) {
    spread_catch_up(depth, std::max(0.0, seconds / step_seconds_ - cost(depth)));
    spend(depth, seconds / step_seconds_);
  }
  count(depth);
}

// Trials of other depths do not count. While nothing is drafted the figure fades, so that drafts
// come back some time after answers have become longer.
void DepthPolicy::spread_catch_up(uint32_t depth, double steps) {
  Mean& mean = experience_->catch_up;
  if (depth == 0) {
    mean.value *= 1 - kForgetCatchUp;
  } else if (depth == best(n_known() - 1)) {
    update(mean, steps, kForgetAll);
  }
}

void DepthPolicy::spend(uint32_t depth, double cost) {
  experience_->allowance += kProbeShare * cost - lost(depth, cost);
}

void DepthPolicy::saw_drafts(uint32_t n_draft, uint32_t n_accepted) {
  for (uint32_t k = 0; k < std::min(n_draft, n_accepted + 1); ++k) {
    const double right = k < n_accepted ? 1 : 0;
    update(heads_[k], right, kForget, kGuessWeight);
    update(experience_->acceptance[k], right, kForgetAll, kGuessWeight);
  }
}

}  // namespace stride::engine
