// SPDX-License-Identifier: Apache-2.0
#include "api/responses_tools.h"

#include <fmt/format.h>

#include "api/request_common.h"
#include "json/json.h"

namespace stride::api {
namespace {

Outcome<> declare(ChatCall& call, ToolOrigin origin, const Json* description,
                  const Json* parameters) {
  auto& origins = call.responses.origins;
  std::string name = origin.name;
  if (origins.contains(name) && !origin.space.empty())
    name = fmt::format("{}.{}", origin.space, origin.name);
  if (origins.contains(name))
    return refuse("tools", fmt::format("tools: \"{}\" is declared twice", name));
  call.conversation.tools.push_back(function_tool(name, description, parameters));
  origins[name] = std::move(origin);
  return {};
}

// The grammar that the text must follow is told in words; it does not bind the model.
Outcome<> declare_custom(const Json& tool, std::string_view name, ChatCall& call) {
  std::string text;
  if (const std::string* described = json::string_member(tool, "description")) text = *described;
  const Json* definition = json::find(tool, "/format/definition");
  if (definition != nullptr && definition->is_string())
    text += fmt::format("\n\nThe input must follow this grammar:\n{}",
                        definition->get_ref<const std::string&>());
  Json parameters = Json::object();
  parameters["type"] = "object";
  parameters["properties"][std::string(kCustomParameter)]["type"] = "string";
  parameters["required"] = Json::array({std::string(kCustomParameter)});
  const Json description = text;
  return declare(call, {.name = std::string(name), .custom = true}, &description, &parameters);
}

Outcome<> read_tool(const Json& tool, const std::string& place, const std::string& space,
                    ChatCall& call) {
  if (!tool.is_object()) return refuse("tools", fmt::format("{} is not an object", place));
  const std::string* type = json::string_member(tool, "type");
  const bool function = type == nullptr || *type == "function";
  const bool custom = type != nullptr && *type == "custom";
  if (!function && !custom) return {};
  const std::string* name = json::string_member(tool, "name");
  if (name == nullptr || name->empty())
    return refuse("tools", fmt::format("{}: a function needs a name", place));
  if (custom) return declare_custom(tool, *name, call);
  return declare(call, {.space = space, .name = *name}, json::member(tool, "description"),
                 json::member(tool, "parameters"));
}

}  // namespace

Outcome<> read_responses_tools(const Json* tools, ChatCall& call) {
  if (tools == nullptr) return {};
  for (size_t i = 0; i < tools->size(); ++i) {
    const Json& tool = (*tools)[i];
    const std::string place = fmt::format("tools[{}]", i);
    const std::string* type = json::string_member(tool, "type");
    const Json* inner = json::member(tool, "tools");
    if (type == nullptr || *type != "namespace" || inner == nullptr || !inner->is_array()) {
      STRIDE_TRY(read_tool(tool, place, "", call));
      continue;
    }
    const std::string* space = json::string_member(tool, "name");
    for (size_t k = 0; k < inner->size(); ++k)
      STRIDE_TRY(read_tool((*inner)[k], fmt::format("{}.tools[{}]", place, k),
                           space != nullptr ? *space : "", call));
  }
  return {};
}

std::string prompt_name(const ResponsesPart& part, std::string_view space, std::string_view name) {
  if (!space.empty()) {
    const std::string full = fmt::format("{}.{}", space, name);
    if (part.origins.contains(full)) return full;
  }
  return std::string(name);
}

}  // namespace stride::api
