// SPDX-License-Identifier: Apache-2.0
#include "gauntlet/load.h"

#include <fmt/core.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <mutex>
#include <numeric>
#include <thread>

#include "base/random.h"
#include "gauntlet/load_questions.h"

namespace stride::gauntlet {
namespace {

using Clock = std::chrono::steady_clock;

double quantile(const std::vector<double>& sorted, double p) {
  const double at = p * static_cast<double>(sorted.size() - 1);
  const auto low = static_cast<size_t>(at);
  const size_t high = std::min(low + 1, sorted.size() - 1);
  return sorted[low] + (at - static_cast<double>(low)) * (sorted[high] - sorted[low]);
}

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// The samples of one level, filled by its workers.
struct Samples {
  std::vector<double> ttft{}, ttfa{}, total{}, tpot{}, itl{}, itl_norm{}, late{};

  void add(const Attempt& attempt) {
    const Timing& timing = attempt.timing;
    if (timing.ttft) ttft.push_back(*timing.ttft);
    if (timing.ttfa) ttfa.push_back(*timing.ttfa);
    total.push_back(timing.total);
    const uint64_t n = attempt.usage.output.value_or(0);
    if (timing.ttft && timing.last_token && n > 1)
      tpot.push_back((*timing.last_token - *timing.ttft) / static_cast<double>(n - 1));
    itl.insert(itl.end(), timing.itl.begin(), timing.itl.end());
    itl_norm.insert(itl_norm.end(), timing.itl_norm.begin(), timing.itl_norm.end());
  }
};

// One level: workers take the requests in their order, wait for their time and send them.
class Level {
 public:
  Level(const Endpoint& endpoint, const LoadOptions& options, LoadPoint& point, uint64_t first)
      : endpoint_(endpoint), options_(options), point_(point), first_(first) {
    plan();
  }

  void run(const std::stop_token& stop) {
    begin_ = Clock::now();
    const uint64_t n_worker = point_.arrival == Arrival::closed
                                  ? static_cast<uint64_t>(point_.level)
                                  : std::min<uint64_t>(point_.n_request, options_.max_in_flight);
    {
      std::vector<std::jthread> workers;
      for (uint64_t i = 0; i < n_worker; ++i) workers.emplace_back([&] { work(stop); });
    }
    point_.wall_s = seconds_since(begin_);
    point_.n_request = n_done_;
    point_.ttft = spread_of(std::move(samples_.ttft));
    point_.ttfa = spread_of(std::move(samples_.ttfa));
    point_.total = spread_of(std::move(samples_.total));
    point_.tpot = spread_of(std::move(samples_.tpot));
    point_.itl = spread_of(std::move(samples_.itl));
    point_.itl_norm = spread_of(std::move(samples_.itl_norm));
    point_.late = spread_of(std::move(samples_.late));
  }

 private:
  // The intended starts of an open loop, drawn before the first request is sent.
  void plan() {
    if (point_.arrival == Arrival::closed) return;
    Random random(options_.seed + first_);
    double t = 0;
    for (size_t i = 0; i < point_.n_request; ++i) {
      starts_.push_back(t);
      t += (point_.arrival == Arrival::spaced ? 1 : -std::log(1 - random.uniform())) / point_.level;
    }
  }

  void work(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      const size_t i = next_++;
      if (i >= point_.n_request) return;
      auto start = Clock::now();
      if (!starts_.empty()) {
        const auto intended = begin_ + std::chrono::duration_cast<Clock::duration>(
                                           std::chrono::duration<double>(starts_[i]));
        if (!wait_until(intended, stop)) return;
        start = intended;
      }
      const double late = seconds_since(start);
      const LoadQuestion question =
          load_question(options_.seed, first_ + i, options_.prompt_words, is_probe(i));
      Attempt attempt = endpoint_.ask(question.question, options_.ask, stop);
      if (attempt.cancelled) return;
      shift(attempt.timing, seconds_since(start) - attempt.timing.total);
      record(attempt, question, late);
    }
  }

  bool is_probe(size_t i) const {
    return options_.probe_every > 0 && i % options_.probe_every == 0;
  }

  static bool wait_until(Clock::time_point until, const std::stop_token& stop) {
    std::mutex mutex;
    std::condition_variable_any ended;
    std::unique_lock lock(mutex);
    ended.wait_until(lock, stop, until, [] { return false; });
    return !stop.stop_requested();
  }

  // From the start that counts instead of t0: waiting for a free place and for a connection is part
  // of what a user sees.
  static void shift(Timing& timing, double by) {
    for (auto* t : {&timing.ttfb, &timing.ttfe, &timing.ttft, &timing.ttfr, &timing.ttfa,
                    &timing.last_answer, &timing.last_token})
      if (*t) **t += by;
    timing.total += by;
  }

  void record(const Attempt& attempt, const LoadQuestion& question, double late) {
    const std::scoped_lock lock(mutex_);
    ++n_done_;
    ++point_.classes[attempt.failure];
    point_.n_output_token += attempt.usage.output.value_or(0);
    point_.estimated |= attempt.usage.source == TokenSource::estimate;
    if (!starts_.empty()) samples_.late.push_back(late);
    if (is_delivered(attempt)) {
      ++point_.n_delivered;
      point_.n_good += meets(options_.slo, attempt);
      samples_.add(attempt);
    }
    if (!question.expected.empty()) {
      ++point_.n_probe;
      point_.n_probe_right += attempt.answer.contains(question.expected);
    }
    if (!options_.on_progress) return;
    options_.on_progress({.arrival = point_.arrival,
                          .level = point_.level,
                          .n_done = n_done_,
                          .n_request = point_.n_request,
                          .n_delivered = point_.n_delivered,
                          .n_output_token = point_.n_output_token,
                          .elapsed_s = seconds_since(begin_),
                          .last_ttft_s = attempt.timing.ttft.value_or(0)});
  }

  const Endpoint& endpoint_;
  const LoadOptions& options_;
  LoadPoint& point_;
  uint64_t first_;  // number of the first request, so that no two levels ask the same
  std::vector<double> starts_{};
  Clock::time_point begin_{};
  std::atomic<size_t> next_{0};
  std::mutex mutex_{};
  size_t n_done_ = 0;
  Samples samples_{};
};

std::vector<LoadPoint> levels_of(const LoadOptions& options) {
  std::vector<LoadPoint> points;
  const auto add = [&](Arrival arrival, double level, uint32_t n_default) {
    points.push_back({.arrival = arrival,
                      .level = level,
                      .n_request = options.n_request > 0 ? options.n_request : n_default});
  };
  for (const uint32_t n : options.concurrency) add(Arrival::closed, n, std::max(20U, 4 * n));
  for (const double rate : options.spaced) add(Arrival::spaced, rate, 5);
  for (const double rate : options.rates)
    add(Arrival::poisson, rate, std::max(20U, static_cast<uint32_t>(std::min(rate * 30, 1e5))));
  return points;
}

}  // namespace

std::optional<Spread> spread_of(std::vector<double> values) {
  if (values.empty()) return std::nullopt;
  std::sort(values.begin(), values.end());
  Spread spread{.n = values.size(),
                .mean = std::accumulate(values.begin(), values.end(), 0.0) /
                        static_cast<double>(values.size()),
                .p50 = quantile(values, 0.5),
                .p90 = quantile(values, 0.9),
                .max = values.back()};
  if (values.size() >= 20) spread.p95 = quantile(values, 0.95);
  if (values.size() >= 100) spread.p99 = quantile(values, 0.99);
  return spread;
}

bool is_delivered(const Attempt& attempt) {
  return attempt.failure == FailureClass::ok ||
         attempt.failure == FailureClass::truncated_in_answer;
}

bool meets(const Slo& slo, const Attempt& attempt) {
  const Timing& timing = attempt.timing;
  // What was not seen cannot be said to be in time.
  const auto within = [](std::optional<double> goal, std::optional<double> seen) {
    return !goal || (seen && *seen <= *goal);
  };
  std::optional<double> gap = 0;
  if (!timing.itl_norm.empty()) {
    std::vector<double> gaps = timing.itl_norm;
    std::sort(gaps.begin(), gaps.end());
    gap = quantile(gaps, 0.95);
  }
  return is_delivered(attempt) && within(slo.ttft, timing.ttft) && within(slo.ttfa, timing.ttfa) &&
         within(slo.total, timing.total) && within(slo.itl_norm_p95, gap);
}

std::string_view name(Arrival arrival) {
  switch (arrival) {
    case Arrival::closed:
      return "closed";
    case Arrival::poisson:
      return "poisson";
    case Arrival::spaced:
      return "spaced";
  }
  return {};
}

LoadReport run_load(const Endpoint& endpoint, const LoadOptions& options, std::stop_token stop) {
  LoadReport report{.slo = options.slo};
  uint64_t n_asked = 0;
  if (options.warm_up) {
    const LoadQuestion first = load_question(options.seed, n_asked++, options.prompt_words, false);
    endpoint.ask(first.question, options.ask, stop);
  }
  for (LoadPoint& planned : levels_of(options)) {
    if (stop.stop_requested()) break;
    const size_t n_planned = planned.n_request;
    LoadPoint& point = report.points.emplace_back(std::move(planned));
    Level(endpoint, options, point, n_asked).run(stop);
    n_asked += n_planned;
    if (point.n_delivered == 0 && !stop.stop_requested()) {
      report.complete = false;
      report.message = fmt::format("nothing was delivered at the level {} {:g}; given up",
                                   name(point.arrival), point.level);
      break;
    }
  }
  report.complete = report.complete && !stop.stop_requested();
  return report;
}

}  // namespace stride::gauntlet
