// SPDX-License-Identifier: Apache-2.0
// The table of the tests, and the guards that hold for all of them.
#include "gauntlet/test.h"

#include <algorithm>
#include <array>

#include "base/check.h"
#include "gauntlet/cases.h"
#include "gauntlet/pattern.h"
#include "gauntlet/prose.h"
#include "gauntlet/sandbox.h"
#include "gauntlet/scorer.h"

namespace stride::gauntlet {
namespace {

constexpr std::array<TestInfo, 15> kTests = {{
    {"basic_reasoning", "Basic Reasoning", 400, 120, 30, 0.60},
    {"code_generation", "Code Generation", 1500, 120, 60, 0.60, 1, true},
    {"debugging", "Debugging", 1500, 120, 60, 0.60, 1, true},
    {"algorithm_explanation", "Algorithm Explanation", 400, 120, 30, 0.60},
    {"complex_reasoning", "Complex Multi-Step Reasoning", 1200, 300, 300, 0.60},
    {"content_generation", "Content Generation", 900, 180, 90, 0.60},
    {"edge_case_handling", "Edge Case Handling", 500, 120, 60, 0.60},
    {"long_context_rag", "Long-Context RAG", 600, 300, 120, 0.60},
    {"structured_output", "Structured Output (JSON)", 500, 120, 60, 0.70},
    {"tool_use", "Tool Use", 800, 240, 90, 0.60, 6},
    {"instruction_following", "Instruction Following", 400, 120, 60, 0.60},
    {"adversarial", "Adversarial / Trick", 400, 120, 30, 0.60},
    {"code_execution_reasoning", "Code Execution Reasoning", 700, 120, 60, 0.60},
    {"summarization", "Summarization Fidelity", 400, 180, 90, 0.60},
    {"recent_knowledge", "Recent Knowledge", 400, 120, 30, 0.60},
}};

using Maker = CasePtr (*)(const Variant&);
constexpr std::array<Maker, 14> kMakers = {make_basic_reasoning,
                                           make_code_generation,
                                           make_debugging,
                                           make_algorithm_explanation,
                                           make_complex_reasoning,
                                           make_content_generation,
                                           make_edge_case_handling,
                                           make_long_context_rag,
                                           make_structured_output,
                                           make_tool_use,
                                           make_instruction_following,
                                           make_adversarial,
                                           make_code_execution_reasoning,
                                           make_summarization};

// Tests whose answers repeat their material by design have limits of their own.
bool may_repeat_prompt(const TestInfo& test) {
  return test.id == "long_context_rag" || test.id == "summarization" || test.id == "tool_use";
}

bool is_echo(const TestInfo& test, const Case& drawn, std::string_view answer) {
  if (may_repeat_prompt(test)) return false;
  std::string prompt;
  for (const ChatTurn& turn : drawn.question().turns) prompt += turn.text + '\n';
  // Corrected code repeats the code it corrects, so code alone is no echo; a pasted prompt has its
  // own text around it.
  const std::string prose = without_blocks(answer);
  return echo_share(prose, prompt) > 0.5;
}

bool sounds_like_refusal(std::string_view answer) {
  if (words(answer).size() > 80) return false;
  const std::vector<Tokens> all = sentence_tokens(answer);
  if (all.empty()) return false;
  return matches_any(
      all[0],
      {"i can't|cannot|won't ...3 help|assist|comply|answer|do|provide|fulfill",
       "i can not ...3 help|assist|comply|answer|do|provide|fulfill", "i'm|am ...3 unable to",
       "i'm|am not able to", "i must decline", "i don't|do know", "i do not know", "no idea",
       "unable to help|assist", "can't|cannot help ...3 that|this", "as an ai"});
}

bool has_call(std::span<const Attempt> attempts) {
  return std::ranges::any_of(attempts, [](const Attempt& a) { return !a.calls.empty(); });
}

bool is_blank(std::string_view text) {
  return trim(normalize(text)).empty();
}

// What kept the attempt from being graded; nothing where there is an answer.
std::optional<Grade> undelivered(const TestInfo& test, std::span<const Attempt> attempts) {
  if (attempts.empty()) {
    return nothing_to_grade(FailureClass::harness_error, "there is no attempt to grade");
  }
  const Attempt& last = attempts.back();
  // Calls are an answer only where tools were offered.
  const bool called = test.max_turns > 1 && has_call(attempts);
  if (!is_blank(last.answer) || called) return std::nullopt;
  FailureClass failure = last.failure;
  if (failure == FailureClass::ok) {
    const bool thought = !is_blank(last.reasoning) || last.hidden;
    failure = thought ? FailureClass::reasoning_only : FailureClass::empty_answer;
    if (!is_blank(last.refusal)) failure = FailureClass::refused;
  }
  return nothing_to_grade(failure, "the answer channel is empty");
}

}  // namespace

std::vector<ChatTurn> Case::reply(std::span<const Attempt> /*attempts*/) const {
  return {};
}

std::span<const TestInfo> tests() {
  return kTests;
}

const TestInfo* find_test(std::string_view id) {
  const auto it = std::ranges::find(kTests, id, &TestInfo::id);
  return it == kTests.end() ? nullptr : &*it;
}

std::unique_ptr<Case> make_case(std::string_view test, const Variant& variant,
                                std::string_view today) {
  const TestInfo* info = find_test(test);
  STRIDE_CHECK(info != nullptr);
  STRIDE_CHECK(variant.seed || variant.index < kFrozenVariants);
  const auto index = static_cast<size_t>(info - kTests.data());
  if (index == kMakers.size()) return make_recent_knowledge(variant, today);
  return kMakers[index](variant);
}

Grade grade(const TestInfo& test, const Case& drawn, std::span<const Attempt> attempts,
            Sandbox& sandbox) {
  if (auto empty = undelivered(test, attempts)) return *std::move(empty);
  const Attempt& last = attempts.back();
  if (is_echo(test, drawn, last.answer)) {
    return nothing_to_grade(FailureClass::echo, "more than half of the answer repeats the prompt");
  }
  if (is_unsupported(test, sandbox)) {
    Grade none = nothing_to_grade(FailureClass::harness_error,
                                  "no sandbox: " + sandbox.unavailable_reason());
    none.flags.emplace_back("unsupported");
    return none;
  }
  Grade result = drawn.grade(attempts, sandbox);
  if (!result.passed && !has_call(attempts) && sounds_like_refusal(last.answer)) {
    return nothing_to_grade(FailureClass::refused, quote(last.answer));
  }
  // A truncation or a filter explains a miss better than the miss itself.
  if (!result.passed && last.failure != FailureClass::ok) result.failure = last.failure;
  result.clean = result.clean && !last.tag_leak && last.failure == FailureClass::ok;
  return result;
}

double recovered_score(const TestInfo& test, const Case& drawn, std::span<const Attempt> attempts,
                       Sandbox& sandbox) {
  if (attempts.empty() || is_blank(attempts.back().reasoning)) return 0;
  constexpr size_t kTail = 8000;
  std::vector<Attempt> copies(attempts.begin(), attempts.end());
  Attempt& last = copies.back();
  const std::string& reasoning = last.reasoning;
  size_t begin = reasoning.size() > kTail ? reasoning.size() - kTail : 0;
  // Not in the middle of a character.
  while (begin < reasoning.size() && (static_cast<uint8_t>(reasoning[begin]) & 0xc0) == 0x80) {
    ++begin;
  }
  last.answer = reasoning.substr(begin);
  last.failure = FailureClass::ok;
  return grade(test, drawn, copies, sandbox).score;
}

bool is_unsupported(const TestInfo& test, const Sandbox& sandbox) {
  return test.needs_sandbox && !sandbox.available();
}

}  // namespace stride::gauntlet
