// SPDX-License-Identifier: Apache-2.0
// The reports that have one entry a cell: CSV for tables, JUnit for build servers.
#include <fmt/core.h>

#include "gauntlet/escape.h"
#include "gauntlet/report.h"
#include "gauntlet/report_words.h"

namespace stride::gauntlet {
namespace {

std::string field(std::optional<double> value) {
  return value ? fmt::format("{:.6g}", *value) : std::string();
}

std::string field(std::optional<uint64_t> value) {
  return value ? fmt::format("{}", *value) : std::string();
}

std::string csv_line(const Summary& run, const CellResult& cell) {
  const Grade& grade = cell.cell.grade;
  std::string flags;
  for (const std::string& flag : grade.flags) flags += (flags.empty() ? "" : " ") + flag;
  std::string out = fmt::format(
      "{},{},{},{},{},{},{:.6g},{:d},{:d},{},{},{},{},{},{}", run.run.id, csv_field(run.run.model),
      cell.cell.key.test, cell.cell.key.variant, cell.cell.key.repeat, cell.cell.key.env,
      grade.score, grade.passed, grade.clean, name(grade.failure), field(cell.cell.recovered_score),
      csv_field(flags), cell.attempts.size(), cell.n_requests, cell.n_delivered);
  const AttemptRecord* record = timed_attempt(cell);
  if (record == nullptr) return out + std::string(18, ',') + "\n";
  const Attempt& attempt = record->attempt;
  const Timing& timing = attempt.timing;
  const TokenUsage& usage = attempt.usage;
  return out + fmt::format(",{},{},{},{},{},{},{},{},{:.6g},{},{},{},{},{},{},{},{:d},{}\n",
                           attempt.http_status, csv_field(attempt.finish_reason),
                           field(timing.ttfb), field(timing.ttfe), field(timing.ttft),
                           field(timing.ttfr), field(timing.ttfa), field(timing.max_gap),
                           timing.total, field(usage.input), field(usage.cached),
                           field(usage.output), field(usage.reasoning), name(usage.source),
                           field(record->cost_usd), csv_field(record->request_sha),
                           record->contended, csv_field(attempt.message));
}

}  // namespace

std::string to_csv(std::span<const Summary> runs) {
  std::string out =
      "run,model,test,variant,repeat,env,score,passed,clean,class,recovered_score,flags,tries,"
      "requests,delivered,http_status,finish,ttfb_s,ttfe_s,ttft_s,ttfr_s,ttfa_s,max_gap_s,total_s,"
      "tok_in,tok_cached,tok_out,tok_reason,tok_source,cost_usd,request_sha,contended,message\n";
  for (const Summary& run : runs)
    for (const CellResult& cell : run.cells) out += csv_line(run, cell);
  return out;
}

std::string to_junit(std::span<const Summary> runs) {
  std::string suites;
  size_t n_all = 0, n_failed = 0;
  for (const Summary& run : runs)
    for (const TestSummary& test : run.tests) {
      std::string cases;
      size_t n = 0, n_bad = 0;
      double seconds = 0;
      for (const CellResult& cell : run.cells) {
        if (cell.cell.key.test != test.id) continue;
        const Grade& grade = cell.cell.grade;
        const AttemptRecord* last = last_attempt(cell);
        const double total = last == nullptr ? 0 : last->attempt.timing.total;
        ++n;
        seconds += total;
        cases += fmt::format(
            "    <testcase classname=\"{}.{}\" name=\"variant {} repeat {}\" "
            "time=\"{:.3f}\"",
            escape_xml(subject(run)), test.id, cell.cell.key.variant, cell.cell.key.repeat, total);
        if (grade.passed) {
          cases += "/>\n";
          continue;
        }
        ++n_bad;
        std::string why;
        for (const Criterion& criterion : grade.criteria)
          if (criterion.value < 1)
            why += fmt::format("{}: {:.2f} of {:.2f} {}\n", criterion.name,
                               criterion.weight * criterion.value, criterion.weight,
                               criterion.evidence);
        cases += fmt::format(
            "><failure type=\"{}\" message=\"score {:.2f}, {}\">{}</failure></testcase>\n",
            name(grade.failure), grade.score,
            escape_xml(last == nullptr || last->attempt.message.empty()
                           ? words_of(grade.failure)
                           : shortened(last->attempt.message, 200)),
            escape_xml(why));
      }
      n_all += n;
      n_failed += n_bad;
      suites += fmt::format(
          "  <testsuite name=\"{}.{}\" tests=\"{}\" failures=\"{}\" "
          "time=\"{:.3f}\">\n{}  </testsuite>\n",
          escape_xml(subject(run)), test.id, n, n_bad, seconds, cases);
    }
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites tests=\"{}\" failures=\"{}\">\n"
      "{}</testsuites>\n",
      n_all, n_failed, suites);
}

}  // namespace stride::gauntlet
