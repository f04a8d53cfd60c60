// SPDX-License-Identifier: Apache-2.0
// What a run is worth: everything that reports, comparisons and gates say about it, computed once
// from the store. Failed requests score 0 and are counted; times are those of delivered answers,
// with their number; void and unsupported cells are left out and said.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "gauntlet/plan.h"
#include "gauntlet/rag_recall.h"
#include "gauntlet/readiness.h"
#include "gauntlet/run_store.h"
#include "gauntlet/statistics.h"

namespace stride::gauntlet {

struct CellResult {
  CellRecord cell{};                      // with its criteria
  std::vector<AttemptRecord> attempts{};  // every try of every turn
  // Of its requests (turns):
  size_t n_requests = 0, n_delivered = 0, n_within_slo = 0, n_first_try = 0, n_eventually = 0;
};

// The last try of the last turn, or nullptr where nothing was asked.
const AttemptRecord* last_attempt(const CellResult& cell);
// Times of the first turn's last try count for the cell.
const AttemptRecord* timed_attempt(const CellResult& cell);

struct Times {
  Quantiles ttft{}, ttfr{}, ttfa{}, total{}, think{}, answer{}, max_gap{};
};

struct TestSummary {
  std::string id{}, title{};
  double pass_score = 0, published_timeout_s = 0;
  size_t n_cells = 0, n_passed = 0, n_clean = 0;  // graded cells
  size_t n_unsupported = 0, n_void = 0, n_open = 0;
  Estimate score{};
  std::optional<Interval> pass_ci{};
  uint32_t k = 0;  // of the two below; 0 without cells
  double pass_hat = 0, pass_at = 0;
  bool passed = false;  // more than half of the cells
  std::map<FailureClass, size_t> classes{};
  std::map<std::string, size_t> flags{};
  Times times{};
  std::optional<double> reasoning_tokens{}, answer_tokens{};  // means of what was reported
  std::optional<double> recovered{};                          // mean
  std::string key_finding{};
  Stratum scores{};  // by variant
};

struct Costs {
  std::optional<double> total{}, per_passed{}, per_thousand{}, reasoning{};
  size_t n_requests = 0;  // with a cost
};

struct EnvironmentSummary {
  std::string env{};
  Estimate average{};
  Times times{};
  size_t n_cells = 0;
};

struct Summary {
  RunRecord run{};
  RunPlan plan{};
  EndpointOptions endpoint{};
  std::string env{};                 // which the headline is about
  std::vector<CellResult> cells{};   // graded ones of that environment
  std::vector<TestSummary> tests{};  // of the plan, in the order of the series
  Estimate average{};
  size_t n_tests_passed = 0;
  size_t n_graded = 0, n_open = 0, n_void = 0, n_unsupported = 0;
  size_t n_requests = 0, n_delivered = 0, n_first_try = 0, n_eventually = 0, n_tries = 0;
  size_t n_contended = 0;
  Times times{};
  std::optional<double> decode_rate{}, answer_rate{}, prefill_rate{};  // tokens a second, medians
  std::optional<double> reasoning_share{};                             // of the output tokens
  std::map<FailureClass, size_t> classes{};
  std::map<std::string, size_t> token_sources{};
  Costs costs{};
  std::vector<ContractRow> contract{};
  std::optional<double> contract_share{};  // nothing where it did not run
  std::vector<LoadRow> load{};
  std::vector<EnvironmentSummary> other_envs{};
  std::vector<RagRecall> rag{};        // of every environment that asked test 8, the shortest first
  std::vector<Readiness> readiness{};  // of every profile
};

// The one of the run's own profile.
const Readiness& headline(const Summary& summary);
// True where the cell scored less than its reasoning would have.
bool had_it_but_did_not_deliver(const TestSummary& test, const CellResult& cell);
const TestSummary* find(const Summary& summary, std::string_view test);

Result<Summary> summarize(RunStore& store, int64_t run, Texts texts);

// Of one test, from its graded cells.
std::string key_finding(const TestSummary& test, std::span<const CellResult* const> cells,
                        const EndpointOptions& endpoint);

// One request whose answer arrived: something in the answer channel or a call, an end that the
// endpoint named, no reasoning tag in the answer.
bool delivers(const Attempt& attempt);

}  // namespace stride::gauntlet
