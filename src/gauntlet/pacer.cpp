// SPDX-License-Identifier: Apache-2.0
#include "gauntlet/pacer.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace stride::gauntlet {
namespace {

constexpr uint32_t kAdaptiveStart = 2;

bool sleep_for(double seconds, std::stop_token stop) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  return !never.wait_for(lock, stop, std::chrono::duration<double>(seconds),
                         [&] { return stop.stop_requested(); });
}

}  // namespace

Clock real_clock() {
  return {
      [] {
        return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch())
            .count();
      },
      sleep_for};
}

Pacer::Pacer(const RunPlan& plan, Clock clock)
    : clock_(std::move(clock)),
      limit_(plan.adaptive ? std::min(kAdaptiveStart, plan.concurrency) : plan.concurrency,
             plan.concurrency),
      adaptive_(plan.adaptive) {
  if (plan.rpm) requests_.emplace(*plan.rpm);
  if (plan.tpm) tokens_.emplace(*plan.tpm);
}

std::optional<Pacer::Ticket> Pacer::acquire(double expected_tokens, std::stop_token stop) {
  Ticket ticket{.tokens = expected_tokens};
  double wait = 0;
  {
    std::unique_lock lock(mutex_);
    if (!freed_.wait(lock, stop, [&] { return n_in_flight_ < limit_.limit(); }))
      return std::nullopt;
    ticket.alone = n_in_flight_++ == 0;
    ticket.n_started = ++n_started_;
    const double now = clock_.now();
    if (requests_) wait = requests_->take(now, 1);
    if (tokens_) wait = std::max(wait, tokens_->take(now, expected_tokens));
  }
  if (wait <= 0 || clock_.sleep(wait, stop)) return ticket;
  {
    const std::lock_guard lock(mutex_);
    --n_in_flight_;
  }
  freed_.notify_one();
  return std::nullopt;
}

bool Pacer::release(const Ticket& ticket, const Attempt& attempt) {
  bool contended = false;
  {
    const std::lock_guard lock(mutex_);
    --n_in_flight_;
    contended = !ticket.alone || n_started_ != ticket.n_started;
    if (tokens_ && attempt.usage.output)
      tokens_->give(ticket.tokens -
                    static_cast<double>(*attempt.usage.output + attempt.usage.input.value_or(0)));
    if (adaptive_ && attempt.failure == FailureClass::rate_limited)
      limit_.on_rate_limited(clock_.now());
    if (adaptive_ && !is_transport(attempt.failure)) limit_.on_success(clock_.now());
  }
  freed_.notify_all();
  return contended;
}

}  // namespace stride::gauntlet
