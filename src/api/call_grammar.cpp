// SPDX-License-Identifier: Apache-2.0
#include "api/call_grammar.h"

#include <fmt/format.h>

#include <utility>

namespace stride::api {
namespace {

using grammar::CallRules;
using grammar::GrammarPtr;
using Kind = ConstraintSpec::Kind;

// All that decides about a grammar; lengths keep neighbours apart.
std::string key_of(const ChatCall& call, const std::vector<std::string>& tools) {
  std::string key =
      fmt::format("{} {} {};", static_cast<int>(call.constraint.kind),
                  static_cast<int>(call.rules.choice), static_cast<int>(call.rules.parallel));
  const auto add = [&](const std::string& text) { key += fmt::format("{}:{}", text.size(), text); };
  add(call.constraint.text);
  for (const auto* list : {&call.constraint.choices, &call.rules.allowed, &tools}) {
    key += '|';
    for (const std::string& text : *list) add(text);
  }
  return key;
}

Result<GrammarPtr> compile_form(const ConstraintSpec& spec) {
  switch (spec.kind) {
    case Kind::none:
      break;
    case Kind::json_object:
      return grammar::compile_json_object();
    case Kind::json_schema:
      return grammar::compile_json_schema(spec.text);
    case Kind::regex:
      return grammar::compile_regex(spec.text);
    case Kind::choice:
      return grammar::compile_choice(spec.choices);
    case Kind::grammar:
      return grammar::compile_gbnf(spec.text);
  }
  return GrammarPtr();
}

CallRules::Choice choice_of(ToolChoice choice) {
  return choice == ToolChoice::required ? CallRules::Choice::required
         : choice == ToolChoice::none   ? CallRules::Choice::none
                                        : CallRules::Choice::automatic;
}

Result<GrammarPtr> compile_tools(const ChatCall& call, const std::vector<std::string>& tools) {
  CallRules rules{.choice = choice_of(call.rules.choice),
                  .parallel = call.rules.parallel,
                  .names = call.rules.allowed};
  if (call.constraint.kind == Kind::json_schema) rules.answer_schema = call.constraint.text;
  rules.answer_is_object = call.constraint.kind == Kind::json_object;
  return grammar::compile_calls(tools, rules);
}

}  // namespace

Outcome<GrammarPtr> grammar_of(const ChatCall& call, grammar::GrammarCache& cache) {
  std::vector<std::string> tools = call.conversation.tools;
  tools.insert(tools.end(), call.deferred_tools.begin(), call.deferred_tools.end());
  const bool has_form = call.constraint.kind != Kind::none;
  if (tools.empty() && !has_form) return GrammarPtr();
  // A form that is no JSON leaves no room for calls.
  const bool joins = !has_form || call.constraint.kind == Kind::json_object ||
                     call.constraint.kind == Kind::json_schema;
  const bool calls =
      !tools.empty() && joins && !(has_form && call.rules.choice == ToolChoice::none);
  if (!calls && call.rules.choice == ToolChoice::required)
    return refuse("tool_choice",
                  "tool_choice asks for a call, which the form of the answer "
                  "leaves no room for: give only one of them");
  auto grammar = cache.get(key_of(call, tools), [&] {
    return calls ? compile_tools(call, tools) : compile_form(call.constraint);
  });
  if (grammar) return *std::move(grammar);
  const bool asked_for = has_form || call.rules.choice == ToolChoice::required;
  if (!asked_for) return GrammarPtr();
  return refuse(has_form ? "response_format" : "tools", grammar.error().message);
}

}  // namespace stride::api
