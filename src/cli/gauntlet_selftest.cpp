// SPDX-License-Identifier: Apache-2.0
// stride gauntlet selftest: the harness grades answers whose grade is known, and says so in a
// table.
#include "gauntlet/selftest.h"

#include <fmt/core.h>
#include <unistd.h>

#include <cstdio>
#include <map>
#include <optional>
#include <string>

#include "cli/command_line.h"
#include "gauntlet/sandbox.h"
#include "json/json.h"

namespace stride::cli {

int gauntlet_selftest(Arguments args);

namespace {

constexpr int kUsage = 1, kSelftestFailed = 6;

std::string variant_text(const gauntlet::Variant& variant) {
  return variant.seed ? fmt::format("fresh:{}", *variant.seed) : std::to_string(variant.index);
}

void print_row(const gauntlet::SelftestRow& row) {
  fmt::print("{} {:<26} {:>8}  {:<44} {:>12}  {:.3f}\n", row.holds ? "ok  " : "FAIL", row.test,
             variant_text(row.variant), row.check, row.wanted, row.score);
  if (!row.detail.empty()) fmt::print("       {}\n", row.detail);
}

void print_table(const gauntlet::SelftestReport& report, bool all) {
  struct Count {
    size_t n = 0, failed = 0;
    double reference = 1;
  };
  std::map<std::string, Count> counts;
  for (const gauntlet::SelftestRow& row : report.rows) {
    Count& count = counts[row.test];
    ++count.n;
    count.failed += row.holds ? 0 : 1;
    if (row.check == "reference") count.reference = std::min(count.reference, row.score);
    if (all || !row.holds) print_row(row);
  }
  fmt::print("{:<26} {:>7} {:>7} {:>10}\n", "test", "checks", "failed", "reference");
  for (const gauntlet::TestInfo& test : gauntlet::tests()) {
    const auto it = counts.find(std::string(test.id));
    if (it == counts.end()) continue;
    fmt::print("{:<26} {:>7} {:>7} {:>10.3f}\n", test.id, it->second.n, it->second.failed,
               it->second.reference);
  }
  for (const std::string& test : report.unsupported) {
    fmt::print("{:<26} not checked: there is no sandbox\n", test);
  }
  fmt::print("sandbox: {}\n{} checks, {} failed\n", report.sandbox, report.rows.size(),
             report.n_failed());
}

void print_json(const gauntlet::SelftestReport& report) {
  Json rows = Json::array();
  for (const gauntlet::SelftestRow& row : report.rows) {
    Json item;
    item["test"] = row.test;
    item["variant"] = variant_text(row.variant);
    item["check"] = row.check;
    item["wanted"] = row.wanted;
    item["score"] = row.score;
    item["passed"] = row.passed;
    item["holds"] = row.holds;
    if (!row.detail.empty()) item["detail"] = row.detail;
    rows.push_back(std::move(item));
  }
  Json out;
  out["sandbox"] = report.sandbox;
  out["unsupported"] = report.unsupported;
  out["checks"] = report.rows.size();
  out["failed"] = report.n_failed();
  out["rows"] = std::move(rows);
  fmt::print("{}\n", json::dump(out));
}

}  // namespace

int gauntlet_selftest(Arguments args) {
  gauntlet::SelftestOptions options;
  gauntlet::SandboxOptions sandbox_options;
  std::string isolation = "auto";
  bool json_output = false;
  bool verbose = false;
  CommandLine line(
      "gauntlet selftest",
      "Grades answers whose grade is known: the proof that the tests measure something.");
  line.option("--test", options.only, "only this test, e.g. basic_reasoning")
      .option("--fresh", options.fresh, "drawn variants per test besides the five frozen ones")
      .option("--seed", options.seed, "seed of the first drawn variant")
      .option("--python", sandbox_options.interpreter,
              "the Python 3 interpreter for generated code")
      .choice("--sandbox", isolation, {"auto", "rlimit", "none"},
              "auto: own namespaces; rlimit: weaker, where those are missing; none: skip code")
      .flag("--json", json_output, "print every check as JSON")
      .flag("-v,--verbose", verbose, "print every check, not only those that fail");
  line.example("stride gauntlet selftest", "exit code 6 if a single check fails");
  if (const auto stop = line.parse(args)) return *stop == 2 ? kUsage : *stop;
  if (!options.only.empty() && gauntlet::find_test(options.only) == nullptr) {
    fmt::print(stderr, "stride: there is no test {}\n", options.only);
    return kUsage;
  }
  sandbox_options.allow_weak = isolation == "rlimit";
  gauntlet::Sandbox sandbox = isolation == "none" ? gauntlet::Sandbox::unavailable("switched off")
                                                  : gauntlet::Sandbox::open(sandbox_options);
  const bool terminal = isatty(STDERR_FILENO) != 0;
  const auto report = gauntlet::selftest(sandbox, options, [&](std::string_view test) {
    if (terminal) fmt::print(stderr, "\r\x1b[K{}", test);
  });
  if (terminal) fmt::print(stderr, "\r\x1b[K");
  if (json_output) {
    print_json(report);
  } else {
    print_table(report, verbose);
  }
  return report.ok() ? 0 : kSelftestFailed;
}

}  // namespace stride::cli
