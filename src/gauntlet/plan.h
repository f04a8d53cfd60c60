// SPDX-License-Identifier: Apache-2.0
// What a run asks, of whom, and at what pace. Stored with the run as JSON, so that it can be
// resumed, extended and compared; the key and the extra headers are not stored.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "gauntlet/endpoint.h"
#include "gauntlet/price.h"
#include "gauntlet/run_store.h"
#include "gauntlet/test.h"

namespace stride::gauntlet {

inline constexpr std::string_view kPack = "core15@1";
inline constexpr double kLeastColdIdle = 30;  // seconds

struct RunPlan {
  uint32_t n_variants = kFrozenVariants;
  uint32_t repeats = 1;                  // of each variant
  std::optional<uint64_t> fresh_seed{};  // variants drawn from it instead of the frozen ones
  std::vector<std::string> tests{};      // empty: all
  std::vector<std::string> envs = {"warm"};
  std::string profile = "general";
  std::string today{};  // YYYY-MM-DD
  uint64_t seed = 1;    // of the endpoint's sampling; each cell adds its own number
  bool send_seed = true;
  uint64_t nonce_seed = 0;  // of what cold requests begin with; another one for each run
  std::optional<uint32_t> answer_budget{};  // instead of each test's own
  double deadline_scale = 1;
  double cold_idle_s = kLeastColdIdle;
  std::string cold_command{};
  uint32_t concurrency = 1;  // at most, where it adapts
  bool adaptive = false;
  std::optional<double> rpm{}, tpm{}, max_cost{};
  std::optional<Prices> prices{};
  bool weak_sandbox = false;  // --sandbox=rlimit
  bool run_contract = true;
  std::vector<double> load_levels = {1, 2, 4, 8, 16};  // clients, of the environment "sustained"
  std::vector<double> load_rates{};                    // random arrivals a second, of the same
};

// Errc::invalid_argument names the first thing that cannot be done.
Result<> check(const RunPlan& plan);

std::string to_json(const RunPlan& plan);
Result<RunPlan> plan_from_json(std::string_view text);

std::string to_json(const EndpointOptions& options);
Result<EndpointOptions> endpoint_from_json(std::string_view text);
std::string to_json(const Sampling& sampling);

// The tests the plan names, in the order of the series.
std::vector<std::string> planned_tests(const RunPlan& plan);
// Every cell, in the order of the work. The environments json_object and json_schema ask
// structured_output in those request modes, plain_words asks edge_case_handling without its
// protocol, rag_2k, rag_32k and rag_100k ask long_context_rag over
// so many words; sustained and recovery only probe and have no cells.
std::vector<CellKey> planned_cells(const RunPlan& plan);

std::unique_ptr<Case> draw(const RunPlan& plan, const CellKey& cell);
AnswerFormat format_of(const CellKey& cell);
Variant variant_of(const RunPlan& plan, uint32_t index);
uint64_t seed_of(const RunPlan& plan, const CellKey& cell);

}  // namespace stride::gauntlet
