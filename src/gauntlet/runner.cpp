// SPDX-License-Identifier: Apache-2.0
#include "gauntlet/runner.h"

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

#include "gauntlet/cell_work.h"

namespace stride::gauntlet {
namespace {

constexpr double kHeartbeatSeconds = kLeaseSeconds / 4;
constexpr size_t kCellsWithoutCost = 5;    // so many, and a limit of the cost cannot be kept
constexpr uint32_t kUnreachableCells = 5;  // in a row, and the endpoint counts as gone

// Scores of the finished cells of an environment, and what they tell about the rest.
class Scoreboard {
 public:
  void add(const CellKey& key, double score) {
    auto& repeats = scores_[key.test][key.variant];
    repeats.push_back(score);
  }

  Estimate estimate() const {
    std::vector<Stratum> strata;
    for (const auto& [test, variants] : scores_) {
      Stratum& stratum = strata.emplace_back();
      for (const auto& [variant, repeats] : variants) stratum.push_back(repeats);
    }
    return bootstrap_mean(strata);
  }

 private:
  std::map<std::string, std::map<uint32_t, std::vector<double>>> scores_{};
};

class CellRun {
 public:
  CellRun(RunStore& store, int64_t run, const RunPlan& plan, std::string_view env,
          const RunnerSetup& setup, RunListener& listener)
      : store_(store),
        run_(run),
        plan_(plan),
        env_(env),
        setup_(setup),
        listener_(listener),
        pacer_(plan, setup.clock) {}

  Result<RunOutcome> run(std::stop_token stop);

 private:
  Result<> count_finished();
  bool reach(std::stop_token stop);
  bool prepare_cold(std::stop_token stop);
  void work(size_t worker, std::stop_token stop);
  std::optional<FinishedCell> finish_claimed(size_t worker, const CellRecord& cell,
                                             std::stop_token stop);
  void take_result(const CellRecord& cell, const FinishedCell& finished, bool stored);
  void watch_reachability(const FinishedCell& finished);
  bool within_budget();
  void beat(std::stop_token stop);
  void end_with(RunEnd end, std::string note);
  void fail_with(Error error);
  void tell(size_t worker, const CellKey& key, std::string_view what);
  Standing standing() const;

  RunStore& store_;
  int64_t run_;
  const RunPlan& plan_;
  std::string env_;
  const RunnerSetup& setup_;
  RunListener& listener_;
  Pacer pacer_;
  std::stop_source ending_{};  // the run's own reasons, and those of the caller

  std::mutex mutex_{};  // of everything below, and of the listener
  Scoreboard scores_{};
  RunOutcome outcome_{};
  std::optional<Error> error_{};
  size_t n_all_ = 0, n_done_ = 0, n_here_ = 0;
  uint32_t n_unreachable_ = 0, n_busy_ = 0;
  std::optional<double> cost_{};
  double begin_ = 0;
};

void CellRun::end_with(RunEnd end, std::string note) {
  if (outcome_.end == RunEnd::complete) {
    outcome_.end = end;
    outcome_.note = std::move(note);
  }
  ending_.request_stop();
}

void CellRun::fail_with(Error error) {
  const std::lock_guard lock(mutex_);
  if (!error_) error_ = std::move(error);
  ending_.request_stop();
}

void CellRun::tell(size_t worker, const CellKey& key, std::string_view what) {
  const std::lock_guard lock(mutex_);
  listener_.on_worker(
      worker, what.empty() ? std::string()
                           : fmt::format("{} {}.{}: {}", key.test, key.variant, key.repeat, what));
}

Result<> CellRun::count_finished() {
  for (const CellRecord& cell : STRIDE_TRY(store_.cells(run_))) {
    if (cell.key.env != env_) continue;
    ++n_all_;
    if (cell.state == CellState::pending || cell.state == CellState::running) continue;
    ++n_done_;
    if (cell.state == CellState::done) scores_.add(cell.key, cell.grade.score);
  }
  if (n_done_ > 0) {
    const double cost = STRIDE_TRY(store_.cost(run_));
    if (cost > 0) cost_ = cost;
  }
  return {};
}

// One request whose answer is thrown away: it wakes the endpoint, and shows whether there is one.
bool CellRun::reach(std::stop_token stop) {
  constexpr uint32_t kTries = 3;
  const Question question{.turns = {{.text = "Reply with the single word: ready"}}};
  Pcg64 random(plan_.nonce_seed);
  Attempt attempt;
  for (uint32_t n = 1; n <= kTries; ++n) {
    attempt = setup_.ask(question, {.answer_budget = 16, .timeout_s = 120 * plan_.deadline_scale});
    if (!is_transport(attempt.failure)) return true;
    const auto delay = retry_delay(n, attempt, random);
    if (n == kTries || !delay || !setup_.clock.sleep(*delay, stop)) break;
    const std::lock_guard lock(mutex_);
    listener_.on_note(
        fmt::format("the endpoint does not answer ({}); trying again", attempt.message));
  }
  const std::lock_guard lock(mutex_);
  if (stop.stop_requested()) {
    end_with(RunEnd::stopped, "interrupted");
  } else {
    end_with(RunEnd::unusable, fmt::format("the endpoint cannot be used: {}: {}",
                                           name(attempt.failure), attempt.message));
  }
  return false;
}

// False where the stop came while waiting, or the command failed.
bool CellRun::prepare_cold(std::stop_token stop) {
  if (env_ != "cold") return true;
  if (!setup_.clock.sleep(plan_.cold_idle_s, stop)) return false;
  if (!setup_.cold_command) return true;
  const auto done = setup_.cold_command();
  if (!done) fail_with(done.error());
  return done.has_value();
}

Standing CellRun::standing() const {
  const double elapsed = setup_.clock.now() - begin_;
  const auto left = static_cast<double>(n_all_ - n_done_);
  return {.n_done = n_done_,
          .n_all = n_all_,
          .score = scores_.estimate(),
          .cost_usd = cost_,
          .seconds_left = n_here_ == 0 ? 0 : elapsed / static_cast<double>(n_here_) * left};
}

// Whether another cell fits: those in work are expected to cost what the mean was.
bool CellRun::within_budget() {
  if (!plan_.max_cost) return true;
  const std::lock_guard lock(mutex_);
  if (n_here_ >= kCellsWithoutCost && !cost_) {
    end_with(RunEnd::budget,
             "--max-cost needs prices: the endpoint reports no cost and --price is not given");
    return false;
  }
  const double spent = cost_.value_or(0);
  const double each = n_done_ == 0 ? 0 : spent / static_cast<double>(n_done_);
  if (spent + each * (n_busy_ + 1) <= *plan_.max_cost) return true;
  end_with(RunEnd::budget, fmt::format("stopped at ${:.4f}: another cell would pass --max-cost {}",
                                       spent, *plan_.max_cost));
  return false;
}

void CellRun::watch_reachability(const FinishedCell& finished) {
  const Attempt& last = finished.attempts.back().attempt;
  const bool refused = last.http_status == 401 || last.http_status == 403;
  if (last.failure != FailureClass::connect_timeout && !refused) {
    n_unreachable_ = 0;
    return;
  }
  if (++n_unreachable_ == kUnreachableCells)
    end_with(RunEnd::unusable, fmt::format("the endpoint is gone: the last {} cells ended with {}",
                                           kUnreachableCells, last.message));
}

void CellRun::take_result(const CellRecord& cell, const FinishedCell& finished, bool stored) {
  const std::lock_guard lock(mutex_);
  if (!stored) {
    listener_.on_note(fmt::format("{} {}.{} was given to another worker; its result is dropped",
                                  cell.key.test, cell.key.variant, cell.key.repeat));
    return;
  }
  ++n_done_;
  ++n_here_;
  if (finished.state == CellState::done) scores_.add(cell.key, finished.grade.score);
  if (finished.state == CellState::void_cell) ++outcome_.n_void;
  for (const AttemptRecord& attempt : finished.attempts)
    if (attempt.cost_usd) cost_ = cost_.value_or(0) + *attempt.cost_usd;
  if (finished.attempts.empty()) return;
  const auto n_tries = std::ranges::count(finished.attempts, 0u, &AttemptRecord::turn);
  listener_.on_cell(
      {cell.key, finished.grade, finished.attempts.back().attempt, static_cast<uint32_t>(n_tries)},
      standing());
  watch_reachability(finished);
}

// Nothing where the cell has to be given back.
std::optional<FinishedCell> CellRun::finish_claimed(size_t worker, const CellRecord& cell,
                                                    std::stop_token stop) {
  tell(worker, cell.key, env_ == "cold" ? "waiting to be cold" : "claimed");
  if (!prepare_cold(stop)) return std::nullopt;
  {
    const std::lock_guard lock(mutex_);
    ++n_busy_;
  }
  CellWork work(plan_, setup_, pacer_, cell,
                [&](std::string_view what) { tell(worker, cell.key, what); });
  auto finished = work.run(stop);
  const std::lock_guard lock(mutex_);
  --n_busy_;
  return finished;
}

void CellRun::work(size_t worker, std::stop_token stop) {
  while (!stop.stop_requested() && within_budget()) {
    auto claimed = store_.claim(run_, env_, setup_.owner, setup_.clock.now());
    if (!claimed) return fail_with(claimed.error());
    if (!*claimed) return;
    const CellRecord& cell = **claimed;
    const auto finished = finish_claimed(worker, cell, stop);
    if (!finished) {
      if (const auto back = store_.give_back(cell.id, setup_.owner); !back) fail_with(back.error());
      return;
    }
    const auto stored = store_.finish(cell.id, setup_.owner, *finished);
    if (!stored) return fail_with(stored.error());
    take_result(cell, *finished, *stored);
    tell(worker, cell.key, "");
  }
}

void CellRun::beat(std::stop_token stop) {
  const Clock real = real_clock();
  while (real.sleep(kHeartbeatSeconds, stop))
    if (const auto renewed = store_.renew(setup_.owner, setup_.clock.now()); !renewed)
      return fail_with(renewed.error());
}

Result<RunOutcome> CellRun::run(std::stop_token stop) {
  STRIDE_TRY(count_finished());
  if (n_done_ == n_all_) return outcome_;
  const std::stop_callback forward(stop, [this] { ending_.request_stop(); });
  begin_ = setup_.clock.now();
  if (!setup_.prime || reach(ending_.get_token())) {
    std::jthread heart([this](std::stop_token quiet) { beat(quiet); });
    std::vector<std::jthread> workers;
    const size_t n_workers = env_ == "cold" ? 1 : plan_.concurrency;
    for (size_t w = 0; w < n_workers; ++w)
      workers.emplace_back([this, w] { work(w, ending_.get_token()); });
  }
  if (error_) return std::unexpected(*error_);
  if (outcome_.end == RunEnd::complete && stop.stop_requested() && n_done_ < n_all_)
    end_with(RunEnd::stopped, "interrupted");
  // What could not be asked is no result: the cells wait for the endpoint to come back.
  if (outcome_.end == RunEnd::unusable) {
    const FailureClass classes[] = {FailureClass::connect_timeout};
    STRIDE_TRY(store_.reopen(run_, classes));
  }
  return outcome_;
}

}  // namespace

Examiner real_examiner(const RunPlan& plan, Sandbox& sandbox) {
  return {
      .supported = [&sandbox](const TestInfo& test) { return !is_unsupported(test, sandbox); },
      .draw = [&plan](const CellKey& cell) { return draw(plan, cell); },
      .grade =
          [&sandbox](const TestInfo& test, const Case& drawn, std::span<const Attempt> attempts) {
            return grade(test, drawn, attempts, sandbox);
          },
      .recovered =
          [&sandbox](const TestInfo& test, const Case& drawn, std::span<const Attempt> attempts) {
            return recovered_score(test, drawn, attempts, sandbox);
          }};
}

Result<RunOutcome> run_cells(RunStore& store, int64_t run, const RunPlan& plan,
                             std::string_view env, const RunnerSetup& setup, RunListener& listener,
                             std::stop_token stop) {
  return CellRun(store, run, plan, env, setup, listener).run(stop);
}

std::vector<Attempt> final_attempts(std::span<const AttemptRecord> records) {
  std::vector<Attempt> finals;
  for (size_t i = 0; i < records.size(); ++i)
    if (i + 1 == records.size() || records[i + 1].turn != records[i].turn)
      finals.push_back(records[i].attempt);
  return finals;
}

Result<size_t> regrade(RunStore& store, int64_t run, const Examiner& examiner) {
  size_t n = 0;
  for (const CellRecord& cell : STRIDE_TRY(store.cells(run))) {
    if (cell.state != CellState::done) continue;
    const TestInfo* test = find_test(cell.key.test);
    if (test == nullptr)
      return fail(Errc::unsupported, "the stored test \"{}\" is not known", cell.key.test);
    const auto attempts = final_attempts(STRIDE_TRY(store.attempts(cell.id, Texts::load)));
    const auto drawn = examiner.draw(cell.key);
    const Grade grade = examiner.grade(*test, *drawn, attempts);
    std::optional<double> recovered;
    if (cell.recovered_score) recovered = examiner.recovered(*test, *drawn, attempts);
    STRIDE_TRY(store.regrade(cell.id, grade, recovered));
    ++n;
  }
  return n;
}

}  // namespace stride::gauntlet
