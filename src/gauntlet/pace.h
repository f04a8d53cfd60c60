// SPDX-License-Identifier: Apache-2.0
// How fast an endpoint is asked: how many requests at once, how many requests and tokens a minute,
// and how long to wait before asking again. Nothing here reads a clock: times are seconds that the
// caller hands in.
#pragma once

#include <cstdint>
#include <optional>

#include "gauntlet/attempt.h"
#include "gauntlet/pcg64.h"

namespace stride::gauntlet {

// A bucket that fills with `per_minute` and holds at most ten seconds of it (one at least), so that
// a minute's worth is not sent in its first second.
class TokenBucket {
 public:
  explicit TokenBucket(double per_minute);

  // Takes `amount` and returns how many seconds to wait before using it: the bucket may go below
  // zero, so that those who come later wait longer.
  double take(double now, double amount);
  // What was taken too much, or negative for too little.
  void give(double amount) { level_ += amount; }

 private:
  double per_second_, capacity_, level_;
  std::optional<double> last_{};
};

// Grows by one for every `limit` successes and shrinks to 0.8 on a 429, but at most once in 15
// seconds: the answers to requests that were already in flight tell nothing new. 5xx never
// shrinks it.
class AdaptiveLimit {
 public:
  AdaptiveLimit(uint32_t start, uint32_t most) : limit_(start), most_(most) {}

  uint32_t limit() const { return static_cast<uint32_t>(limit_); }
  void on_success(double now);
  void on_rate_limited(double now);

 private:
  bool cooling(double now) const;

  double limit_;
  double most_;
  std::optional<double> last_cut_{};
};

inline constexpr uint32_t kMaxRetries = 4;
// An endpoint that asks for more patience than this is not asked again for the cell.
inline constexpr double kMaxRetryAfter = 600;

// Only the transport is tried again (no connection, 429, 5xx, a stream cut before its first
// token), never an answer that is wrong.
bool may_retry(const Attempt& attempt);

// Seconds before the next try after `n_failed` (from 1) failures, with full jitter: uniform in
// [0, min(60, 2^(n-1))), and at least what Retry-After says. Nothing: no more tries.
std::optional<double> retry_delay(uint32_t n_failed, const Attempt& attempt, Pcg64& random);

// True for failures of the way to the model rather than of its answer.
bool is_transport(FailureClass failure);

}  // namespace stride::gauntlet
