// SPDX-License-Identifier: Apache-2.0
// stride gauntlet compare and gate: a run against another, or beside the published series.
#include <fmt/core.h>

#include <algorithm>

#include "cli/gauntlet_commands.h"
#include "cli/gauntlet_session.h"
#include "cli/human.h"
#include "cli/text_file.h"
#include "gauntlet/gate.h"
#include "gauntlet/report.h"
#include "gauntlet/report_words.h"

namespace stride::cli {
namespace {

using namespace gauntlet;

struct CompareOptions {
  std::string a;
  std::optional<std::string> b, published, html, markdown, json;
  std::string database = kDefaultDatabase;
};

std::string verdict_text(Verdict verdict, const Summary& a, const Summary& b) {
  if (verdict == Verdict::a) return label(a) + " is better";
  if (verdict == Verdict::b) return label(b) + " is better";
  return std::string(name(verdict));
}

void print_comparison(const Comparison& comparison, const Summary& a, const Summary& b) {
  fmt::print("A: {}\nB: {}\n\n  {:<30} {:>6} {:>6}  {:>22} {:>8}  {}\n", printable(label(a)),
             printable(label(b)), "test", "A", "B", "A - B", "p (Holm)", "verdict");
  for (const TestComparison& test : comparison.tests)
    fmt::print("  {:<30} {:>6.2f} {:>6.2f}  {:>22} {:>8.3f}  {}\n", test.title, test.a, test.b,
               with_ci(test.difference), test.p_adjusted, name(test.verdict));
  fmt::print("\n  average {:.3f} against {:.3f}, difference {}, p {:.3f}, {} pairs: {}\n",
             comparison.a, comparison.b, with_ci(comparison.difference, 3), comparison.p,
             comparison.n_pairs, printable(verdict_text(comparison.verdict, a, b)));
}

void print_published(const Summary& summary, const PublishedModel& model) {
  fmt::print(
      "Two scales that must not be subtracted. The published evaluator gives {:.2f} on average for "
      "empty answers and {:.3f} for correct ones.\n\n  {:<30} {:>20} {:>7}  {:>9} {:>6} {:>6}  "
      "{}\n",
      kPublishedFloor, kPublishedCeiling, "test", "ours", "clean", "published", "empty", "most",
      "remark");
  for (size_t i = 0; i < kPublishedTests; ++i) {
    const PublishedTest& published = published_tests()[i];
    const TestSummary* ours = find(summary, published.id);
    const auto& score = model.scores[i];
    std::string remark = published.constant ? "constant" : "";
    if (score && *score == published.empty)
      remark += remark.empty() ? "equals its empty score" : ", equals its empty score";
    const bool graded = ours != nullptr && ours->n_cells > 0;
    fmt::print("  {:<30} {:>20} {:>7}  {:>9} {:>6.3g} {:>6.3g}  {}\n",
               find_test(published.id)->title, graded ? with_ci(ours->score) : "-",
               graded ? fmt::format("{}/{}", ours->n_clean, ours->n_cells) : "-",
               score ? fmt::format("{:.3g}", *score) : "failed", published.empty, published.max,
               remark);
  }
}

Result<int> compare_runs(const CompareOptions& options) {
  if (!options.b && !options.published)
    return fail(Errc::invalid_argument,
                "compare with what? Name a second run or give --published MODEL");
  RunStore store = STRIDE_TRY(RunStore::open(options.database, true));
  const Texts texts = options.html ? Texts::load : Texts::leave;
  std::vector<Summary> runs;
  runs.push_back(STRIDE_TRY(summarize(store, STRIDE_TRY(find_run(store, options.a)), texts)));
  if (options.b)
    runs.push_back(STRIDE_TRY(summarize(store, STRIDE_TRY(find_run(store, *options.b)), texts)));
  ReportInput input{.runs = std::move(runs)};
  if (options.b) {
    Comparison comparison = STRIDE_TRY(compare(input.runs[0], input.runs[1]));
    print_comparison(comparison, input.runs[0], input.runs[1]);
    input.pairs.push_back({0, 1, std::move(comparison)});
  }
  if (options.published) {
    input.published = STRIDE_TRY(published_model(*options.published));
    print_published(input.runs[0], *input.published);
  }
  if (options.html) STRIDE_TRY(write_text(*options.html, to_html(input)));
  if (options.markdown) STRIDE_TRY(write_text(*options.markdown, to_markdown(input)));
  if (options.json) STRIDE_TRY(write_text(*options.json, to_json(input)));
  return kGauntletOk;
}

struct GateOptions {
  std::string run, baseline, policy, database = kDefaultDatabase;
  std::optional<std::string> baseline_database;
  SecretFlags secrets;  // for more repeats
};

void print_gate(const GateReport& report) {
  for (const GateCheck& check : report.checks)
    fmt::print("{:<13} {}: {}\n", name(check.result), check.name, check.detail);
}

// Asks one more repeat of each variant; nothing where the policy allows no more cells.
Result<std::optional<int>> ask_more(RunStore& store, int64_t run, const GateOptions& options,
                                    const GatePolicy& policy, size_t n_first,
                                    const StopOnInterrupt& interrupt) {
  const RunRecord record = STRIDE_TRY(store.run(run));
  RunPlan plan = STRIDE_TRY(plan_from_json(record.plan_json));
  ++plan.repeats;
  if (planned_cells(plan).size() > n_first + policy.max_extra_cells) return std::nullopt;
  const EndpointOptions endpoint =
      STRIDE_TRY(stored_endpoint(record.endpoint_json, options.secrets));
  fmt::print(stderr, "inconclusive: asking repeat {} of each variant\n", plan.repeats);
  STRIDE_TRY(check(plan));
  STRIDE_TRY(store.set_plan(run, to_json(plan), record.env));
  STRIDE_TRY(store.add_cells(run, planned_cells(plan)));
  return STRIDE_TRY(work_off(store, run, plan, endpoint, interrupt));
}

Result<int> gate(const GateOptions& options) {
  const GatePolicy policy = STRIDE_TRY(parse_policy(STRIDE_TRY(read_text(options.policy))));
  RunStore store = STRIDE_TRY(RunStore::open(options.database, true));
  const int64_t run = STRIDE_TRY(find_run(store, options.run));
  RunStore baseline_store =
      STRIDE_TRY(RunStore::open(options.baseline_database.value_or(options.database), true));
  const Summary baseline = STRIDE_TRY(summarize(
      baseline_store, STRIDE_TRY(find_run(baseline_store, options.baseline)), Texts::leave));
  const StopOnInterrupt interrupt;
  const RunPlan first = STRIDE_TRY(plan_from_json(STRIDE_TRY(store.run(run)).plan_json));
  const size_t n_first = planned_cells(first).size();
  GateReport report;
  while (true) {
    report =
        STRIDE_TRY(run_gate(policy, STRIDE_TRY(summarize(store, run, Texts::leave)), baseline));
    if (report.result != GateResult::inconclusive || policy.on_inconclusive != OnInconclusive::more)
      break;
    const auto code = STRIDE_TRY(ask_more(store, run, options, policy, n_first, interrupt));
    if (!code) break;
    if (*code != kGauntletOk) return *code;
  }
  print_gate(report);
  const GateResult result = settle(policy, report.result);
  fmt::print("gate: {}\n", name(result));
  return result == GateResult::pass   ? kGauntletOk
         : result == GateResult::fail ? kGauntletGateFailed
                                      : kGauntletInconclusive;
}

}  // namespace

int gauntlet_compare(Arguments args) {
  CompareOptions options;
  CommandLine line("gauntlet compare",
                   "Compares two runs of the same questions, or shows a run beside a model of the "
                   "published series.");
  line.positional("A", options.a, "number of a run, or latest")
      .optional_positional("B", options.b, "the other run")
      .option("--published", options.published, "a model of the published series")
      .option("--html", options.html, "also write the page")
      .option("--md", options.markdown, "also write Markdown")
      .option("--json", options.json, "also write JSON; - is standard output")
      .option("--db", options.database, "where runs are kept");
  line.example("stride gauntlet compare 4 3", "with intervals and adjusted probabilities")
      .example("stride gauntlet compare latest --published step-3.7-flash",
               "beside what was printed, with its floor and ceiling");
  if (const auto stop = parse_gauntlet(line, args)) return *stop;
  const auto code = compare_runs(options);
  return code ? *code : report_gauntlet("compare", code.error());
}

int gauntlet_gate(Arguments args) {
  GateOptions options;
  CommandLine line("gauntlet gate",
                   "Decides by a policy whether a run may replace a baseline: 0 it may, 2 it may "
                   "not, 3 that cannot be told.");
  line.positional("RUN", options.run, "number of the new run, or latest")
      .option("--baseline", options.baseline, "number of the run to compare with")
      .option("--policy", options.policy, "JSON file with the limits")
      .option("--db", options.database, "where runs are kept")
      .option("--baseline-db", options.baseline_database, "where the baseline is kept");
  add_secret_flags(line, options.secrets);
  line.example("stride gauntlet gate latest --baseline 1 --policy policy.json",
               R"(with {"max_drop": 0.03, "delivery_min": 0.98, "on_inconclusive": "more", )"
               R"("max_extra_cells": 150})");
  if (const auto stop = parse_gauntlet(line, args)) return *stop;
  if (options.baseline.empty() || options.policy.empty()) {
    fmt::print(stderr, "stride gauntlet gate: --baseline and --policy are needed\n");
    return kGauntletUsage;
  }
  const auto code = gate(options);
  return code ? *code : report_gauntlet("gate", code.error());
}

}  // namespace stride::cli
