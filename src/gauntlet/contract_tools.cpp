// SPDX-License-Identifier: Apache-2.0
// C15 to C18: tools.
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <set>

#include "gauntlet/capture.h"
#include "gauntlet/contract_bench.h"
#include "json/json.h"

namespace stride::gauntlet {
namespace {

bool is_declared(const CapturedCall& call) {
  const Question question = ContractBench::tool_question();
  return std::any_of(question.tools.begin(), question.tools.end(),
                     [&](const ToolSpec& tool) { return tool.name == call.name; });
}

Attempt with_choice(ContractBench& bench, std::string choice) {
  AskOptions ask = bench.usual();
  ask.tool_choice = std::move(choice);
  return bench.ask(ContractBench::tool_question(), ask);
}

// An attempt that shows how the choice was taken: complete, or cut by the limit.
bool is_shown(const Attempt& attempt) {
  using enum FailureClass;
  return attempt.failure == ok || attempt.failure == truncated_in_answer ||
         attempt.failure == truncated_in_reasoning || attempt.failure == reasoning_only ||
         attempt.failure == empty_answer;
}

Finding tool_choice(ContractBench& bench) {
  if (bench.api() == Api::ollama) return unsupported("the API has no tool_choice");
  const Attempt none = with_choice(bench, "none");
  if (!is_shown(none)) return not_served(none);
  if (!none.calls.empty()) return failed("\"none\" gave a call");
  const Attempt automatic = with_choice(bench, "auto");
  if (!is_shown(automatic)) return not_served(automatic);
  const Attempt& required = bench.forced_call();
  if (!is_shown(required)) return not_served(required);
  if (required.calls.empty()) return failed("\"required\" gave no call");
  if (!std::all_of(required.calls.begin(), required.calls.end(), is_declared))
    return failed("\"required\" called a function that is not declared");
  const Attempt named = with_choice(bench, "send_email");
  if (!is_shown(named)) return not_served(named);
  if (named.calls.empty()) return failed("a named function was not called");
  if (named.calls.front().name != "send_email")
    return failed(fmt::format("\"send_email\" was named, \"{}\" was called",
                              one_line(named.calls.front().name, 40)));
  return passed();
}

Finding parallel_calls(ContractBench& bench) {
  const Attempt& attempt = bench.forced_call();
  if (!is_shown(attempt)) return not_served(attempt);
  if (attempt.calls.size() < 2)
    return unsupported(fmt::format("the model made {} calls", attempt.calls.size()));
  std::set<std::string> ids;
  for (const CapturedCall& call : attempt.calls) ids.insert(call.id);
  const bool has_ids = bench.api() != Api::ollama;
  if (has_ids && (ids.size() != attempt.calls.size() || ids.contains("")))
    return failed("the calls do not have ids of their own");
  for (const std::string& note : attempt.notes)
    if (note.contains("share one index")) return failed(note);
  return passed(fmt::format("{} calls", attempt.calls.size()));
}

Finding arguments_parse(ContractBench& bench) {
  const Attempt& attempt = bench.forced_call();
  if (!is_shown(attempt)) return not_served(attempt);
  if (attempt.calls.empty()) return unsupported("the model made no call");
  // The limit may have come inside the last call.
  const size_t n = attempt.calls.size() - (attempt.failure == FailureClass::ok ? 0 : 1);
  for (size_t i = 0; i < n; ++i) {
    const auto value = json::parse(attempt.calls[i].arguments);
    if (!value || !value->is_object())
      return failed("arguments are no object: " + one_line(attempt.calls[i].arguments, 80));
  }
  return n > 0 ? passed() : unsupported("the limit came inside the first call");
}

Finding round_trip(ContractBench& bench) {
  const Attempt& call = bench.forced_call();
  if (!is_shown(call)) return not_served(call);
  if (call.calls.empty()) return unsupported("the model made no call");
  Question question = ContractBench::tool_question();
  ChatTurn turn{.role = ChatTurn::Role::assistant,
                .text = call.answer,
                .reasoning = call.reasoning,
                .calls = call.calls};
  // Under ids that it has not given, a server cannot put back what it remembers of the turn.
  for (size_t i = 0; i < turn.calls.size(); ++i) {
    CapturedCall& made = turn.calls[i];
    made.id = fmt::format("call_contract{}", i);
    if (!json::parse(made.arguments)) made.arguments = "{}";
  }
  question.turns.push_back(turn);
  for (const CapturedCall& made : turn.calls)
    question.turns.push_back({.role = ChatTurn::Role::tool,
                              .text = R"({"sky":"light rain","celsius":13})",
                              .call_id = made.id});
  const Attempt with = bench.ask(question, bench.usual());
  if (!is_shown(with)) return failed(with.message);
  if (call.reasoning.empty()) return passed("no reasoning had to be kept");
  question.turns[1].reasoning.clear();
  const Attempt without = bench.ask(question, bench.usual());
  if (!with.usage.input || !without.usage.input)
    return unsupported("without usage it cannot be seen whether the reasoning is kept");
  if (*with.usage.input > *without.usage.input) return passed("the reasoning is kept");
  return failed("the reasoning that was sent back is dropped");
}

constexpr std::array kChecks = {
    Check{"C15", "tool_choice none, auto, required and named", tool_choice},
    Check{"C16", "parallel calls have ids and indexes of their own", parallel_calls},
    Check{"C17", "streamed arguments parse", arguments_parse},
    Check{"C18", "a tool result goes back and keeps the reasoning", round_trip},
};

}  // namespace

std::span<const Check> tool_checks() {
  return kChecks;
}

}  // namespace stride::gauntlet
