// SPDX-License-Identifier: Apache-2.0
// Runs in one SQLite file. All cells of a run are put in as pending first; workers claim them under
// a lease, and a cell is finished in one transaction with its attempts, texts and criteria. So a
// run killed at any moment loses at most the cells in flight, and no finished cell is done again:
// finishing needs the lease, which a cell that was finished or given away no longer has.
//
// What has been committed survives the death of the process; of a machine that loses its power the
// last cells may have to be done again.
//
// The store may be used by several threads; every call is serialised. Times are Unix seconds.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "gauntlet/attempt.h"
#include "gauntlet/test.h"

namespace stride::gauntlet {

inline constexpr double kLeaseSeconds = 60;
// Raised whenever a grader gives another score to some answer.
inline constexpr uint32_t kGraderVersion = 2;

enum class RunState : uint8_t { running, complete, incomplete, failed };
std::string_view name(RunState state);

struct RunRecord {
  int64_t id = 0;
  double created = 0;
  std::string tool_version{};
  std::string pack{};
  std::string pack_sha{};
  std::string plan_json{};      // repeats, variants, budgets, profile: plan.h
  std::string endpoint_json{};  // without the key
  std::string model{};
  std::string sampling_json{};
  std::string env{};  // as given, "warm,cold"
  std::string host_json{};
  RunState state = RunState::running;
  std::string note{};  // why it is incomplete
};

struct CellKey {
  std::string test{};
  uint32_t variant = 0;
  uint32_t repeat = 0;
  std::string env = "warm";

  bool operator==(const CellKey&) const = default;
  auto operator<=>(const CellKey&) const = default;
};

enum class CellState : uint8_t { pending, running, done, void_cell, unsupported };
std::string_view name(CellState state);

struct CellRecord {
  int64_t id = 0;
  CellKey key{};
  CellState state = CellState::pending;
  Grade grade{};  // of a cell that is done; the criteria are filled by criteria()
  std::optional<double> recovered_score{};
  uint32_t grader_version = 0;
  uint32_t tries = 0;  // attempts in the first turn
};

// One request, with its place in the cell.
struct AttemptRecord {
  int64_t id = 0;
  int64_t cell = 0;
  uint32_t turn = 0;
  uint32_t n = 0;  // 0: the first try of the turn
  double t_start = 0;
  bool contended = false;  // other requests were in flight
  std::optional<double> cost_usd{};
  std::string request_sha{};
  std::string stream_path{};
  Attempt attempt{};  // texts only where they were asked for
};

// What a worker hands in.
struct FinishedCell {
  CellState state = CellState::done;
  Grade grade{};
  std::optional<double> recovered_score{};
  std::vector<AttemptRecord> attempts{};
};

struct ContractRow {
  std::string check{};
  std::string result{};  // pass, fail, unsupported
  std::string detail{};
};

struct LoadRow {
  std::string mode{};
  double level = 0;
  std::string metric_json{};
};

enum class Texts : uint8_t { leave, load };

class RunStore {
 public:
  // `must_exist` refuses a file that is not there.
  static Result<RunStore> open(const std::string& path, bool must_exist);
  RunStore(RunStore&&) noexcept;
  RunStore& operator=(RunStore&&) noexcept;
  ~RunStore();

  Result<int64_t> create(const RunRecord& run);
  Result<std::vector<RunRecord>> runs();
  Result<RunRecord> run(int64_t id);
  Result<> set_state(int64_t run, RunState state, std::string_view note);
  Result<> set_plan(int64_t run, std::string_view plan_json, std::string_view env);

  // Those that are there already stay as they are. The order is that of the work.
  Result<> add_cells(int64_t run, std::span<const CellKey> cells);

  // The next pending cell of an environment, leased; nothing where there is none.
  Result<std::optional<CellRecord>> claim(int64_t run, std::string_view env, std::string_view owner,
                                          double now);
  Result<> renew(std::string_view owner, double now);
  // Back to pending: the leases that have expired, and those whose owner is gone.
  Result<uint64_t> return_leases(int64_t run, double now,
                                 const std::function<bool(std::string_view owner)>& alive);
  Result<> give_back(int64_t cell, std::string_view owner);
  // Back to pending, without the attempts: cells of these classes and those that are void.
  Result<uint64_t> reopen(int64_t run, std::span<const FailureClass> classes);
  // False where the lease is no longer held; nothing is stored then.
  Result<bool> finish(int64_t cell, std::string_view owner, const FinishedCell& finished);
  // A new grade for a cell that is done.
  Result<> regrade(int64_t cell, const Grade& grade, std::optional<double> recovered_score);

  Result<std::vector<CellRecord>> cells(int64_t run);
  // In the order of turns and tries; of one cell, or of the run.
  Result<std::vector<AttemptRecord>> attempts(int64_t cell, Texts texts);
  Result<std::vector<AttemptRecord>> attempts_of_run(int64_t run);
  Result<std::vector<Criterion>> criteria(int64_t cell);
  // What has been paid so far, of finished cells.
  Result<double> cost(int64_t run);

  Result<> put_contract(int64_t run, std::span<const ContractRow> rows);
  Result<std::vector<ContractRow>> contract(int64_t run);
  Result<> put_load(int64_t run, const LoadRow& row);
  Result<std::vector<LoadRow>> load(int64_t run);

 private:
  struct Impl;
  explicit RunStore(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace stride::gauntlet
