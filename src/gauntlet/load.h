// SPDX-License-Identifier: Apache-2.0
// An endpoint under load: a ladder of concurrent clients (closed loop) or arrivals at a given rate
// (open loop), what each request waited for, and how many met the goals. In an open loop time runs
// from the intended start, so that an endpoint which falls behind cannot hide it.
//
//   const LoadReport report = run_load(endpoint, {.concurrency = {1, 2, 4}}, stop);
//   fmt::print("{}", to_text(report));
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "gauntlet/endpoint.h"

namespace stride::gauntlet {

// A distribution of seconds. Quantiles by linear interpolation at (n - 1) p.
struct Spread {
  size_t n = 0;
  double mean = 0, p50 = 0, p90 = 0, max = 0;
  std::optional<double> p95{};  // of 20 values and more
  std::optional<double> p99{};  // of 100 and more
};
// Nothing of no values.
std::optional<Spread> spread_of(std::vector<double> values);

// Seconds that a request may take; nothing: no goal.
struct Slo {
  std::optional<double> ttft{}, ttfa{}, total{};
  std::optional<double> itl_norm_p95{};  // of the gaps within one request
};
bool meets(const Slo& slo, const Attempt& attempt);

// A request that brought what was asked for, perhaps as far as its limit let it.
bool is_delivered(const Attempt& attempt);

enum class Arrival : uint8_t {
  closed,   // `level` clients, each waiting for its answer
  poisson,  // `level` requests a second, at random
  spaced,   // one every 1 / `level` seconds
};
std::string_view name(Arrival arrival);

struct LoadPoint {
  Arrival arrival = Arrival::closed;
  double level = 0;
  size_t n_request = 0, n_delivered = 0, n_good = 0;  // good: delivered within the goals
  size_t n_probe = 0, n_probe_right = 0;              // questions with one right answer, mixed in
  std::map<FailureClass, size_t> classes{};
  double wall_s = 0;
  uint64_t n_output_token = 0;
  bool estimated = false;  // some of these tokens are
  // Of the delivered requests.
  std::optional<Spread> ttft{}, ttfa{}, total{}, tpot{}, itl{}, itl_norm{};
  std::optional<Spread> late{};  // open loop: how long after its time a request was sent

  double request_per_s() const {
    return wall_s > 0 ? static_cast<double>(n_delivered) / wall_s : 0;
  }
  double goodput_per_s() const { return wall_s > 0 ? static_cast<double>(n_good) / wall_s : 0; }
  double token_per_s() const {
    return wall_s > 0 ? static_cast<double>(n_output_token) / wall_s : 0;
  }
};

struct LoadProgress {
  Arrival arrival = Arrival::closed;
  double level = 0;
  size_t n_done = 0, n_request = 0, n_delivered = 0;
  uint64_t n_output_token = 0;
  double elapsed_s = 0;
  double last_ttft_s = 0;  // 0: not seen
};

struct LoadOptions {
  std::vector<uint32_t> concurrency{};  // levels of the closed loop
  std::vector<double> rates{};          // of the open loop, requests a second
  std::vector<double> spaced{};         // the same, evenly spaced
  uint32_t n_request = 0;               // a level; 0: 20, and four for each client
  uint32_t prompt_words = 100;
  uint32_t probe_every = 5;  // every so many requests is a probe; 0: none
  uint32_t max_in_flight = 256;
  bool warm_up = true;  // one request before the first level that is not counted
  uint64_t seed = 1;
  AskOptions ask{.answer_budget = 128};
  Slo slo{};
  // From several threads, one at a time.
  std::function<void(const LoadProgress&)> on_progress{};
};

struct LoadReport {
  std::vector<LoadPoint> points{};
  Slo slo{};
  bool complete = true;   // false: stopped, or given up
  std::string message{};  // why it was given up
};

// The levels one after the other: closed, spaced, Poisson. Gives up after a level at which nothing
// was delivered.
LoadReport run_load(const Endpoint& endpoint, const LoadOptions& options, std::stop_token stop);

std::string to_text(const LoadReport& report);
std::string to_json(const LoadReport& report);
std::string to_json(const LoadPoint& point);
std::string to_svg(const LoadReport& report);

}  // namespace stride::gauntlet
