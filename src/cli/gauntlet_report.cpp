// SPDX-License-Identifier: Apache-2.0
// stride gauntlet report and show: what is written about runs.
#include <fmt/core.h>

#include "base/utf8.h"
#include "cli/gauntlet_commands.h"
#include "cli/gauntlet_session.h"
#include "cli/human.h"
#include "cli/terminal.h"
#include "gauntlet/report.h"
#include "gauntlet/report_words.h"

namespace stride::cli {
namespace {

using namespace gauntlet;

struct ReportOptions {
  std::vector<std::string> runs;
  std::string database = kDefaultDatabase;
  std::optional<std::string> html, markdown, json, csv, junit, published;
};

Result<int> write_reports(const ReportOptions& options) {
  RunStore store = STRIDE_TRY(RunStore::open(options.database, true));
  std::vector<Summary> summaries;
  for (const std::string& name :
       options.runs.empty() ? std::vector<std::string>{"latest"} : options.runs)
    summaries.push_back(
        STRIDE_TRY(summarize(store, STRIDE_TRY(find_run(store, name)), Texts::load)));
  std::vector<std::string> notes;
  ReportInput input = report_input(std::move(summaries), notes);
  for (const std::string& note : notes) fmt::print(stderr, "note: {}\n", note);
  if (options.published) input.published = STRIDE_TRY(published_model(*options.published));
  bool written = false;
  const auto write = [&](const std::optional<std::string>& path, auto text) -> Result<> {
    if (!path) return {};
    written = true;
    return write_text(*path, text());
  };
  STRIDE_TRY(write(options.html, [&] { return to_html(input); }));
  STRIDE_TRY(write(options.markdown, [&] { return to_markdown(input); }));
  STRIDE_TRY(write(options.json, [&] { return to_json(input); }));
  STRIDE_TRY(write(options.csv, [&] { return to_csv(input.runs); }));
  STRIDE_TRY(write(options.junit, [&] { return to_junit(input.runs); }));
  if (!written) fmt::print("{}", to_markdown(input));
  return kGauntletOk;
}

struct ShowOptions {
  std::string run, test, database = kDefaultDatabase;
  std::optional<uint64_t> variant, repeat;
  bool question = false;
};

void print_texts(const Attempt& attempt) {
  const auto block = [](std::string_view title, const std::string& text) {
    if (!text.empty()) fmt::print("--- {}\n{}\n", title, safe_text(to_valid_utf8(text)));
  };
  block("reasoning", attempt.reasoning);
  block("answer", attempt.answer);
  block("refusal", attempt.refusal);
  for (const CapturedCall& call : attempt.calls)
    fmt::print("--- call {}({})\n", printable(call.name), safe_text(to_valid_utf8(call.arguments)));
}

void print_question(const RunPlan& plan, const CellKey& key) {
  const auto drawn = draw(plan, key);
  const Question question = drawn->question();
  for (const ChatTurn& turn : question.turns)
    fmt::print("--- {}\n{}\n", turn.role == ChatTurn::Role::system ? "system" : "user", turn.text);
  for (const ToolSpec& tool : question.tools)
    fmt::print("--- tool {}: {}\n{}\n", tool.name, tool.description, tool.parameters);
}

void print_cell(const Summary& summary, const CellResult& cell, bool question) {
  const Grade& grade = cell.cell.grade;
  fmt::print("=== {} variant {} repeat {} ({}): score {:.2f}, {}{}\n", cell.cell.key.test,
             cell.cell.key.variant, cell.cell.key.repeat, cell.cell.key.env, grade.score,
             words_of(grade.failure), grade.clean ? ", clean" : "");
  if (cell.cell.recovered_score)
    fmt::print("the reasoning alone would score {:.2f}\n", *cell.cell.recovered_score);
  for (const Criterion& criterion : grade.criteria)
    fmt::print("  {:.3f} of {:.3f}  {}{}{}\n", criterion.weight * criterion.value, criterion.weight,
               criterion.name, criterion.gate ? " (gate)" : "",
               criterion.evidence.empty() ? "" : ": " + printable(criterion.evidence, 300));
  if (question) print_question(summary.plan, cell.cell.key);
  for (const AttemptRecord& record : cell.attempts) {
    const Attempt& attempt = record.attempt;
    const Timing& timing = attempt.timing;
    fmt::print("turn {} try {}: HTTP {}, {}, finish {}, TTFT {}, TTFR {}, TTFA {}, total {}{}\n",
               record.turn + 1, record.n + 1, attempt.http_status, words_of(attempt.failure),
               attempt.finish_reason.empty() ? "-" : printable(attempt.finish_reason, 40),
               duration(timing.ttft), duration(timing.ttfr), duration(timing.ttfa),
               duration(timing.total),
               attempt.message.empty() ? "" : ": " + printable(attempt.message, 300));
    print_texts(attempt);
  }
}

Result<int> show(const ShowOptions& options) {
  if (find_test(options.test) == nullptr) {
    std::vector<std::string> known;
    for (const TestInfo& test : tests()) known.emplace_back(test.id);
    const std::string nearest = nearest_name(options.test, known);
    return fail(Errc::invalid_argument, "there is no test \"{}\"{}", options.test,
                nearest.empty() ? "" : fmt::format("; did you mean {}?", nearest));
  }
  RunStore store = STRIDE_TRY(RunStore::open(options.database, true));
  const Summary summary =
      STRIDE_TRY(summarize(store, STRIDE_TRY(find_run(store, options.run)), Texts::load));
  size_t n = 0;
  for (const CellResult& cell : summary.cells) {
    const CellKey& key = cell.cell.key;
    if (key.test != options.test || (options.variant && *options.variant != key.variant) ||
        (options.repeat && *options.repeat != key.repeat))
      continue;
    print_cell(summary, cell, options.question);
    ++n;
  }
  if (n == 0) return fail(Errc::not_found, "run {} has no such finished cell", summary.run.id);
  return kGauntletOk;
}

}  // namespace

int gauntlet_report(Arguments args) {
  ReportOptions options;
  CommandLine line("gauntlet report",
                   "Writes reports about runs; the first is the subject, others are compared with "
                   "it. Without a file the Markdown is printed.");
  line.rest("RUN", options.runs, "numbers of runs, or latest")
      .option("--html", options.html, "one page with charts that needs nothing else")
      .option("--md", options.markdown, "a post in the layout of the published series")
      .option("--json", options.json, "everything, for programs; - is standard output")
      .option("--csv", options.csv, "a line for each cell")
      .option("--junit", options.junit, "a test case for each cell, for build servers")
      .option("--published", options.published, "also a column of the published series")
      .option("--db", options.database, "where runs are kept");
  line.example("stride gauntlet report latest --html report.html", "to read")
      .example("stride gauntlet report 4 3 --html both.html --published step-3.7-flash",
               "head to head, beside the published scores")
      .example("stride gauntlet report 4 --json - | jq '.runs[0].readiness'", "for scripts");
  if (const auto stop = parse_gauntlet(line, args)) return *stop;
  const auto code = write_reports(options);
  return code ? *code : report_gauntlet("report", code.error());
}

int gauntlet_show(Arguments args) {
  ShowOptions options;
  CommandLine line("gauntlet show", "Prints the finished cells of one test of a run.");
  line.positional("RUN", options.run, "number of the run, or latest")
      .positional("TEST", options.test, "such as code_generation")
      .option("--variant", options.variant, "only this one")
      .option("--repeat", options.repeat, "only this one")
      .flag("--question", options.question, "also what was asked")
      .option("--db", options.database, "where runs are kept");
  line.example("stride gauntlet show latest tool_use --variant 0 --question",
               "the whole conversation and why it was graded so");
  if (const auto stop = parse_gauntlet(line, args)) return *stop;
  const auto code = show(options);
  return code ? *code : report_gauntlet("show", code.error());
}

}  // namespace stride::cli
