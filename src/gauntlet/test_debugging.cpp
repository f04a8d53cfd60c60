// SPDX-License-Identifier: Apache-2.0
// Test 3: a reviewer calls three functions wrong; one is right. Judging the right one right and
// repairing at least one of the others are the gates, so neither "all wrong" nor "all fine" passes.
#include <algorithm>
#include <array>

#include "gauntlet/cases.h"
#include "gauntlet/debug_snippets.h"
#include "gauntlet/pattern.h"
#include "gauntlet/prose.h"
#include "gauntlet/python_runner.h"
#include "gauntlet/scorer.h"

namespace stride::gauntlet {
namespace {

constexpr std::array<std::string_view, 3> kLetters = {"A", "B", "C"};
using Triple = std::array<const DebugSnippet*, 3>;

constexpr std::array<std::array<std::string_view, 3>, kFrozenVariants> kFrozen = {
    {{"smooth", "tally", "find"},
     {"chunks", "rotate", "grid"},
     {"multipliers", "adds_up", "dedupe"},
     {"average", "clamp", "spread"},
     {"find", "multipliers", "is_leap"}}};

std::string numbered(std::string_view code) {
  std::string out;
  int number = 1;
  while (!code.empty()) {
    const size_t end = std::min(code.find('\n'), code.size());
    out += (number < 10 ? " " : "") + std::to_string(number) + "  " +
           std::string(code.substr(0, end)) + '\n';
    ++number;
    code.remove_prefix(std::min(end + 1, code.size()));
  }
  return out;
}

struct Verdict {
  enum class Says : uint8_t { nothing, ok, bug } says = Says::nothing;
  std::optional<int64_t> line{};
};

// "OK", "BUG line 6", "bug (line 6: lo = mid)". What follows the first word only explains it.
Verdict read_verdict(const std::string& value) {
  const Tokens words = tokens(strip_markdown(value));
  if (words.empty()) return {};
  if (words.size() > 1 && words[1] == "or") return {};
  if (words[0] == "ok" || words[0] == "okay" || words[0] == "correct") {
    return matches(words, "bug line|lines") ? Verdict{} : Verdict{.says = Verdict::Says::ok};
  }
  if (words[0] != "bug" && words[0] != "buggy") return {};
  Verdict out{.says = Verdict::Says::bug};
  const auto at =
      std::ranges::find_if(words, [](const std::string& w) { return w == "line" || w == "lines"; });
  if (at == words.end() || at + 1 == words.end()) return out;
  const std::vector<int64_t> first = integers(*(at + 1));
  // A list of lines is a guess.
  const bool list = at + 2 != words.end() &&
                    (!integers(*(at + 2)).empty() || *(at + 2) == "or" ||
                     (*(at + 2) == "and" && at + 3 != words.end() && !integers(*(at + 3)).empty()));
  if (first.size() == 1 && !list) out.line = first[0];
  return out;
}

// The one verdict under a letter. Explanations may stand under the same letter; a second, different
// verdict makes it none.
Verdict verdict_of(const Labelled& entry) {
  Verdict out;
  for (const std::string& value : entry.all) {
    const Verdict next = read_verdict(value);
    if (next.says == Verdict::Says::nothing) continue;
    const bool first = out.says == Verdict::Says::nothing;
    const bool differs = next.says != out.says || (next.line && out.line && next.line != out.line);
    if (!first && differs) return {};
    if (first || next.line) out = next;
  }
  return out;
}

class Debugging final : public Case {
 public:
  explicit Debugging(const Triple& snippets) : snippets_(snippets) {}

  Question question() const override {
    std::string text =
        "A reviewer says that all three Python functions below are wrong. Some of the claims are "
        "false, and where a function is wrong the bug may be another one.\n";
    for (size_t i = 0; i < 3; ++i) {
      const DebugSnippet& s = *snippets_[i];
      text += '\n' + letter(i) + ". `" + std::string(s.function) + "` " + std::string(s.purpose) +
              ". Claim: \"" + std::string(s.claim) + "\".\n```\n" + numbered(s.code) + "```\n";
    }
    text +=
        "\nFor each write `A: OK` or `A: BUG line <n>` (likewise B, C; lines are counted from each "
        "def = 1), then one Python block with corrected versions of only the wrong ones, same "
        "names.";
    return ask(std::move(text));
  }

  Grade grade(std::span<const Attempt> attempts, Sandbox& sandbox) const override {
    const std::string answer = raw_lines(attempts.back().answer);
    const std::vector<std::string> letters(kLetters.begin(), kLetters.end());
    const std::vector<Labelled> entries = labelled(answer, letters);
    std::array<Verdict, 3> verdicts;
    std::ranges::transform(entries, verdicts.begin(), verdict_of);
    Scorer scorer;
    bool spared = false;
    for (size_t i = 0; i < 3; ++i) {
      spared = spared || (snippets_[i]->is_correct() && verdicts[i].says == Verdict::Says::ok);
      add_verdict(scorer, i, verdicts[i], entries[i]);
    }
    bool repaired = false;
    for (size_t i = 0; i < 3; ++i) {
      if (snippets_[i]->is_correct()) continue;
      const Result<std::string> fault = fault_of_repair(answer, *snippets_[i], sandbox);
      if (!fault) return nothing_to_grade(FailureClass::harness_error, fault.error().message);
      repaired = repaired || fault->empty();
      scorer.add("repair of " + letter(i), 0.20, fault->empty(),
                 fault->empty() ? "all hidden calls right" : *fault);
    }
    scorer.gate("the right one is called OK", 0, spared, spared, kGateCap,
                spared ? "spared" : "the correct function is not called OK");
    scorer.gate("one repair works", 0, repaired, repaired, kGateCap,
                repaired ? "yes" : "no repair passes its calls");
    return scorer.finish();
  }

  std::vector<PseudoAnswer> certification() const override {
    using Must = PseudoAnswer::Must;
    auto out = usual_suspects(question(), verdict_lines() + block(true), Must::not_clean);
    const std::string fixes = block(true);
    out.push_back(pseudo("wrong: everything is a bug",
                         "A: BUG line 1\nB: BUG line 1\nC: BUG line 1\n" + fixes, Must::fail));
    out.push_back(pseudo("wrong: everything is fine", "A: OK\nB: OK\nC: OK\n", Must::fail));
    out.push_back(pseudo("wrong: verdicts without code", verdict_lines(), Must::fail));
    out.push_back(pseudo("wrong: code as it was", verdict_lines() + block(false), Must::fail));
    out.push_back(pseudo("wrong: hedged verdicts",
                         "A: OK or BUG line 1\nB: OK or BUG line 1\nC: OK or BUG line 6\n" + fixes,
                         Must::fail));
    std::string always_true = "```python\n";
    for (const DebugSnippet* s : snippets_) {
      always_true += "class Any(dict):\n    def __eq__(self, other):\n        return True\n\ndef " +
                     std::string(s->function) + "(*args, **kw):\n    return Any()\n\n";
    }
    out.push_back(pseudo("wrong: a value equal to everything",
                         verdict_lines() + always_true + "```\n", Must::fail));
    return out;
  }

 private:
  static std::string letter(size_t i) { return std::string(kLetters[i]); }

  void add_verdict(Scorer& scorer, size_t i, const Verdict& verdict, const Labelled& entry) const {
    const DebugSnippet& snippet = *snippets_[i];
    const auto wanted = snippet.is_correct() ? Verdict::Says::ok : Verdict::Says::bug;
    const std::string evidence = entry.found ? quote(entry.value) : "no line for " + letter(i);
    scorer.add("verdict on " + letter(i), 0.15, verdict.says == wanted, evidence);
    if (snippet.is_correct()) return;
    const bool right = verdict.says == Verdict::Says::bug && verdict.line &&
                       std::ranges::count(snippet.bug_lines, *verdict.line) > 0;
    scorer.add("line of " + letter(i), 0.075, right, evidence);
  }

  // Empty where the repair passes all its hidden calls.
  static Result<std::string> fault_of_repair(const std::string& answer, const DebugSnippet& snippet,
                                             Sandbox& sandbox) {
    const auto code = python_code(answer, snippet.function);
    if (!code) return "no code block defines " + std::string(snippet.function);
    std::vector<PythonCall> calls;
    for (const DebugSnippet::Check& check : snippet.checks) {
      calls.push_back({.name = std::string(snippet.called),
                       .arguments = std::string(check.arguments),
                       .call_each = std::string(snippet.each)});
    }
    const PythonRun run =
        STRIDE_TRY(run_python(sandbox, *code + '\n' + std::string(snippet.driver), calls, 1));
    if (!run.fault.empty()) return quote(run.fault);
    for (size_t i = 0; i < calls.size(); ++i) {
      if (run.outcomes[i].state == PythonOutcome::State::value &&
          same_result(run.outcomes[i].value, snippet.checks[i].expected)) {
        continue;
      }
      return std::string(snippet.function) + " fails for " + calls[i].arguments +
             (run.timed_out ? " (no result in time)" : "");
    }
    return std::string();
  }

  std::string verdict_lines() const {
    std::string out;
    for (size_t i = 0; i < 3; ++i) {
      const DebugSnippet& s = *snippets_[i];
      out += letter(i) +
             (s.is_correct() ? ": OK\n" : ": BUG line " + std::to_string(s.bug_lines[0]) + '\n');
    }
    return out;
  }

  std::string block(bool fixed) const {
    std::string out = "\n```python\n";
    for (const DebugSnippet* s : snippets_) {
      if (s->is_correct()) continue;
      out += std::string(fixed ? s->fixed : s->code) + "\n";
    }
    return out + "```\n";
  }

  Triple snippets_;
};

Triple draw_triple(Random& random) {
  std::vector<const DebugSnippet*> wrong;
  std::vector<const DebugSnippet*> right;
  for (const DebugSnippet& s : debug_snippets()) (s.is_correct() ? right : wrong).push_back(&s);
  std::vector<const DebugSnippet*> three = draw(random, wrong, 2);
  three.push_back(pick(random, right));
  three = draw(random, three, 3);
  return {three[0], three[1], three[2]};
}

}  // namespace

CasePtr make_debugging(const Variant& variant) {
  if (!variant.seed) {
    Triple triple{};
    std::ranges::transform(kFrozen[variant.index], triple.begin(),
                           [](std::string_view name) { return &debug_snippet(name); });
    return std::make_unique<Debugging>(triple);
  }
  Random random(variant_seed("debugging", variant));
  return std::make_unique<Debugging>(draw_triple(random));
}

}  // namespace stride::gauntlet
