// SPDX-License-Identifier: Apache-2.0
#include "engine/depth_policy.h"

#include <algorithm>

namespace stride::engine {

namespace {

constexpr double kFirstGuess = 0.6;   // acceptance of a head before it has been seen
constexpr uint32_t kGuessWeight = 2;  // as much as so many observations
constexpr double kForget = 1.0 / 8;   // weight of the newest observation, once there are enough
constexpr double kShorter = 1.0 / 2;  // of a shorter time
constexpr double kProbeShare = 0.01;  // of the time
constexpr uint64_t kProbeAge = 16;    // steps after which a measure is old

double weight(uint32_t n_before) {
  return std::max(kForget, 1.0 / (n_before + 1));
}

}  // namespace

DepthPolicy::DepthPolicy(uint32_t max_depth)
    : heads_(max_depth, Head{kFirstGuess}), depths_(max_depth + 1) {}

double DepthPolicy::tokens(uint32_t depth) const {
  double sum = 1, chain = 1;
  for (uint32_t k = 0; k < depth; ++k) {
    chain *= heads_[k].acceptance;
    sum += chain;
  }
  return sum;
}

// No depth takes longer than a deeper one, whatever a disturbed measure says. One that is not known
// costs as much more than the one before it as that one did, and one draft, it is hoped, nothing.
double DepthPolicy::seconds(uint32_t depth) const {
  const uint32_t known = std::min(depth, n_known_ - 1);
  double least = depths_[known].seconds;
  for (uint32_t d = known + 1; d < n_known_; ++d) least = std::min(least, depths_[d].seconds);
  return known == 0 || known == depth ? least
                                      : least + (depth - known) * (least - seconds(known - 1));
}

uint32_t DepthPolicy::best(uint32_t limit) const {
  uint32_t out = 0;
  for (uint32_t d = 1; d <= limit; ++d) {
    if (rate(d) > rate(out)) out = d;
  }
  return out;
}

// What a step of this length at this depth costs more than its tokens would at the best one.
double DepthPolicy::lost(uint32_t depth, double seconds) const {
  if (n_known_ == 0) return 0;
  return std::max(0.0, seconds - tokens(depth) / rate(best(n_known_ - 1)));
}

uint32_t DepthPolicy::choose(uint32_t limit) const {
  if (n_known_ == 0) return 0;
  limit = std::min<uint32_t>(limit, static_cast<uint32_t>(heads_.size()));
  const uint32_t usual = best(std::min(limit, n_known_));
  uint32_t oldest = usual;
  for (uint32_t d = 0; d <= std::min(limit, n_known_ - 1); ++d) {
    const bool old = n_step_ - depths_[d].last_step >= kProbeAge;
    if (old && d != usual && depths_[d].last_step < depths_[oldest].last_step) oldest = d;
  }
  return lost(oldest, seconds(oldest)) <= allowance_ ? oldest : usual;
}

uint32_t DepthPolicy::choose_in_company(uint32_t limit) {
  constexpr double kWorthwhile = 0.7;
  constexpr uint32_t kRetry = 64;  // steps after which one draft finds out what has changed
  double likely = 1;
  uint32_t depth = 0;
  while (depth < std::min<size_t>(limit, heads_.size())) {
    likely *= heads_[depth].acceptance;
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

void DepthPolicy::saw_step(uint32_t depth, double seconds) {
  Depth& d = depths_[depth];
  ++n_step_;
  d.last_step = n_step_;
  // Disturbances only ever make a step longer, so a shorter one counts for more.
  if (d.n_seen == 0) {
    d.seconds = seconds;
  } else {
    d.seconds = this->seconds(depth);
    const double change = std::min(seconds, 2 * d.seconds) - d.seconds;
    d.seconds += (change < 0 ? kShorter : weight(d.n_seen)) * change;
  }
  ++d.n_seen;
  while (n_known_ < depths_.size() && depths_[n_known_].n_seen > 0) ++n_known_;
  spend(depth, this->seconds(depth));
}

void DepthPolicy::spend(uint32_t depth, double seconds) {
  allowance_ += kProbeShare * seconds - lost(depth, seconds);
}

void DepthPolicy::saw_drafts(uint32_t n_draft, uint32_t n_accepted) {
  for (uint32_t k = 0; k < std::min(n_draft, n_accepted + 1); ++k) {
    Head& head = heads_[k];
    const double right = k < n_accepted ? 1 : 0;
    head.acceptance += weight(head.n_seen + kGuessWeight) * (right - head.acceptance);
    ++head.n_seen;
  }
}

}  // namespace stride::engine
