// SPDX-License-Identifier: Apache-2.0
// The items of one assistant turn (reasoning, message, calls) become one message: the template
// writes them as one. Items that only the vendor's servers know are passed over.
#include "api/responses_request.h"

#include <fmt/format.h>

#include <array>

#include "api/constraints.h"
#include "api/fields.h"
#include "api/request_common.h"
#include "api/responses_tools.h"
#include "api/sampling_fields.h"
#include "api/thinking_controls.h"
#include "json/json.h"

namespace stride::api {
namespace {

// What is repeated in the answer just as it came.
constexpr std::array kEchoed = {"instructions",        "max_output_tokens",
                                "max_tool_calls",      "metadata",
                                "parallel_tool_calls", "previous_response_id",
                                "prompt_cache_key",    "reasoning",
                                "safety_identifier",   "service_tier",
                                "temperature",         "text",
                                "tool_choice",         "tools",
                                "top_logprobs",        "top_p",
                                "truncation",          "user"};

// The texts of a list of parts, or a string.
Outcome<std::string> parts_text(const Json& value, const std::string& place) {
  if (value.is_string()) return value.get<std::string>();
  if (!value.is_array())
    return refuse(place, fmt::format("{} must be a string or a list of parts", place));
  std::string out;
  for (size_t i = 0; i < value.size(); ++i) {
    const Json& part = value[i];
    const std::string at = fmt::format("{}[{}]", place, i);
    const std::string* type = json::string_member(part, "type");
    if (type == nullptr) return refuse(at, fmt::format("{}: a part needs a \"type\"", at));
    if (*type == "input_image" || *type == "image") return refuse_image(at);
    if (*type == "input_file" || *type == "input_audio")
      return refuse(at, fmt::format("{}: a part of type {} cannot be read, only text", at, *type));
    const std::string* text = json::string_member(part, "text");
    if (text == nullptr) text = json::string_member(part, "refusal");
    if (text != nullptr) out += *text;
  }
  return out;
}

std::string summary_text(const Json* list) {
  std::string out;
  if (list == nullptr || !list->is_array()) return out;
  for (const Json& entry : *list) {
    const std::string* text = json::string_member(entry, "text");
    if (text == nullptr) continue;
    if (!out.empty()) out += "\n\n";
    out += *text;
  }
  return out;
}

class Reader {
 public:
  explicit Reader(ChatCall& call) : call_(call) {}

  Outcome<> read(const Json& items, std::string_view name) {
    for (size_t i = 0; i < items.size(); ++i)
      STRIDE_TRY(read_item(items[i], fmt::format("{}[{}]", name, i)));
    return {};
  }

  // Instructions at the front become one message, as the template has one place for them.
  void add(chat::Role role, std::string text) {
    answering_ = role == chat::Role::assistant;
    if (role == chat::Role::system && messages().size() == 1 &&
        messages()[0].role == chat::Role::system) {
      messages()[0].content[0].text += "\n\n" + text;
      return;
    }
    messages().push_back(chat::text_message(role, std::move(text)));
  }

 private:
  std::vector<chat::Message>& messages() { return call_.conversation.messages; }

  // The message of the turn that the last items belong to.
  chat::Message& turn() {
    if (!answering_) {
      add(chat::Role::assistant, "");
      messages().back().reasoning = "";
    }
    return messages().back();
  }

  Outcome<> read_item(const Json& item, const std::string& place) {
    if (item.is_string()) {
      add(chat::Role::user, item.get<std::string>());
      return {};
    }
    if (!item.is_object()) return refuse(place, fmt::format("{} is not an object", place));
    const std::string* given = json::string_member(item, "type");
    const std::string_view type = given != nullptr ? std::string_view(*given) : "message";
    if (type == "message") return read_message(item, place);
    if (type == "function_call") return read_call(item, place, "arguments");
    if (type == "custom_tool_call") return read_call(item, place, "input");
    if (type == "local_shell_call") return read_shell_call(item);
    if (type.ends_with("_call_output")) return read_output(item, place);
    if (type == "reasoning") return read_reasoning(item);
    return {};
  }

  Outcome<> read_message(const Json& item, const std::string& place) {
    const std::string* role = json::string_member(item, "role");
    const Json* content = json::member(item, "content");
    if (role == nullptr) return refuse(place, fmt::format("{} has no role", place));
    std::string text;
    if (content != nullptr && !content->is_null())
      text = STRIDE_TRY(parts_text(*content, place + ".content"));
    if (*role == "assistant") {
      std::string& said = turn().content[0].text;
      if (!said.empty() && !text.empty()) said += "\n\n";
      said += text;
    } else if (*role == "user") {
      add(chat::Role::user, std::move(text));
    } else if (*role == "system" || *role == "developer") {
      add(chat::Role::system, std::move(text));
    } else {
      return refuse(place, fmt::format("{}: the role \"{}\" is not one of user, assistant, system, "
                                       "developer",
                                       place, *role));
    }
    return {};
  }

  Outcome<> read_call(const Json& item, const std::string& place, std::string_view field) {
    const std::string* name = json::string_member(item, "name");
    if (name == nullptr) return refuse(place, fmt::format("{} has no name", place));
    const std::string* space = json::string_member(item, "namespace");
    chat::ToolCall call;
    call.name = prompt_name(call_.responses, space != nullptr ? *space : "", *name);
    call.id = call_id(item);
    if (const std::string* text = json::string_member(item, field))
      call.arguments = arguments_of(*text, field);
    turn().tool_calls.push_back(std::move(call));
    return {};
  }

  // The text as it came where it is an object; anything else becomes the one parameter.
  static std::string arguments_of(const std::string& text, std::string_view field) {
    if (field == "arguments") {
      if (text.find_first_not_of(" \t\r\n") == std::string::npos) return {};
      const auto parsed = json::parse(text, {.numbers = json::Numbers::exact});
      if (parsed && parsed->is_object()) return json::dump(*parsed);
    }
    Json wrapped = Json::object();
    wrapped[std::string(field)] = text;
    return json::dump(wrapped);
  }

  static std::string call_id(const Json& item) {
    const std::string* id = json::string_member(item, "call_id");
    if (id == nullptr) id = json::string_member(item, "id");
    return id != nullptr ? *id : std::string();
  }

  Outcome<> read_shell_call(const Json& item) {
    const Json* action = json::member(item, "action");
    chat::ToolCall call{.id = call_id(item), .name = "local_shell"};
    if (action != nullptr && action->is_object()) call.arguments = json::dump(*action);
    turn().tool_calls.push_back(std::move(call));
    return {};
  }

  Outcome<> read_output(const Json& item, const std::string& place) {
    const Json* output = json::member(item, "output");
    std::string text;
    if (output != nullptr && output->is_object()) {
      text = json::dump(*output);
    } else if (output != nullptr && !output->is_null()) {
      text = STRIDE_TRY(parts_text(*output, place + ".output"));
    }
    add(chat::Role::tool, std::move(text));
    messages().back().tool_call_id = call_id(item);
    return {};
  }

  Outcome<> read_reasoning(const Json& item) {
    chat::Message& message = turn();
    std::string text = summary_text(json::member(item, "content"));
    if (text.empty()) text = summary_text(json::member(item, "summary"));
    std::string& reasoning = *message.reasoning;
    if (!reasoning.empty() && !text.empty()) reasoning += "\n\n";
    reasoning += text;
    const std::string* handle = json::string_member(item, "encrypted_content");
    if (handle != nullptr) call_.reasoning_handles[messages().size() - 1] = *handle;
    return {};
  }

  ChatCall& call_;
  bool answering_ = false;  // the last message is an assistant's that further items belong to
};

Outcome<> read_output(const Fields& body, ChatCall& call) {
  ResponsesPart& part = call.responses;
  call.output.stream = STRIDE_TRY(body.boolean("stream")).value_or(false);
  call.output.return_progress = STRIDE_TRY(body.boolean("return_progress")).value_or(false);
  part.store = STRIDE_TRY(body.boolean("store")).value_or(true);
  part.background = STRIDE_TRY(body.boolean("background")).value_or(false);
  for (const std::string& name : STRIDE_TRY(body.texts("include"))) {
    part.encrypted_reasoning |= name == "reasoning.encrypted_content";
    call.output.logprobs |= name == "message.output_text.logprobs";
  }
  const auto top = STRIDE_TRY(body.integer("top_logprobs", 0, kMostLogprobs));
  call.output.logprobs |= top.value_or(0) > 0;
  if (call.output.logprobs) call.options.n_logprobs = static_cast<uint32_t>(top.value_or(0));
  if (const Json* reasoning = STRIDE_TRY(body.object("reasoning"))) {
    const Fields fields(*reasoning, "reasoning.");
    const auto summary = STRIDE_TRY(fields.text("summary"));
    part.summaries = summary && *summary != "none";
  }
  if (const Json* text = STRIDE_TRY(body.object("text")))
    STRIDE_TRY(read_format(Fields(*text, "text."), "format", call));
  return {};
}

void keep_echo(const Fields& body, ResponsesPart& part) {
  for (const char* name : kEchoed) {
    if (const Json* value = body.find(name)) part.echo[name] = json::dump(*value);
  }
}

// The input as a list of items, for the store.
std::string items_text(const Json* input) {
  if (input == nullptr) return "[]";
  return json::dump(input->is_array() ? *input : Json::array({*input}));
}

}  // namespace

Outcome<std::string> previous_response(const Json& body) {
  return STRIDE_TRY(Fields(body).text("previous_response_id")).value_or("");
}

// A name, or {"id": name}.
Outcome<std::string> conversation_of(const Json& body) {
  const Fields fields(body);
  const Json* given = fields.find("conversation");
  if (given == nullptr) return std::string();
  if (given->is_string()) return given->get<std::string>();
  if (!given->is_object())
    return refuse("conversation", "conversation must be an id or an object with an id");
  return STRIDE_TRY(Fields(*given, "conversation.").text("id")).value_or("");
}

Outcome<ChatCall> read_responses_request(const Json& body, const Json& history,
                                         const CallDefaults& defaults) {
  ChatCall call;
  call.dialect = Dialect::responses;
  const Fields fields(body);
  call.model = STRIDE_TRY(read_model(fields, defaults));
  STRIDE_TRY(read_sampling(fields, defaults, call));
  call.n = 1;
  STRIDE_TRY(read_max_tokens(fields, "max_output_tokens", call));
  STRIDE_TRY(read_stop(fields, "stop", call));
  STRIDE_TRY(read_output(fields, call));
  STRIDE_TRY(read_thinking(fields, defaults, call));
  STRIDE_TRY(read_constraints(fields, call));
  call.responses.previous = STRIDE_TRY(fields.text("previous_response_id")).value_or("");
  (void)fields.has("conversation");  // its items are in the history
  STRIDE_TRY(read_responses_tools(STRIDE_TRY(fields.array("tools")), call));
  STRIDE_TRY(read_tool_choice(fields, function_names(call.conversation.tools), call));

  Reader reader(call);
  if (auto instructions = STRIDE_TRY(fields.text("instructions")))
    reader.add(chat::Role::system, std::move(*instructions));
  STRIDE_TRY(reader.read(history, "previous"));
  const Json* input = fields.find("input");
  if (input != nullptr && input->is_string()) {
    reader.add(chat::Role::user, input->get<std::string>());
  } else if (input != nullptr) {
    if (!input->is_array()) return refuse("input", "input must be a string or a list of items");
    STRIDE_TRY(reader.read(*input, "input"));
  }
  sort_results(call.conversation.messages);
  keep_echo(fields, call.responses);
  call.responses.input_items = items_text(input);
  call.ignored = fields.unread();
  call.lane = lane_of(call, defaults);
  return call;
}

}  // namespace stride::api
