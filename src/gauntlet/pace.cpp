// SPDX-License-Identifier: Apache-2.0
#include "gauntlet/pace.h"

#include <algorithm>
#include <cmath>

namespace stride::gauntlet {
namespace {

constexpr double kBucketSeconds = 10;
constexpr double kShrink = 0.8, kCooldownSeconds = 15;
constexpr double kBackoffBase = 1, kBackoffCap = 60;

}  // namespace

TokenBucket::TokenBucket(double per_minute)
    : per_second_(per_minute / 60),
      capacity_(std::max(1.0, per_second_ * kBucketSeconds)),
      level_(capacity_) {}

double TokenBucket::take(double now, double amount) {
  if (last_) level_ = std::min(capacity_, level_ + std::max(0.0, now - *last_) * per_second_);
  last_ = now;
  level_ -= amount;
  // One that is larger than the bucket waits until the bucket would be full.
  const double missing = -level_ - std::max(0.0, amount - capacity_);
  return std::max(0.0, missing / per_second_);
}

bool AdaptiveLimit::cooling(double now) const {
  return last_cut_ && now - *last_cut_ < kCooldownSeconds;
}

void AdaptiveLimit::on_success(double now) {
  if (!cooling(now)) limit_ = std::min(most_, limit_ + 1 / std::floor(limit_));
}

void AdaptiveLimit::on_rate_limited(double now) {
  if (cooling(now)) return;
  limit_ = std::max(1.0, limit_ * kShrink);
  last_cut_ = now;
}

bool may_retry(const Attempt& attempt) {
  switch (attempt.failure) {
    case FailureClass::connect_timeout:
    case FailureClass::rate_limited:
    case FailureClass::http_5xx:
      return true;
    case FailureClass::stream_cut:
      return !attempt.timing.ttft;
    default:
      return false;
  }
}

std::optional<double> retry_delay(uint32_t n_failed, const Attempt& attempt, Pcg64& random) {
  if (!may_retry(attempt) || n_failed == 0 || n_failed > kMaxRetries) return std::nullopt;
  const double asked = attempt.retry_after_s.value_or(0);
  if (!(asked <= kMaxRetryAfter)) return std::nullopt;
  const double ceiling = std::min(kBackoffCap, kBackoffBase * std::exp2(n_failed - 1));
  return std::max(random.uniform() * ceiling, asked);
}

bool is_transport(FailureClass failure) {
  switch (failure) {
    case FailureClass::http_4xx:
    case FailureClass::rate_limited:
    case FailureClass::http_5xx:
    case FailureClass::connect_timeout:
    case FailureClass::first_event_timeout:
    case FailureClass::idle_timeout:
    case FailureClass::total_timeout:
    case FailureClass::stream_cut:
    case FailureClass::protocol_error:
      return true;
    default:
      return false;
  }
}

}  // namespace stride::gauntlet
