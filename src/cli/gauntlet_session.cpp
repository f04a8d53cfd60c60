// SPDX-License-Identifier: Apache-2.0
#include "cli/gauntlet_session.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <fstream>

#include "base/memory_info.h"
#include "base/output_file.h"
#include "cli/gauntlet_commands.h"
#include "cli/gauntlet_progress.h"
#include "cli/human.h"
#include "gauntlet/contract.h"
#include "gauntlet/environments.h"
#include "gauntlet/lease_owner.h"
#include "gauntlet/report_words.h"
#include "gauntlet/runner.h"
#include "gauntlet/sandbox.h"
#include "gauntlet/sustained.h"
#include "gauntlet/test.h"
#include "json/escape.h"

namespace stride::cli {
namespace {

using namespace gauntlet;

constexpr uint32_t kAutoConcurrency = 16;

// Everything that is needed to ask; lives for one sitting.
struct Sitting {
  RunStore& store;
  int64_t run;
  const RunPlan& plan;
  const Endpoint& endpoint;
  const StopOnInterrupt& interrupt;
  ProgressView& view;
};

Result<> run_command(const std::string& command) {
  // The command is the user's own, given with --cold-cmd.
  const int status = std::system(command.c_str());  // NOLINT
  if (status == 0) return {};
  return fail(Errc::invalid_argument, "the command of --cold-cmd failed with status {}", status);
}

RunnerSetup setup_of(const Sitting& sitting, Sandbox& sandbox) {
  const bool replay = !sitting.endpoint.options().replay_folder.empty();
  RunnerSetup setup{.owner = lease_owner(),
                    .ask =
                        [&sitting](const Question& question, const AskOptions& options) {
                          // A request that was sent is waited for: a stop drains.
                          return sitting.endpoint.ask(question, options, {});
                        },
                    .examiner = real_examiner(sitting.plan, sandbox),
                    .clock = real_clock(),
                    .prime = !replay};
  if (!sitting.plan.cold_command.empty())
    setup.cold_command = [&sitting] { return run_command(sitting.plan.cold_command); };
  return setup;
}

Result<RunOutcome> run_contract_checks(const Sitting& sitting) {
  const auto stored = STRIDE_TRY(sitting.store.contract(sitting.run));
  const bool there = std::ranges::any_of(
      stored, [](const ContractRow& row) { return row.check.starts_with('C'); });
  if (there || !sitting.plan.run_contract) return RunOutcome{};
  const ContractOptions options{.on_result = [&](const CheckResult& check) {
    sitting.view.on_note(
        fmt::format("contract {} {}: {}", check.id, name(check.state), check.title));
  }};
  const auto report = run_contract(sitting.endpoint, options, sitting.interrupt.token());
  if (!report) return RunOutcome{RunEnd::unusable, report.error().message};
  if (!report->complete) return RunOutcome{RunEnd::stopped, "interrupted"};
  std::vector<ContractRow> rows;
  for (const CheckResult& check : report->results)
    rows.push_back({fmt::format("{} {}", check.id, check.title), std::string(name(check.state)),
                    check.detail});
  STRIDE_TRY(sitting.store.put_contract(sitting.run, rows));
  return RunOutcome{};
}

Result<RunOutcome> run_recovery_steps(const Sitting& sitting) {
  sitting.view.on_note("recovery: five requests that go wrong, each with a right one after it");
  const AskOptions ask{.answer_budget = 16, .timeout_s = 120 * sitting.plan.deadline_scale};
  std::vector<ContractRow> rows;
  for (const RecoveryStep& step : run_recovery(sitting.endpoint, ask, sitting.interrupt.token())) {
    std::string detail = step.outcome;
    if (!step.recovered)
      detail += fmt::format("; the next request fails with {}: {}", name(step.after.failure),
                            step.after.message);
    rows.push_back({"recovery: " + step.name, step.recovered ? "pass" : "fail", detail});
  }
  if (sitting.interrupt.requested()) return RunOutcome{RunEnd::stopped, "interrupted"};
  STRIDE_TRY(sitting.store.put_contract(sitting.run, rows));
  return RunOutcome{};
}

Result<RunOutcome> run_environment(const Sitting& sitting, const std::string& env,
                                   Sandbox& sandbox) {
  if (env == "recovery") return run_recovery_steps(sitting);
  if (env == "sustained")
    return run_sustained(sitting.store, sitting.run, sitting.plan, sitting.endpoint, sitting.view,
                         sitting.interrupt.token());
  return run_cells(sitting.store, sitting.run, sitting.plan, env, setup_of(sitting, sandbox),
                   sitting.view, sitting.interrupt.token());
}

int exit_code(const RunOutcome& outcome) {
  switch (outcome.end) {
    case RunEnd::complete:
      return outcome.n_void > 0 ? kGauntletUsage : kGauntletOk;
    case RunEnd::unusable:
      return kGauntletUnusable;
    case RunEnd::stopped:
    case RunEnd::budget:
      break;
  }
  return kGauntletIncomplete;
}

RunState state_of(const RunOutcome& outcome) {
  if (outcome.end != RunEnd::complete) return RunState::incomplete;
  return outcome.n_void > 0 ? RunState::failed : RunState::complete;
}

Result<RunOutcome> run_all(const Sitting& sitting) {
  Sandbox sandbox = Sandbox::open({.allow_weak = sitting.plan.weak_sandbox});
  if (sandbox.available())
    sitting.view.on_note(fmt::format("generated code runs in: {}", sandbox.description()));
  else
    sitting.view.on_note(fmt::format("generated code cannot be run, its tests are left out: {}",
                                     sandbox.unavailable_reason()));
  RunOutcome all;
  for (const std::string& env : sitting.plan.envs) {
    const RunOutcome outcome = STRIDE_TRY(run_environment(sitting, env, sandbox));
    all.n_void += outcome.n_void;
    if (outcome.end != RunEnd::complete) {
      all.end = outcome.end;
      all.note = outcome.note;
      return all;
    }
  }
  if (!sitting.endpoint.options().replay_folder.empty()) return all;
  const RunOutcome outcome = STRIDE_TRY(run_contract_checks(sitting));
  all.end = outcome.end;
  all.note = outcome.note;
  return all;
}

}  // namespace

void add_pace_flags(CommandLine& line, PaceFlags& flags) {
  line.option("--concurrency", flags.concurrency,
              "requests at once: a number, or auto to grow until the endpoint says 429; 1 where "
              "nothing is given, as others in flight change the times")
      .option("--rpm", flags.rpm, "most requests a minute")
      .option("--tpm", flags.tpm, "most tokens a minute")
      .option("--max-cost", flags.max_cost, "stop before this many dollars are spent")
      .option("--price", flags.prices,
              "INPUT,OUTPUT or INPUT,CACHED,OUTPUT in dollars per million tokens")
      .option("--deadline-scale", flags.deadline_scale, "factor on the time limit of every test")
      .option("--cold-idle", flags.cold_idle, "seconds of quiet before a cold request, 30 or more")
      .option("--cold-cmd", flags.cold_command, "command to run before a cold request")
      .option("--sandbox", flags.sandbox,
              "rlimit: run generated code under weak isolation where there are no namespaces");
}

Result<> apply(const PaceFlags& flags, RunPlan& plan) {
  if (flags.concurrency) {
    plan.adaptive = *flags.concurrency == "auto";
    plan.concurrency = kAutoConcurrency;
    const std::string& text = *flags.concurrency;
    const auto [end, error] =
        std::from_chars(text.data(), text.data() + text.size(), plan.concurrency);
    if (!plan.adaptive && (error != std::errc() || end != text.data() + text.size()))
      return fail(Errc::invalid_argument, "--concurrency is {}; it must be auto or a number", text);
  }
  if (flags.rpm) plan.rpm = flags.rpm;
  if (flags.tpm) plan.tpm = flags.tpm;
  if (flags.max_cost) plan.max_cost = flags.max_cost;
  if (flags.prices) plan.prices = STRIDE_TRY(parse_prices(*flags.prices));
  if (flags.deadline_scale) plan.deadline_scale = *flags.deadline_scale;
  if (flags.cold_idle) plan.cold_idle_s = *flags.cold_idle;
  if (flags.cold_command) plan.cold_command = *flags.cold_command;
  if (flags.sandbox) {
    if (*flags.sandbox != "rlimit" && *flags.sandbox != "full")
      return fail(Errc::invalid_argument, "--sandbox is {}; it must be full or rlimit",
                  *flags.sandbox);
    plan.weak_sandbox = *flags.sandbox == "rlimit";
  }
  return check(plan);
}

std::vector<std::string> split_list(const std::string& text) {
  std::vector<std::string> out;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find(',', begin), text.size());
    if (end > begin) out.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return out;
}

Result<int64_t> find_run(RunStore& store, const std::string& name) {
  if (name == "latest") {
    const auto runs = STRIDE_TRY(store.runs());
    if (runs.empty()) return fail(Errc::not_found, "there is no run yet");
    return runs.back().id;
  }
  int64_t id = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), id);
  if (error != std::errc() || end != name.data() + name.size())
    return fail(Errc::invalid_argument, "a run is named by its number or as latest, not \"{}\"",
                name);
  return STRIDE_TRY(store.run(id)).id;
}

Result<int> work_off(RunStore& store, int64_t run, const RunPlan& plan,
                     const EndpointOptions& options, const StopOnInterrupt& interrupt) {
  const Endpoint endpoint = STRIDE_TRY(Endpoint::make(options));
  RunOutcome outcome;
  {
    ProgressView view(plan.concurrency);
    const uint64_t n_back = STRIDE_TRY(store.return_leases(run, real_clock().now(), owner_alive));
    if (n_back > 0)
      view.on_note(
          fmt::format("{} cells were in flight when the run ended; they are asked again", n_back));
    STRIDE_TRY(store.set_state(run, RunState::running, ""));
    const Sitting sitting{store, run, plan, endpoint, interrupt, view};
    outcome = STRIDE_TRY(run_all(sitting));
  }
  STRIDE_TRY(store.set_state(run, state_of(outcome), outcome.note));
  print_summary(STRIDE_TRY(summarize(store, run, Texts::leave)));
  if (!outcome.note.empty())
    fmt::print(stderr, "stride gauntlet: {}\n", printable(outcome.note, 400));
  if (outcome.end != RunEnd::complete)
    fmt::print(stderr, "`stride gauntlet resume {}` goes on\n", run);
  return exit_code(outcome);
}

std::optional<int> parse_gauntlet(CommandLine& line, Arguments args) {
  const auto stop = line.parse(args);
  if (stop && *stop != 0) return kGauntletUsage;
  return stop;
}

int report_gauntlet(std::string_view command, const Error& error) {
  fmt::print(stderr, "stride gauntlet {}: {}\n", command, printable(error.message, 2000));
  return kGauntletUsage;
}

Result<> write_text(const std::string& path, const std::string& text) {
  if (path == "-") {
    fmt::print("{}", text);
    return {};
  }
  OutputFile file = STRIDE_TRY_AT(path, OutputFile::create(path));
  STRIDE_TRY_AT(path, file.write(text));
  return file.commit();
}

void print_summary(const Summary& summary) {
  const Readiness& ready = headline(summary);
  fmt::print("\nRun {}: {} at {}\n\n", summary.run.id, printable(subject(summary)),
             printable(summary.endpoint.url));
  fmt::print("  {:<30} {:>20}  {:>6} {:>6}  {:>9}  {}\n", "test", "score", "passed", "clean",
             "total", "key finding");
  for (const TestSummary& test : summary.tests) {
    if (test.n_cells == 0 && test.n_open > 0) continue;
    fmt::print("  {:<30} {:>20}  {:>6} {:>6}  {:>9}  {}\n", test.title,
               test.n_cells == 0 ? std::string("not graded") : with_ci(test.score),
               fmt::format("{}/{}", test.n_passed, test.n_cells),
               fmt::format("{}/{}", test.n_clean, test.n_cells), duration(test.times.total.p50),
               printable(test.key_finding, 90));
  }
  fmt::print("\n  average {}, {} of {} tests passed; delivered {}, first try held {}\n",
             with_ci(summary.average, 3), summary.n_tests_passed, summary.tests.size(),
             percent(summary.n_delivered, summary.n_requests),
             percent(summary.n_first_try, summary.n_requests));
  // A band is a verdict on all tests.
  const bool all = summary.tests.size() == tests().size();
  fmt::print("  readiness ({}) {}: {}\n", ready.profile, with_ci(ready.score, 1),
             all ? band(ready.score.value) : "of these tests alone, which is no verdict");
  for (const std::string& blocker : ready.blockers) fmt::print("  blocker: {}\n", blocker);
  for (const std::string& line : caveats(summary)) fmt::print("  {}\n", printable(line, 300));
  if (summary.costs.total)
    fmt::print("  cost {}, {} for each passed cell, {} of it on reasoning\n",
               money(summary.costs.total), money(summary.costs.per_passed),
               money(summary.costs.reasoning));
}

void add_secret_flags(CommandLine& line, SecretFlags& flags) {
  line.option("--key-env", flags.key_variable, "environment variable that holds the key")
      .option("--key-file", flags.key_file, "file whose first line is the key")
      .option("--header", flags.headers, "\"Name: value\", as given to the run; again for more")
      .option("--tokenizer", flags.tokenizer, "as given to the run");
}

Result<EndpointOptions> stored_endpoint(std::string_view json, const SecretFlags& flags) {
  EndpointOptions endpoint = STRIDE_TRY(endpoint_from_json(json));
  EndpointFlags asked;
  asked.url = endpoint.url;
  asked.model = endpoint.model;
  asked.key_variable = flags.key_variable;
  asked.key_file = flags.key_file;
  asked.headers = flags.headers;
  asked.tokenizer = flags.tokenizer;
  EndpointOptions secrets = STRIDE_TRY(endpoint_options(asked));
  endpoint.key = std::move(secrets.key);
  endpoint.headers = std::move(secrets.headers);
  endpoint.count_tokens = std::move(secrets.count_tokens);
  return endpoint;
}

Result<const PublishedModel*> published_model(const std::string& id) {
  if (const PublishedModel* model = find_published(id)) return model;
  std::string known;
  for (const PublishedModel& model : published_models())
    known += fmt::format("{}{}", known.empty() ? "" : ", ", model.id);
  return fail(Errc::not_found, "the series has no model \"{}\"; it has {}", id, known);
}

std::string host_json() {
  std::string processor;
  std::ifstream in("/proc/cpuinfo");
  for (std::string line; processor.empty() && std::getline(in, line);)
    if (line.starts_with("model name")) processor = line.substr(line.find(':') + 2);
  std::string escaped;
  json::append_escaped(escaped, processor);
  const auto memory = memory_info();
  return fmt::format("{{\"processor\":\"{}\",\"memory_bytes\":{}}}", escaped,
                     memory ? memory->total : 0);
}

}  // namespace stride::cli
