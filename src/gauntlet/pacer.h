// SPDX-License-Identifier: Apache-2.0
// The gate before the endpoint that the workers of a run share: it admits as many requests as the
// limit and the buckets allow, and tells afterwards whether a request had company.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>

#include "gauntlet/pace.h"
#include "gauntlet/plan.h"

namespace stride::gauntlet {

// Time as a run sees it, so that tests need not wait.
struct Clock {
  std::function<double()> now{};  // Unix seconds
  // False where the stop was asked for before the time was over.
  std::function<bool(double seconds, std::stop_token stop)> sleep{};
};
Clock real_clock();

class Pacer {
 public:
  Pacer(const RunPlan& plan, Clock clock);

  struct Ticket {
    uint64_t n_started = 0;  // requests admitted up to this one
    bool alone = true;
    double tokens = 0;
  };

  // Waits until a request may be sent; nothing where the stop came first. Every ticket must be
  // handed to release().
  std::optional<Ticket> acquire(double expected_tokens, std::stop_token stop);
  // True where other requests were in flight at the same time.
  bool release(const Ticket& ticket, const Attempt& attempt);

 private:
  Clock clock_;
  std::mutex mutex_{};
  std::condition_variable_any freed_{};
  AdaptiveLimit limit_;
  bool adaptive_;
  std::optional<TokenBucket> requests_{}, tokens_{};
  uint32_t n_in_flight_ = 0;
  uint64_t n_started_ = 0;
};

}  // namespace stride::gauntlet
