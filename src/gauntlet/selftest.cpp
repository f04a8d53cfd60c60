// SPDX-License-Identifier: Apache-2.0
#include "gauntlet/selftest.h"

#include <algorithm>

#include "gauntlet/prose.h"
#include "gauntlet/sandbox.h"
#include "gauntlet/scorer.h"
#include "gauntlet/seating_puzzle.h"
#include "gauntlet/trace_programs.h"

namespace stride::gauntlet {
namespace {

using Must = PseudoAnswer::Must;

std::string_view wanted(Must must) {
  switch (must) {
    case Must::be_zero:
      return "0";
    case Must::fail:
      return "at most 0.40";
    case Must::not_pass:
      return "no pass";
    case Must::not_clean:
      return "not clean";
    case Must::be_perfect:
      return "1.000";
  }
  return {};
}

bool holds(Must must, const Grade& grade) {
  switch (must) {
    case Must::be_zero:
      return grade.score == 0 && !grade.passed;
    case Must::fail:
      return grade.score <= kGateCap && !grade.passed;
    case Must::not_pass:
      return !grade.passed;
    case Must::not_clean:
      return !grade.clean;
    case Must::be_perfect:
      return grade.score >= kCleanScore && grade.passed && grade.clean;
  }
  return false;
}

std::string explain(const Grade& grade) {
  std::string out;
  for (const Criterion& c : grade.criteria) {
    out += fmt::format("{}{} {:.2f} x {:.3f} ({})", out.empty() ? "" : "; ", c.name, c.value,
                       c.weight, c.evidence);
  }
  return out;
}

// The same answers with CRLF line ends and white space behind them.
std::vector<Attempt> respaced(std::vector<Attempt> attempts) {
  for (Attempt& attempt : attempts) {
    std::string text;
    for (const char c : attempt.answer) {
      if (c == '\n') text += '\r';
      text += c;
    }
    if (!trim(text).empty()) text += " \t\r\n\r\n ";
    attempt.answer = std::move(text);
  }
  return attempts;
}

class Runner {
 public:
  Runner(Sandbox& sandbox, const SelftestOptions& options, SelftestReport& report)
      : sandbox_(sandbox), options_(options), report_(report) {}

  void test(const TestInfo& info) {
    if (is_unsupported(info, sandbox_)) {
      report_.unsupported.emplace_back(info.id);
      return;
    }
    for (uint32_t i = 0; i < kFrozenVariants; ++i) variant(info, {.index = i});
    for (uint32_t i = 0; i < options_.fresh; ++i) variant(info, {.seed = options_.seed + i});
  }

 private:
  void variant(const TestInfo& info, const Variant& variant) {
    const std::unique_ptr<Case> drawn = make_case(info.id, variant, options_.today);
    for (const PseudoAnswer& answer : drawn->certification()) {
      const Grade result = grade(info, *drawn, answer.attempts, sandbox_);
      add(info, variant, answer.name, std::string(wanted(answer.must)), result,
          holds(answer.must, result));
      if (answer.name != "reference") continue;
      const Grade again = grade(info, *drawn, respaced(answer.attempts), sandbox_);
      add(info, variant, "reference with CRLF and white space", "the same", again,
          again.score == result.score && again.passed == result.passed);
    }
    if (info.id == "complex_reasoning") puzzle(info, variant);
    if (info.id == "code_execution_reasoning") trace(info, variant);
  }

  void add(const TestInfo& info, const Variant& variant, std::string check, std::string want,
           const Grade& result, bool good) {
    report_.rows.push_back({.test = std::string(info.id),
                            .variant = variant,
                            .check = std::move(check),
                            .wanted = std::move(want),
                            .score = result.score,
                            .passed = result.passed,
                            .holds = good,
                            .detail = good ? "" : explain(result)});
  }

  void puzzle(const TestInfo& info, const Variant& variant) {
    const std::string fault = puzzle_fault(puzzle_for(variant));
    report_.rows.push_back({.test = std::string(info.id),
                            .variant = variant,
                            .check = "one solution, every clue needed",
                            .wanted = "yes",
                            .holds = fault.empty(),
                            .detail = fault});
  }

  // The key against the interpreter itself, where there is one.
  void trace(const TestInfo& info, const Variant& variant) {
    if (!sandbox_.available()) return;
    const TraceProgram program = trace_program_for(variant);
    std::string key;
    for (const std::string& line : program.output) key += line + '\n';
    const auto run = sandbox_.run(program.code);
    const bool same = run && run->output == key;
    report_.rows.push_back({.test = std::string(info.id),
                            .variant = variant,
                            .check = "the key is what Python prints",
                            .wanted = "yes",
                            .holds = same,
                            .detail = same  ? ""
                                      : run ? "Python prints " + quote(run->output + run->error)
                                            : run.error().message});
  }

  Sandbox& sandbox_;
  const SelftestOptions& options_;
  SelftestReport& report_;
};

}  // namespace

size_t SelftestReport::n_failed() const {
  return static_cast<size_t>(std::ranges::count(rows, false, &SelftestRow::holds));
}

SelftestReport selftest(Sandbox& sandbox, const SelftestOptions& options,
                        const std::function<void(std::string_view)>& progress) {
  SelftestReport report;
  report.sandbox =
      sandbox.available() ? sandbox.description() : "none: " + sandbox.unavailable_reason();
  Runner runner(sandbox, options, report);
  for (const TestInfo& info : tests()) {
    if (!options.only.empty() && options.only != info.id) continue;
    if (progress) progress(info.id);
    runner.test(info);
  }
  return report;
}

}  // namespace stride::gauntlet
