// SPDX-License-Identifier: Apache-2.0
// stride gauntlet resume and regrade: what is done to a run that is stored.
#include <fmt/core.h>

#include <array>

#include "cli/gauntlet_commands.h"
#include "cli/gauntlet_session.h"
#include "gauntlet/runner.h"
#include "gauntlet/sandbox.h"

namespace stride::cli {
namespace {

using namespace gauntlet;

struct ResumeOptions {
  std::string run, database = kDefaultDatabase;
  PaceFlags pace;
  SecretFlags secrets;
  std::optional<uint64_t> repeats;
  bool retry_failed = false;
};

Result<int> resume(const ResumeOptions& options) {
  RunStore store = STRIDE_TRY(RunStore::open(options.database, true));
  const int64_t id = STRIDE_TRY(find_run(store, options.run));
  const RunRecord record = STRIDE_TRY(store.run(id));
  RunPlan plan = STRIDE_TRY(plan_from_json(record.plan_json));
  if (options.repeats) {
    if (*options.repeats < plan.repeats || *options.repeats > 1000)
      return fail(Errc::invalid_argument,
                  "--repeats is {}; the run has {} already, and 1000 is the most", *options.repeats,
                  plan.repeats);
    plan.repeats = static_cast<uint32_t>(*options.repeats);
  }
  STRIDE_TRY(apply(options.pace, plan));
  const EndpointOptions endpoint =
      STRIDE_TRY(stored_endpoint(record.endpoint_json, options.secrets));
  constexpr std::array kTransport = {FailureClass::http_4xx,
                                     FailureClass::rate_limited,
                                     FailureClass::http_5xx,
                                     FailureClass::connect_timeout,
                                     FailureClass::stream_cut,
                                     FailureClass::protocol_error,
                                     FailureClass::first_event_timeout,
                                     FailureClass::idle_timeout,
                                     FailureClass::total_timeout};
  const uint64_t n_reopened =
      STRIDE_TRY(store.reopen(id, options.retry_failed ? std::span<const FailureClass>(kTransport)
                                                       : std::span<const FailureClass>()));
  if (n_reopened > 0) fmt::print(stderr, "{} cells are asked again\n", n_reopened);
  STRIDE_TRY(store.set_plan(id, to_json(plan), record.env));
  STRIDE_TRY(store.add_cells(id, planned_cells(plan)));
  const StopOnInterrupt interrupt;
  return work_off(store, id, plan, endpoint, interrupt);
}

Result<int> regrade_run(const std::string& name, const std::string& database) {
  RunStore store = STRIDE_TRY(RunStore::open(database, true));
  const int64_t id = STRIDE_TRY(find_run(store, name));
  const RunPlan plan = STRIDE_TRY(plan_from_json(STRIDE_TRY(store.run(id)).plan_json));
  Sandbox sandbox = Sandbox::open({.allow_weak = plan.weak_sandbox});
  const size_t n = STRIDE_TRY(regrade(store, id, real_examiner(plan, sandbox)));
  fmt::print(stderr, "{} cells were graded again\n", n);
  print_summary(STRIDE_TRY(summarize(store, id, Texts::leave)));
  return kGauntletOk;
}

}  // namespace

int gauntlet_resume(Arguments args) {
  ResumeOptions options;
  CommandLine line("gauntlet resume",
                   "Goes on with a run: asks the cells that are not finished, and no others.");
  line.positional("RUN", options.run, "number of the run, or latest")
      .option("--repeats", options.repeats, "extend the run to so many repeats of each variant")
      .flag("--retry-failed", options.retry_failed,
            "also ask the cells again that the transport lost")
      .option("--db", options.database, "where runs are kept");
  add_secret_flags(line, options.secrets);
  add_pace_flags(line, options.pace);
  line.example("stride gauntlet resume latest", "after Ctrl-C, a crash, or --max-cost")
      .example("stride gauntlet resume 3 --repeats 4", "four repeats instead of one");
  if (const auto stop = parse_gauntlet(line, args)) return *stop;
  const auto code = resume(options);
  return code ? *code : report_gauntlet("resume", code.error());
}

int gauntlet_regrade(Arguments args) {
  std::string run, database = kDefaultDatabase;
  CommandLine line("gauntlet regrade",
                   "Grades every finished cell of a run again from the stored answers. Nothing is "
                   "asked.");
  line.positional("RUN", run, "number of the run, or latest")
      .option("--db", database, "where runs are kept");
  line.example("stride gauntlet regrade 3", "after an update that changed a grader");
  if (const auto stop = parse_gauntlet(line, args)) return *stop;
  const auto code = regrade_run(run, database);
  return code ? *code : report_gauntlet("regrade", code.error());
}

}  // namespace stride::cli
