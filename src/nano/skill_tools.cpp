// SPDX-License-Identifier: Apache-2.0
// Tool calls: one to three declared tools, single and parallel calls, answers from results,
// questions back when a required value is missing, and plain answers when no tool fits.
#include <fmt/core.h>

#include <algorithm>

#include "nano/pick.h"
#include "nano/skills.h"
#include "nano/tool_catalog.h"

namespace stride::nano {
namespace {

// The tools of the uses, plus others up to three, in random order.
std::vector<std::string> offer(Random& random, std::span<const ToolUse> uses) {
  std::vector<std::string> schemas, groups;
  for (const ToolUse& use : uses) {
    if (std::find(groups.begin(), groups.end(), use.group) != groups.end()) continue;
    groups.push_back(use.group);
    schemas.push_back(use.schema);
  }
  const size_t n = std::max<size_t>(schemas.size(), 1 + random.below(3));
  while (schemas.size() < n) {
    ToolUse other = make_tool_use(random);
    if (std::find(groups.begin(), groups.end(), other.group) != groups.end()) continue;
    groups.push_back(other.group);
    schemas.push_back(std::move(other.schema));
  }
  shuffle(random, schemas);
  return schemas;
}

// Two requests are taken one after the other, each in its own words before its tool, so that their
// values do not mix.
std::string plan(Effort effort, std::span<const ToolUse> uses) {
  std::vector<std::string> low, medium, high;
  for (const ToolUse& use : uses) {
    const std::string quoted = uses.size() > 1 ? use.request + " " : std::string();
    low.push_back(fmt::format("{}: {}", use.name, join(use.arguments, ", ")));
    medium.push_back(quoted + low.back());
    high.push_back(
        fmt::format("{}The tool {} fits.\n{}", quoted, use.name, join(use.arguments, "\n")));
  }
  return reasoning_for(
      effort, {uses.size() > 1 ? join(low, "\n") : "", join(medium, "\n"), join(high, "\n")});
}

Turn call_turn(Effort effort, std::span<const ToolUse> uses) {
  Turn turn{Role::assistant, {}, plan(effort, uses), {}};
  for (const ToolUse& use : uses) turn.calls.push_back(use.call);
  return turn;
}

Sample begin(Random& random, std::string_view kind, std::span<const ToolUse> uses,
             std::string text) {
  std::string key = "tool";
  for (const ToolUse& use : uses) key += fmt::format(":{}{}", use.name, use.call.arguments);
  Sample sample = question(Skill::tools, kind, std::move(key), std::move(text));
  sample.effort = pick_effort(random);
  sample.system = pick_system(random);
  sample.tools = offer(random, uses);
  return sample;
}

std::string lower_first(const std::string& text) {
  return text.empty() ? text : lower(text.substr(0, 1)) + text.substr(1);
}

// Two uses in one request: of one tool, or of two different ones.
std::vector<ToolUse> two_uses(Random& random) {
  std::vector<ToolUse> uses = {make_tool_use(random)};
  const bool alike = chance(random, 0.5);
  do {
    if (uses.size() == 2) uses.pop_back();
    uses.push_back(alike ? make_tool_use_like(random, uses[0]) : make_tool_use(random));
  } while (uses[1].call.arguments == uses[0].call.arguments ||
           (!alike && uses[1].group == uses[0].group) ||
           (uses[1].group == uses[0].group && uses[1].name != uses[0].name));
  return uses;
}

std::string two_requests(Random& random, std::span<const ToolUse> uses) {
  if (chance(random, 0.5)) return fmt::format("{} {}", uses[0].request, uses[1].request);
  return fmt::format("Two things: {} And {}", uses[0].request, lower_first(uses[1].request));
}

CallsCheck check_of(std::span<const ToolUse> uses) {
  CallsCheck check;
  for (const ToolUse& use : uses) check.calls.push_back(use.call);
  return check;
}

Sample make_call(Random& random, bool parallel) {
  const std::vector<ToolUse> uses =
      parallel ? two_uses(random) : std::vector<ToolUse>{make_tool_use(random)};
  Sample sample = begin(random, parallel ? "parallel" : "call", uses,
                        parallel ? two_requests(random, uses) : uses[0].request);
  sample.turns.push_back(call_turn(sample.effort, uses));
  sample.check = check_of(uses);
  return sample;
}

Sample make_result(Random& random, bool parallel) {
  const std::vector<ToolUse> uses =
      parallel ? two_uses(random) : std::vector<ToolUse>{make_tool_use(random)};
  Sample sample = begin(random, parallel ? "results" : "result", uses,
                        parallel ? two_requests(random, uses) : uses[0].request);
  sample.turns.push_back(call_turn(sample.effort, uses));
  std::vector<std::string> answers, facts;
  ContainsCheck check;
  for (const ToolUse& use : uses) {
    sample.turns.push_back({Role::tool, use.result, {}, {}});
    answers.push_back(use.answer);
    facts.push_back(fmt::format("{} gave {}", use.name, use.result));
    check.all.insert(check.all.end(), use.answer_must_hold.begin(), use.answer_must_hold.end());
  }
  if (check.all.empty()) check.all.push_back(answers[0]);
  answer(sample,
         reasoning_for(sample.effort, parallel ? join(facts, ", ") : "answer from the result",
                       join(facts, "\n") + "\nanswer from the result"),
         join(answers, " "));
  sample.check = std::move(check);
  return sample;
}

Sample make_missing(Random& random) {
  const MissingUse missing = make_missing_use(random);
  Sample sample = begin(random, "missing", std::span(&missing.use, 1), missing.use.request);
  sample.key = fmt::format("missing:{}:{}", missing.use.name, join(sample.tools, ""));
  answer(
      sample,
      reasoning_for(sample.effort, fmt::format("{} is missing", missing.missing),
                    fmt::format("The tool {} fits.\nIt needs {}, which is missing.\nI ask for it.",
                                missing.use.name, missing.missing)),
      missing.question);
  sample.check = ContainsCheck{{missing.missing, "?"}, {}};
  return sample;
}

// An ordinary question beside tools that do not help with it.
Sample make_no_tool(Random& random, const Difficulty& difficulty) {
  Sample sample =
      chance(random, 0.5) ? make_chat(random, difficulty) : make_arithmetic(random, difficulty);
  sample.skill = Skill::tools;
  sample.kind = "no_tool";
  sample.tools = offer(random, {});
  if (sample.effort == Effort::high) {
    std::string& reasoning = sample.turns.back().reasoning;
    reasoning = reasoning.empty() ? "No tool is needed." : "No tool is needed.\n" + reasoning;
  }
  return sample;
}

}  // namespace

Sample make_tools(Random& random, const Difficulty& difficulty) {
  const uint64_t roll = random.below(100);
  if (roll < 44) return make_call(random, false);
  if (roll < 60) return make_call(random, true);
  if (roll < 78) return make_result(random, false);
  if (roll < 85) return make_result(random, true);
  if (roll < 90) return make_missing(random);
  return make_no_tool(random, difficulty);
}

}  // namespace stride::nano
