// SPDX-License-Identifier: Apache-2.0
// Works off the cells of a run: workers claim, ask turn by turn, try the transport again, grade and
// store. A stop drains: cells that are being asked are finished, no new ones begin, and a cell that
// waits for another try is given back.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/error.h"
#include "gauntlet/endpoint.h"
#include "gauntlet/pacer.h"
#include "gauntlet/plan.h"
#include "gauntlet/run_store.h"
#include "gauntlet/statistics.h"
#include "gauntlet/test.h"

namespace stride::gauntlet {

// How cells are drawn and graded: the fifteen tests, or something simpler in tests of the runner.
struct Examiner {
  // False where this machine cannot grade the test; its cells are not asked then.
  std::function<bool(const TestInfo&)> supported{};
  std::function<std::unique_ptr<Case>(const CellKey&)> draw{};
  std::function<Grade(const TestInfo&, const Case&, std::span<const Attempt>)> grade{};
  std::function<double(const TestInfo&, const Case&, std::span<const Attempt>)> recovered{};
};
// Refers to its arguments.
Examiner real_examiner(const RunPlan& plan, Sandbox& sandbox);

// Where a run stands, after each cell.
struct Standing {
  size_t n_done = 0, n_all = 0;
  Estimate score{};  // mean of the tests begun so far
  std::optional<double> cost_usd{};
  double seconds_left = 0;  // 0 where nothing is known yet
};

struct CellNews {
  const CellKey& key;
  const Grade& grade;
  const Attempt& last;
  uint32_t n_tries = 0;
};

// Called under a lock, so one call at a time.
class RunListener {
 public:
  virtual ~RunListener() = default;
  virtual void on_worker(size_t worker, std::string_view what) = 0;
  virtual void on_cell(const CellNews& news, const Standing& standing) = 0;
  virtual void on_note(std::string_view line) = 0;
};

struct RunnerSetup {
  std::string owner{};
  std::function<Attempt(const Question&, const AskOptions&)> ask{};
  std::function<Result<>()> cold_command{};
  Examiner examiner{};
  Clock clock{};
  bool prime = true;  // whether the endpoint is tried before the first cell
};

enum class RunEnd : uint8_t {
  complete,
  stopped,   // asked to
  budget,    // --max-cost
  unusable,  // the endpoint
};

struct RunOutcome {
  RunEnd end = RunEnd::complete;
  std::string note{};
  size_t n_void = 0;  // cells that the harness itself failed on
};

// The cells of one environment, "warm" or "cold".
Result<RunOutcome> run_cells(RunStore& store, int64_t run, const RunPlan& plan,
                             std::string_view env, const RunnerSetup& setup, RunListener& listener,
                             std::stop_token stop);

// Grades every finished cell again from what is stored, without a network.
Result<size_t> regrade(RunStore& store, int64_t run, const Examiner& examiner);

// The last try of every turn, which is what was graded.
std::vector<Attempt> final_attempts(std::span<const AttemptRecord> records);

}  // namespace stride::gauntlet
