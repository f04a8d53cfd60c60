// SPDX-License-Identifier: Apache-2.0
#include "chat/from_json.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "json/json.h"

namespace stride::chat {
namespace {

constexpr std::string_view kFallbackParameter = "arguments";

// The place of a value in the request, for errors: "messages[3].content".
using Place = std::string;

std::string text_of(const Json& value) {
  return json::python_str(value);
}

// The template's own choice: "value" if the key is there, else "text".
std::string part_text(const Json& part) {
  const Json* found = json::member(part, "value");
  if (found == nullptr) found = json::member(part, "text");
  return found == nullptr ? std::string() : text_of(*found);
}

// A URL given as a string or as {"url": ...}, whatever the part calls it.
std::string image_reference(const Json& part) {
  for (const std::string_view key : {"image_url", "image", "url", "data", "path"}) {
    const Json* found = json::member(part, key);
    if (found == nullptr) continue;
    if (found->is_string()) return found->get<std::string>();
    if (const std::string* url = json::string_member(*found, "url")) return *url;
  }
  return {};
}

Part text_part(std::string text) {
  return {.kind = Part::Kind::text, .text = std::move(text)};
}

Result<void> read_part(const Json& part, const Place& place, Dialect dialect,
                       std::vector<Part>& out) {
  const std::string* type = json::string_member(part, "type");
  const std::string_view name = type != nullptr ? std::string_view(*type) : "";
  const bool openai = dialect == Dialect::openai;
  if (openai && (name == "text" || name == "input_text" || name == "output_text")) {
    const std::string* text = json::string_member(part, "text");
    if (text == nullptr) return fail(Errc::invalid_argument, "{}.text is not a string", place);
    out.push_back(text_part(*text));
  } else if (name == "text") {
    out.push_back(text_part(part_text(part)));
  } else if (name == "image" || (openai && (name == "image_url" || name == "input_image"))) {
    out.push_back({.kind = Part::Kind::image, .text = image_reference(part)});
  } else if (!openai) {
    return {};
  } else if (part.is_string()) {
    out.push_back(text_part(part.get<std::string>()));
  } else if (name == "refusal") {
    const std::string* refusal = json::string_member(part, "refusal");
    if (refusal != nullptr) out.push_back(text_part(*refusal));
  } else if (type == nullptr) {
    return fail(Errc::invalid_argument, "{}: a content part needs a \"type\"", place);
  } else {
    return fail(Errc::unsupported, "{}: parts of type \"{}\" cannot be read", place, name);
  }
  return {};
}

Result<std::vector<Part>> read_content(const Json* content, const Place& place, Dialect dialect) {
  std::vector<Part> out;
  if (content == nullptr || content->is_null()) return out;
  if (content->is_string()) {
    out.push_back(text_part(content->get<std::string>()));
  } else if (content->is_object()) {
    out.push_back(text_part(part_text(*content)));
  } else if (content->is_array()) {
    for (size_t i = 0; i < content->size(); ++i) {
      auto ok = read_part((*content)[i], fmt::format("{}[{}]", place, i), dialect, out);
      if (!ok) return std::unexpected(std::move(ok).error());
    }
  } else if (dialect == Dialect::openai) {
    return fail(Errc::invalid_argument, "{} must be a string, a list of parts or null", place);
  }
  return out;
}

// OpenRouter's list: the text or summary of each entry.
std::string join_reasoning_details(const Json& details) {
  std::string out;
  if (!details.is_array()) return out;
  for (const Json& entry : details) {
    const std::string* text = json::string_member(entry, "text");
    if (text == nullptr) text = json::string_member(entry, "summary");
    if (text != nullptr) out += *text;
  }
  return out;
}

std::optional<std::string> read_reasoning(const Json& message, Dialect dialect) {
  if (const std::string* text = json::string_member(message, "reasoning_content")) return *text;
  if (dialect == Dialect::exact) return {};
  if (const std::string* text = json::string_member(message, "reasoning")) return *text;
  if (const Json* details = json::member(message, "reasoning_details")) {
    if (std::string text = join_reasoning_details(*details); !text.empty()) return text;
  }
  if (const std::string* text = json::string_member(message, "thinking")) return *text;
  return {};
}

std::string single_argument(Json value) {
  Json object = Json::object();
  object[std::string(kFallbackParameter)] = std::move(value);
  return json::dump(object);
}

std::string read_arguments(const Json* arguments) {
  if (arguments == nullptr || arguments->is_null()) return {};
  if (arguments->is_object()) return json::dump(*arguments);
  if (!arguments->is_string()) return single_argument(*arguments);
  const auto& text = arguments->get_ref<const std::string&>();
  if (text.find_first_not_of(" \t\r\n") == std::string::npos) return {};
  auto parsed = json::parse(text, {.numbers = json::Numbers::exact});
  return parsed && parsed->is_object() ? json::dump(*parsed) : single_argument(*arguments);
}

Result<ToolCall> read_call(const Json& call, const Place& place) {
  const Json* function = json::member(call, "function");
  const Json& body = function != nullptr ? *function : call;
  const std::string* name = json::string_member(body, "name");
  if (name == nullptr) {
    return fail(Errc::invalid_argument, "{}: a tool call needs a function name", place);
  }
  ToolCall out{.name = *name, .arguments = read_arguments(json::member(body, "arguments"))};
  if (const std::string* id = json::string_member(call, "id")) out.id = *id;
  return out;
}

Result<std::vector<ToolCall>> read_calls(const Json& message, const Place& place, Dialect dialect) {
  std::vector<ToolCall> out;
  if (const Json* calls = json::member(message, "tool_calls"); calls && calls->is_array()) {
    for (size_t i = 0; i < calls->size(); ++i) {
      out.push_back(STRIDE_TRY(read_call((*calls)[i], fmt::format("{}.tool_calls[{}]", place, i))));
    }
  }
  const Json* legacy = json::member(message, "function_call");
  if (dialect == Dialect::openai && out.empty() && legacy != nullptr && legacy->is_object()) {
    out.push_back(STRIDE_TRY(read_call(*legacy, place + ".function_call")));
  }
  return out;
}

Result<Role> read_role(std::string_view name, const Place& place, Dialect dialect) {
  for (const Role role : {Role::system, Role::user, Role::assistant, Role::tool}) {
    if (name == role_name(role)) return role;
  }
  if (dialect == Dialect::exact) return Role::other;
  if (name == "developer") return Role::system;
  if (name == "function") return Role::tool;
  return fail(
      Errc::invalid_argument,
      "{}: the role \"{}\" is not one of system, developer, user, assistant, tool, function", place,
      name);
}

Result<Message> read_message(const Json& value, const Place& place, Dialect dialect) {
  if (!value.is_object()) return fail(Errc::invalid_argument, "{} is not an object", place);
  const std::string* role = json::string_member(value, "role");
  if (role == nullptr) return fail(Errc::invalid_argument, "{} has no role", place);
  Message out;
  out.role = STRIDE_TRY(read_role(*role, place, dialect));
  out.content =
      STRIDE_TRY(read_content(json::member(value, "content"), place + ".content", dialect));
  if (out.role == Role::assistant) {
    out.reasoning = read_reasoning(value, dialect);
    out.tool_calls = STRIDE_TRY(read_calls(value, place, dialect));
  }
  if (const std::string* id = json::string_member(value, "tool_call_id")) out.tool_call_id = *id;
  if (const std::string* name = json::string_member(value, "name")) out.name = *name;
  return out;
}

// Puts a blank line between two contents. It becomes part of a text, as trimming looks at each
// part.
void append_content(std::vector<Part>& to, std::vector<Part> from) {
  if (from.empty()) return;
  if (to.empty() || to.back().kind != Part::Kind::text) to.push_back(text_part(""));
  to.back().text += "\n\n";
  if (from[0].kind == Part::Kind::text) {
    to.back().text += from[0].text;
    from.erase(from.begin());
  }
  std::ranges::move(from, std::back_inserter(to));
}

// Clients send several instructions at the front; the template has one place for them.
void fold_leading_system(std::vector<Message>& messages) {
  size_t n = 0;
  while (n < messages.size() && messages[n].role == Role::system &&
         messages[n].name != "observation") {
    ++n;
  }
  for (size_t i = 1; i < n; ++i) {
    append_content(messages[0].content, std::move(messages[i].content));
  }
  if (n > 1) messages.erase(messages.begin() + 1, messages.begin() + static_cast<ptrdiff_t>(n));
}

// The prompt links results to calls by order alone. Results whose id is unknown stay behind the
// known ones in their own order.
void sort_results(std::vector<Message>& messages) {
  for (size_t i = 0; i < messages.size(); ++i) {
    const std::vector<ToolCall>& calls = messages[i].tool_calls;
    if (messages[i].role != Role::assistant || calls.empty()) continue;
    std::unordered_map<std::string_view, size_t> places;
    for (size_t k = 0; k < calls.size(); ++k) places.try_emplace(calls[k].id, k);
    const auto place_of = [&](const Message& result) {
      const auto found = places.find(result.tool_call_id);
      return found == places.end() ? calls.size() : found->second;
    };
    const auto begin = messages.begin() + static_cast<ptrdiff_t>(i) + 1;
    const auto end =
        std::find_if(begin, messages.end(), [](const Message& m) { return m.role != Role::tool; });
    std::ranges::stable_sort(begin, end, {}, place_of);
  }
}

Result<std::vector<Message>> read_messages(const Json& list, Dialect dialect) {
  if (!list.is_array()) return fail(Errc::invalid_argument, "messages is not an array");
  std::vector<Message> out;
  for (size_t i = 0; i < list.size(); ++i) {
    out.push_back(STRIDE_TRY(read_message(list[i], fmt::format("messages[{}]", i), dialect)));
  }
  if (dialect == Dialect::openai) {
    fold_leading_system(out);
    sort_results(out);
  }
  return out;
}

Result<std::vector<std::string>> read_tools(const Json* tools, Dialect dialect) {
  std::vector<std::string> out;
  if (tools == nullptr || tools->is_null()) return out;
  if (!tools->is_array()) return fail(Errc::invalid_argument, "tools is not an array");
  for (size_t i = 0; i < tools->size(); ++i) {
    const Json& tool = (*tools)[i];
    if (!tool.is_object()) return fail(Errc::invalid_argument, "tools[{}] is not an object", i);
    if (dialect == Dialect::openai && !tool.contains("function") && tool.contains("name")) {
      Json function = tool;
      function.erase("type");
      Json wrapped = Json::object();
      wrapped["type"] = "function";
      wrapped["function"] = std::move(function);
      out.push_back(json::dump(wrapped));
    } else {
      out.push_back(json::dump(tool));
    }
  }
  return out;
}

// none and off end thinking; levels of other vendors are mapped to the nearest of the three.
Result<void> read_effort(const Json* effort, Conversation& out) {
  if (effort == nullptr || effort->is_null()) return {};
  const std::string name = effort->is_string() ? effort->get<std::string>() : json::dump(*effort);
  out.effort = parse_effort(name);
  if (name == "minimal") out.effort = Effort::low;
  if (name == "xhigh" || name == "max") out.effort = Effort::high;
  if (name == "none" || name == "off" || name == "disabled") {
    out.thinking = Thinking::off;
  } else if (!out.effort) {
    return fail(Errc::invalid_argument,
                "reasoning_effort is {}; it can be low, medium, high or none", name);
  }
  return {};
}

Json part_to_json(const Part& part) {
  Json out = Json::object();
  if (part.kind == Part::Kind::text) {
    out["type"] = "text";
    out["text"] = part.text;
  } else {
    out["type"] = "image_url";
    out["image_url"] = Json::object();
    out["image_url"]["url"] = part.text;
  }
  return out;
}

Json message_to_json(const Message& message) {
  Json out = Json::object();
  out["role"] = role_name(message.role);
  if (!message.name.empty()) out["name"] = message.name;
  if (!message.tool_call_id.empty()) out["tool_call_id"] = message.tool_call_id;
  if (message.content.size() == 1 && message.content[0].kind == Part::Kind::text) {
    out["content"] = message.content[0].text;
  } else if (message.content.empty()) {
    out["content"] = nullptr;
  } else {
    out["content"] = Json::array();
    for (const Part& part : message.content) out["content"].push_back(part_to_json(part));
  }
  if (message.reasoning) out["reasoning_content"] = *message.reasoning;
  for (const ToolCall& call : message.tool_calls) {
    Json function = Json::object();
    function["name"] = call.name;
    function["arguments"] = call.arguments;
    Json entry = Json::object();
    entry["id"] = call.id;
    entry["type"] = "function";
    entry["function"] = std::move(function);
    out["tool_calls"].push_back(std::move(entry));
  }
  return out;
}

}  // namespace

Result<Conversation> conversation_from_json(const Json& value, Dialect dialect) {
  Conversation out;
  if (value.is_array()) {
    out.messages = STRIDE_TRY(read_messages(value, dialect));
    return out;
  }
  const Json* messages = json::member(value, "messages");
  if (messages == nullptr) {
    return fail(Errc::invalid_argument, "the conversation has no \"messages\"");
  }
  out.messages = STRIDE_TRY(read_messages(*messages, dialect));
  out.tools = STRIDE_TRY(read_tools(json::member(value, "tools"), dialect));
  if (auto ok = read_effort(json::member(value, "reasoning_effort"), out); !ok) {
    return std::unexpected(std::move(ok).error());
  }
  const Json* add = json::member(value, "add_generation_prompt");
  if (add != nullptr && add->is_boolean()) out.add_generation_prompt = add->get<bool>();
  const Json* thinking = json::find(value, "/chat_template_kwargs/enable_thinking");
  if (thinking != nullptr && thinking->is_boolean()) {
    out.thinking = thinking->get<bool>() ? Thinking::on : Thinking::off;
  }
  return out;
}

Result<Conversation> conversation_from_text(std::string_view text, Dialect dialect) {
  return conversation_from_json(STRIDE_TRY(json::parse(text, {.numbers = json::Numbers::exact})),
                                dialect);
}

Json conversation_to_json(const Conversation& conversation) {
  Json out = Json::object();
  out["messages"] = Json::array();
  for (const Message& message : conversation.messages) {
    out["messages"].push_back(message_to_json(message));
  }
  for (const std::string& tool : conversation.tools) {
    auto parsed = json::parse(tool, {.numbers = json::Numbers::exact});
    out["tools"].push_back(parsed ? *std::move(parsed) : Json(tool));
  }
  if (conversation.effort) out["reasoning_effort"] = effort_name(*conversation.effort);
  if (!conversation.add_generation_prompt) out["add_generation_prompt"] = false;
  if (conversation.thinking == Thinking::off) {
    out["chat_template_kwargs"] = Json::object();
    out["chat_template_kwargs"]["enable_thinking"] = false;
  }
  return out;
}

std::string conversation_to_text(const Conversation& conversation) {
  return json::dump(conversation_to_json(conversation));
}

}  // namespace stride::chat
