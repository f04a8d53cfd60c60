// SPDX-License-Identifier: Apache-2.0
// Test 2: a function or class is written, and run against hidden calls in the sandbox. What counts
// is what it computes; words about it count nothing.
#include <algorithm>
#include <array>

#include "gauntlet/cases.h"
#include "gauntlet/code_tasks.h"
#include "gauntlet/pattern.h"
#include "gauntlet/prose.h"
#include "gauntlet/scorer.h"

namespace stride::gauntlet {
namespace {

// The interpreter's own start belongs to no call.
constexpr double kSpeedLimit = 1.0, kStartAllowance = 0.3;

bool is_right(const PythonOutcome& outcome, const CodeCheck& check) {
  return outcome.state == PythonOutcome::State::value && same_result(outcome.value, check.expected);
}

bool is_value_error(const PythonOutcome& outcome) {
  return outcome.state == PythonOutcome::State::raised &&
         std::ranges::find(outcome.raised, "ValueError") != outcome.raised.end();
}

std::vector<PythonCall> calls_of(std::span<const CodeCheck> checks) {
  std::vector<PythonCall> out;
  for (const CodeCheck& check : checks) out.push_back(check.call);
  return out;
}

std::string describe(const PythonOutcome& outcome) {
  if (outcome.state == PythonOutcome::State::value) return quote(outcome.value, 40);
  if (outcome.state == PythonOutcome::State::raised && !outcome.raised.empty()) {
    return outcome.raised[0];
  }
  return "no plain result";
}

const PythonFunction* find(const PythonSource& source, const std::string& name) {
  const auto it = std::ranges::find(source.functions, name, &PythonFunction::name);
  return it == source.functions.end() ? nullptr : &*it;
}

std::string code_of(const Attempt& attempt, const CodeTask& task) {
  const std::string text = raw_lines(attempt.answer);
  const auto block = python_code(text, task.targets[0]);
  if (!block) return {};
  const bool complete = std::ranges::all_of(
      task.targets, [&](const std::string& name) { return defines_python(*block, name); });
  // Functions that belong together may stand in blocks of their own.
  return complete ? *block : python_code(text, task.targets[0], true).value_or(*block);
}

class CodeGeneration final : public Case {
 public:
  explicit CodeGeneration(CodeTask task) : task_(std::move(task)) {}

  Question question() const override { return ask(task_.prompt); }

  Grade grade(std::span<const Attempt> attempts, Sandbox& sandbox) const override {
    const std::string code = code_of(attempts.back(), task_);
    if (code.empty()) {
      return nothing_to_grade(FailureClass::unparseable,
                              "no code block that defines " + task_.targets[0]);
    }
    std::vector<CodeCheck> all = task_.checks;
    all.insert(all.end(), task_.errors.begin(), task_.errors.end());
    const auto run = run_python(sandbox, code, calls_of(all));
    if (!run) return nothing_to_grade(FailureClass::harness_error, run.error().message);
    Scorer scorer;
    add_functional(scorer, *run);
    add_errors(scorer, *run);
    add_speed(scorer, sandbox, code, *run);
    add_annotations(scorer, run->source);
    add_docstring(scorer, run->source);
    add_clean(scorer, *run);
    return scorer.finish();
  }

  std::vector<PseudoAnswer> certification() const override {
    using Must = PseudoAnswer::Must;
    const auto fenced = [](const std::string& code) { return "```python\n" + code + "```\n"; };
    auto out = usual_suspects(question(), fenced(task_.reference), Must::not_pass);
    for (const auto& [name, code] : task_.mutants) {
      out.push_back(pseudo("mutant: " + name, fenced(code), Must::not_pass));
    }
    out.push_back(
        pseudo("wrong: prose only",
               "The function " + task_.targets[0] +
                   " uses type hints, a docstring, raises ValueError and runs in O(log n).",
               Must::be_zero));
    out.push_back(pseudo("wrong: does not parse",
                         fenced("def " + task_.targets[0] + "(:\n    return 1\n"), Must::fail));
    out.push_back(
        pseudo("wrong: a forged result line",
               fenced("import os\nfor i in range(60):\n    os.write(3, (\"{\\\"i\\\": %d, "
                      "\\\"v\\\": 0}\\n\" % i).encode())\ndef " +
                      task_.targets[0] + "(*args):\n    return 0\n"),
               Must::not_pass));
    return out;
  }

 private:
  void add_functional(Scorer& scorer, const PythonRun& run) const {
    size_t right = 0;
    size_t counted = 0;
    std::string first_miss;
    for (size_t i = 0; i < task_.checks.size(); ++i) {
      const CodeCheck& check = task_.checks[i];
      if (check.expected.empty()) continue;
      ++counted;
      if (is_right(run.outcomes[i], check)) {
        ++right;
      } else if (first_miss.empty()) {
        first_miss = "; " + check.call.name + quote(check.call.arguments, 40) + " gave " +
                     describe(run.outcomes[i]);
      }
    }
    if (!run.fault.empty()) first_miss = "; " + quote(run.fault);
    scorer.gate(
        "functional", 0.50, share(right, counted), right == counted, 0.50,
        std::to_string(right) + " of " + std::to_string(counted) + " hidden calls" + first_miss);
  }

  void add_errors(Scorer& scorer, const PythonRun& run) const {
    size_t right = 0;
    for (size_t i = 0; i < task_.errors.size(); ++i) {
      right += is_value_error(run.outcomes[task_.checks.size() + i]) ? 1 : 0;
    }
    scorer.add(
        "errors", 0.15, share(right, task_.errors.size()),
        std::to_string(right) + " of " + std::to_string(task_.errors.size()) + " raise ValueError");
  }

  // Only code that comes to an end at all is timed.
  void add_speed(Scorer& scorer, Sandbox& sandbox, const std::string& code,
                 const PythonRun& functional) const {
    const bool timed = functional.fault.empty() && !functional.timed_out;
    size_t fast = 0;
    std::string evidence;
    for (const CodeTask::Speed& speed : task_.speed) {
      if (!timed) break;
      const auto run = run_python(sandbox, code + '\n' + speed.driver, {speed.check.call}, 2);
      if (!run) continue;
      const bool right = is_right(run->outcomes[0], speed.check);
      fast += right && run->cpu_s <= kSpeedLimit + kStartAllowance ? 1 : 0;
      evidence += (evidence.empty() ? "" : ", ") + (run->timed_out ? std::string("too slow")
                                                    : right ? fmt::format("{:.1f} s", run->cpu_s)
                                                            : std::string("wrong result"));
    }
    scorer.add("speed", 0.15, fast == task_.speed.size(),
               timed ? evidence : "not run: the hidden calls do not end");
  }

  void add_annotations(Scorer& scorer, const PythonSource& source) const {
    std::string missing;
    for (const std::string& name : task_.annotated) {
      const PythonFunction* function = find(source, name);
      const bool constructor = name.ends_with("__init__");
      if (function == nullptr || function->annotated < function->parameters ||
          (!function->returns && !constructor)) {
        missing += ' ' + name;
      }
    }
    scorer.add("annotations", 0.07, missing.empty(),
               missing.empty() ? "complete" : "missing at" + missing);
  }

  void add_docstring(Scorer& scorer, const PythonSource& source) const {
    std::string text;
    for (const std::string& name : task_.documented) {
      if (const PythonFunction* function = find(source, name)) text += function->docstring + '\n';
    }
    const Tokens words = tokens(text);
    const bool named = std::ranges::all_of(task_.parameters, [&](const std::string& parameter) {
      return matches(words, fold(parameter));
    });
    scorer.add("docstring", 0.07, !words.empty() && named,
               words.empty() ? "none"
               : named       ? "names the parameters"
                             : "leaves out a parameter");
  }

  void add_clean(Scorer& scorer, const PythonRun& run) const {
    static constexpr std::array<std::string_view, 16> kImports = {
        "os",       "subprocess", "socket", "ctypes", "shutil", "importlib", "multiprocessing",
        "builtins", "inspect",    "gc",     "numpy",  "scipy",  "sympy",     "requests",
        "asyncio",  "pathlib"};
    static constexpr std::array<std::string_view, 5> kCalls = {"eval", "exec", "compile", "open",
                                                               "__import__"};
    std::string fault;
    if (!run.output.empty()) fault = "prints " + quote(run.output, 40);
    for (const std::string& name : run.source.imports) {
      if (std::ranges::find(kImports, name) != kImports.end() ||
          std::ranges::find(task_.forbidden_imports, name) != task_.forbidden_imports.end()) {
        fault = "imports " + name;
      }
    }
    for (const std::string& name : run.source.calls) {
      if (std::ranges::find(kCalls, name) != kCalls.end()) fault = "calls " + name;
    }
    if (!run.source.parses) fault = "does not parse";
    scorer.add("clean", 0.06, fault.empty(), fault.empty() ? "no output, no odd import" : fault);
  }

  CodeTask task_;
};

}  // namespace

CasePtr make_code_generation(const Variant& variant) {
  Random random(variant_seed("code_generation", variant));
  const size_t index = variant.seed ? random.below(kCodeTasks) : variant.index;
  return std::make_unique<CodeGeneration>(make_code_task(index, random));
}

}  // namespace stride::gauntlet
