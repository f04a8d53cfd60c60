// SPDX-License-Identifier: Apache-2.0
#include "api/constraints.h"

#include <fmt/format.h>

#include <algorithm>

#include "json/json.h"

namespace stride::api {
namespace {

using Kind = ConstraintSpec::Kind;

constexpr size_t kMostBytes = size_t{256} << 10;  // of a schema, expression or grammar
constexpr size_t kMostChoices = 1024;

Outcome<> set(ChatCall& call, const std::string& field, ConstraintSpec spec) {
  if (call.constraint.kind != Kind::none)
    return refuse(field, fmt::format("{}: another field already says what form the answer has; "
                                     "give only one",
                                     field));
  if (spec.text.size() > kMostBytes)
    return refuse(field, fmt::format("{} has {} bytes; at most {} are allowed", field,
                                     spec.text.size(), kMostBytes));
  call.constraint = std::move(spec);
  return {};
}

Outcome<> set_schema(ChatCall& call, const std::string& field, const Json& schema) {
  // Some clients send the schema as text.
  if (schema.is_string()) {
    auto parsed =
        json::parse(schema.get_ref<const std::string&>(), {.numbers = json::Numbers::exact});
    if (!parsed || parsed->is_string())
      return refuse(field, fmt::format("{} is not a JSON Schema", field));
    return set_schema(call, field, *parsed);
  }
  if (!schema.is_object() && !schema.is_boolean())
    return refuse(field, fmt::format("{} must be a JSON Schema, an object", field));
  return set(call, field, {.kind = Kind::json_schema, .text = json::dump(schema)});
}

Outcome<> set_choices(ChatCall& call, const std::string& field, std::vector<std::string> choices) {
  if (choices.empty() || choices.size() > kMostChoices)
    return refuse(field, fmt::format("{} has {} entries; 1 to {} are allowed", field,
                                     choices.size(), kMostChoices));
  return set(call, field, {.kind = Kind::choice, .choices = std::move(choices)});
}

// The members json, regex, choice and grammar of `fields`, their names with `prefix` before them.
Outcome<> read_guides(const Fields& fields, const std::string& prefix, ChatCall& call) {
  if (const Json* schema = fields.find(prefix + "json"))
    STRIDE_TRY(set_schema(call, fields.path(prefix + "json"), *schema));
  if (STRIDE_TRY(fields.boolean(prefix + "json_object")).value_or(false))
    STRIDE_TRY(set(call, fields.path(prefix + "json_object"), {.kind = Kind::json_object}));
  if (auto regex = STRIDE_TRY(fields.text(prefix + "regex")))
    STRIDE_TRY(
        set(call, fields.path(prefix + "regex"), {.kind = Kind::regex, .text = std::move(*regex)}));
  if (fields.has(prefix + "choice"))
    STRIDE_TRY(set_choices(call, fields.path(prefix + "choice"),
                           STRIDE_TRY(fields.texts(prefix + "choice"))));
  if (auto grammar = STRIDE_TRY(fields.text(prefix + "grammar")); grammar && !grammar->empty())
    STRIDE_TRY(set(call, fields.path(prefix + "grammar"),
                   {.kind = Kind::grammar, .text = std::move(*grammar)}));
  if (fields.has(prefix + "structural_tag"))
    return refuse(fields.path(prefix + "structural_tag"),
                  "structural_tag is not supported; use json, regex, choice or grammar");
  return {};
}

std::optional<std::string> function_name(const Json& tool) {
  const Json* function = json::member(tool, "function");
  const std::string* name = json::string_member(function != nullptr ? *function : tool, "name");
  if (name == nullptr) return std::nullopt;
  return *name;
}

Outcome<> allow(ChatCall& call, const std::vector<std::string>& declared, const Json& tool) {
  const auto name = function_name(tool);
  if (!name) return refuse("tool_choice", "tool_choice names no function");
  if (std::ranges::find(declared, *name) == declared.end())
    return refuse("tool_choice",
                  fmt::format("tool_choice names \"{}\", which is not among the tools", *name));
  call.rules.allowed.push_back(*name);
  return {};
}

// {"type": "allowed_tools", "mode": "auto" | "required", "tools": [...]}; chat nests it once more.
Outcome<> read_allowed(const Json& choice, const std::vector<std::string>& declared,
                       ChatCall& call) {
  const Json* nested = json::member(choice, "allowed_tools");
  const Json& body = nested != nullptr ? *nested : choice;
  const std::string* mode = json::string_member(body, "mode");
  const Json* tools = json::member(body, "tools");
  if (tools == nullptr || !tools->is_array())
    return refuse("tool_choice", "tool_choice: allowed_tools needs a list \"tools\"");
  if (mode != nullptr && *mode == "required") call.rules.choice = ToolChoice::required;
  for (const Json& tool : *tools) {
    const std::string* type = json::string_member(tool, "type");
    // Tools that are not functions were skipped when they were declared.
    if (type != nullptr && *type != "function" && *type != "custom") continue;
    STRIDE_TRY(allow(call, declared, tool));
  }
  return {};
}

}  // namespace

Outcome<> read_format(const Fields& parent, std::string_view name, ChatCall& call) {
  const Json* format = STRIDE_TRY(parent.object(name));
  if (format == nullptr) return {};
  const std::string path = parent.path(name);
  const std::string* type = json::string_member(*format, "type");
  if (type == nullptr) return refuse(path, fmt::format("{} needs a \"type\"", path));
  const Json* nested = json::member(*format, "json_schema");
  const Json* schema = json::member(nested != nullptr ? *nested : *format, "schema");
  if (*type == "text") return {};
  if (*type == "json_object") {
    if (schema != nullptr && !schema->is_null()) return set_schema(call, path + ".schema", *schema);
    return set(call, path, {.kind = Kind::json_object});
  }
  if (*type != "json_schema")
    return refuse(
        path + ".type",
        fmt::format("{}.type is \"{}\"; it can be text, json_object or json_schema", path, *type));
  if (schema == nullptr)
    return refuse(path, fmt::format("{} of type json_schema needs a schema", path));
  return set_schema(call, path + (nested != nullptr ? ".json_schema.schema" : ".schema"), *schema);
}

Outcome<> read_constraints(const Fields& body, ChatCall& call) {
  STRIDE_TRY(read_format(body, "response_format", call));
  if (const Json* outputs = STRIDE_TRY(body.object("structured_outputs")))
    STRIDE_TRY(read_guides(Fields(*outputs, body.path("structured_outputs.")), "", call));
  STRIDE_TRY(read_guides(body, "guided_", call));
  if (const Json* schema = body.find("json_schema"))
    STRIDE_TRY(set_schema(call, body.path("json_schema"), *schema));
  if (auto grammar = STRIDE_TRY(body.text("grammar")); grammar && !grammar->empty())
    STRIDE_TRY(set(call, "grammar", {.kind = Kind::grammar, .text = std::move(*grammar)}));
  if (auto regex = STRIDE_TRY(body.text("regex")))
    STRIDE_TRY(set(call, "regex", {.kind = Kind::regex, .text = std::move(*regex)}));
  if (body.has("choice")) STRIDE_TRY(set_choices(call, "choice", STRIDE_TRY(body.texts("choice"))));
  return {};
}

Outcome<> read_tool_choice(const Fields& body, const std::vector<std::string>& declared,
                           ChatCall& call) {
  if (const auto parallel = STRIDE_TRY(body.boolean("parallel_tool_calls")))
    call.rules.parallel = *parallel;
  const Json* choice = body.find("tool_choice");
  if (choice == nullptr) return {};
  if (choice->is_string()) {
    const auto& word = choice->get_ref<const std::string&>();
    if (word != "auto" && word != "none" && word != "required" && word != "any")
      return refuse("tool_choice",
                    fmt::format("tool_choice is \"{}\"; it can be auto, none, required or an "
                                "object that names a function",
                                word));
    if (word == "none") call.rules.choice = ToolChoice::none;
    if (word == "required" || word == "any") call.rules.choice = ToolChoice::required;
  } else if (choice->is_object()) {
    const std::string* type = json::string_member(*choice, "type");
    if (type == nullptr) return refuse("tool_choice", "tool_choice needs a \"type\"");
    if (*type == "allowed_tools") {
      STRIDE_TRY(read_allowed(*choice, declared, call));
    } else if (*type == "none") {
      call.rules.choice = ToolChoice::none;
    } else if (*type == "required" || *type == "any") {
      call.rules.choice = ToolChoice::required;
    } else if (*type == "function" || *type == "custom" || *type == "tool") {
      call.rules.choice = ToolChoice::required;
      STRIDE_TRY(allow(call, declared, *choice));
    }
    // Others force a tool that is not served here; like the tool itself they are skipped.
  } else {
    return refuse("tool_choice", "tool_choice must be a string or an object");
  }
  if (call.rules.choice == ToolChoice::required && declared.empty())
    return refuse("tool_choice", "tool_choice asks for a call, but there are no tools to call");
  return {};
}

std::vector<std::string> function_names(const std::vector<std::string>& tools) {
  std::vector<std::string> out;
  for (const std::string& tool : tools) {
    const auto parsed = json::parse(tool, {.numbers = json::Numbers::exact});
    if (!parsed) continue;
    if (auto name = function_name(*parsed)) out.push_back(std::move(*name));
  }
  return out;
}

}  // namespace stride::api
