// SPDX-License-Identifier: Apache-2.0
#include "api/openai_chat_request.h"

#include <fmt/format.h>

#include "api/constraints.h"
#include "api/fields.h"
#include "api/request_common.h"
#include "api/sampling_fields.h"
#include "api/thinking_controls.h"
#include "chat/from_json.h"
#include "json/json.h"

namespace stride::api {
namespace {

bool is_image(std::string_view type) {
  return type == "image" || type == "image_url" || type == "input_image";
}

Outcome<> check_parts(const Json& content, const std::string& place) {
  for (size_t i = 0; i < content.size(); ++i) {
    const std::string* type = json::string_member(content[i], "type");
    if (type != nullptr && is_image(*type)) return refuse_image(fmt::format("{}[{}]", place, i));
  }
  return {};
}

// What the reader of conversations lets pass but no answer could follow.
Outcome<> check_messages(const Fields& body) {
  const Json* messages = STRIDE_TRY(body.array("messages"));
  if (messages == nullptr || messages->empty())
    return refuse("messages", "messages must be an array with at least one message");
  for (size_t i = 0; i < messages->size(); ++i) {
    const Json& message = (*messages)[i];
    const std::string place = fmt::format("messages[{}]", i);
    const std::string* role = json::string_member(message, "role");
    const Json* content = json::member(message, "content");
    const bool empty = content == nullptr || content->is_null();
    if (content != nullptr && content->is_array())
      STRIDE_TRY(check_parts(*content, place + ".content"));
    // A tool may have nothing to say.
    const bool may_be_empty =
        role != nullptr && (*role == "assistant" || *role == "tool" || *role == "function");
    if (role != nullptr && !may_be_empty && empty)
      return refuse(place + ".content", fmt::format("{} has no content", place));
  }
  return {};
}

// Programs that also talk with Anthropic leave its blocks in the assistant's content: thoughts
// become the message's reasoning, and calls stand in tool_calls as well.
void take_out_blocks(Json& message) {
  const auto content = message.find("content");
  const std::string* role = json::string_member(message, "role");
  if (role == nullptr || *role != "assistant" || content == message.end() || !content->is_array())
    return;
  Json kept = Json::array();
  std::string thoughts;
  for (Json& part : *content) {
    const std::string* type = json::string_member(part, "type");
    const std::string_view kind = type != nullptr ? std::string_view(*type) : "";
    if (kind == "thinking" || kind == "reasoning") {
      const std::string* text = json::string_member(part, kind);
      if (text == nullptr) text = json::string_member(part, "text");
      if (text != nullptr) thoughts += *text;
    } else if (kind != "redacted_thinking" && kind != "tool_use") {
      kept.push_back(std::move(part));
    }
  }
  *content = std::move(kept);
  if (!thoughts.empty() && json::string_member(message, "reasoning_content") == nullptr &&
      json::string_member(message, "reasoning") == nullptr)
    message["reasoning_content"] = std::move(thoughts);
}

// A tool in the form of Responses, which some clients send here, too.
Outcome<Json> wrapped(const Json& tool) {
  const std::string* name = json::string_member(tool, "name");
  if (name == nullptr) return tool;
  const Json* parameters = json::member(tool, "parameters");
  if (parameters == nullptr) parameters = json::member(tool, "input_schema");
  const auto text = function_tool(*name, json::member(tool, "description"), parameters);
  return STRIDE_TRY(json::parse(text, {.max_depth = kMostDepth, .numbers = json::Numbers::exact}));
}

// Clients declare tools that only their own vendor serves; those are skipped.
Outcome<> keep_functions(Json& body) {
  const auto legacy = body.find("functions");
  if (legacy != body.end() && legacy->is_array() && !body.contains("tools")) {
    Json tools = Json::array();
    for (Json& function : *legacy) {
      Json tool = Json::object();
      tool["type"] = "function";
      tool["function"] = std::move(function);
      tools.push_back(std::move(tool));
    }
    body["tools"] = std::move(tools);
  }
  const auto tools = body.find("tools");
  if (tools == body.end() || !tools->is_array()) return {};
  Json kept = Json::array();
  for (size_t i = 0; i < tools->size(); ++i) {
    Json& tool = (*tools)[i];
    if (!tool.is_object()) return refuse("tools", fmt::format("tools[{}] is not an object", i));
    const std::string* type = json::string_member(tool, "type");
    if (type != nullptr && *type != "function") continue;
    kept.push_back(tool.contains("function") ? std::move(tool) : STRIDE_TRY(wrapped(tool)));
  }
  *tools = std::move(kept);
  return {};
}

// The older way to force a call: "auto", "none" or {"name": ...}.
void modernise_function_call(Json& body) {
  const auto legacy = body.find("function_call");
  if (legacy == body.end() || body.contains("tool_choice")) return;
  Json choice = *legacy;
  if (choice.is_object()) {
    Json wrapped = Json::object();
    wrapped["type"] = "function";
    wrapped["function"] = std::move(choice);
    choice = std::move(wrapped);
  }
  body["tool_choice"] = std::move(choice);
}

Outcome<> read_output(const Fields& body, const CallDefaults& defaults, ChatCall& call) {
  OutputSettings& out = call.output;
  out.reasoning = defaults.reasoning;
  out.stream = STRIDE_TRY(body.boolean("stream")).value_or(false);
  if (const Json* options = STRIDE_TRY(body.object("stream_options"))) {
    const Fields fields(*options, "stream_options.");
    out.include_usage = STRIDE_TRY(fields.boolean("include_usage")).value_or(false);
    out.continuous_usage = STRIDE_TRY(fields.boolean("continuous_usage_stats")).value_or(false);
  }
  out.return_progress = STRIDE_TRY(body.boolean("return_progress")).value_or(false);
  out.timings_per_token = STRIDE_TRY(body.boolean("timings_per_token")).value_or(false);
  out.echo = STRIDE_TRY(body.boolean("echo")).value_or(false);
  STRIDE_TRY(read_prompt_logprobs(body, call));
  out.return_token_ids = STRIDE_TRY(body.boolean("return_token_ids")).value_or(false);
  out.logprobs = STRIDE_TRY(body.boolean("logprobs")).value_or(false);
  const auto top = STRIDE_TRY(body.integer("top_logprobs", 0, kMostLogprobs));
  if (top && *top > 0 && !out.logprobs)
    return refuse("top_logprobs", "top_logprobs needs logprobs to be true");
  if (out.logprobs) call.options.n_logprobs = static_cast<uint32_t>(top.value_or(0));
  return {};
}

// The name of the field that carries reasoning: StepFun's values, those of llama.cpp, and the
// switches of vLLM and OpenRouter that leave it out.
Outcome<> read_reasoning_field(const Fields& body, ChatCall& call) {
  if (const auto format = STRIDE_TRY(body.text("reasoning_format"))) {
    if (*format == "general") {
      call.output.reasoning = ReasoningField::reasoning;
    } else if (*format == "deepseek" || *format == "deepseek-style" ||
               *format == "deepseek-legacy") {
      call.output.reasoning = ReasoningField::reasoning_content;
    } else if (*format == "none") {
      call.output.reasoning = ReasoningField::in_content;
    } else if (*format != "auto") {
      return refuse("reasoning_format",
                    fmt::format("reasoning_format is \"{}\"; it can be general, deepseek-style, "
                                "deepseek, none or auto",
                                *format));
    }
  }
  if (!STRIDE_TRY(body.boolean("include_reasoning")).value_or(true))
    call.output.reasoning = ReasoningField::none;
  if (const Json* reasoning = STRIDE_TRY(body.object("reasoning"))) {
    if (STRIDE_TRY(Fields(*reasoning, "reasoning.").boolean("exclude")).value_or(false))
      call.output.reasoning = ReasoningField::none;
  }
  return {};
}

Outcome<> read_conversation(Json& body, ChatCall& call) {
  // These have been read already, with more values than the conversation's own reader knows.
  body.erase("reasoning_effort");
  body.erase("chat_template_kwargs");
  const chat::Conversation settings = std::move(call.conversation);
  call.conversation = STRIDE_TRY(chat::conversation_from_json(body));
  call.conversation.thinking = settings.thinking;
  call.conversation.effort = settings.effort;
  const auto& messages = call.conversation.messages;
  const size_t n = messages.size();
  const auto said = [&](size_t i) { return messages[i].role == chat::Role::assistant; };
  if (n >= 2 && said(n - 1) && said(n - 2))
    return refuse("messages", "the last two messages are both from the assistant");
  const Fields fields(body);
  const auto wanted = STRIDE_TRY(fields.boolean("continue_final_message"));
  const auto generation_prompt = STRIDE_TRY(fields.boolean("add_generation_prompt"));
  if (wanted.value_or(false) && (n == 0 || !said(n - 1)))
    return refuse("continue_final_message", "the last message is not the assistant's");
  if (n > 0 && said(n - 1))
    call.continue_final = wanted.value_or(!generation_prompt.value_or(false));
  return {};
}

}  // namespace

Outcome<ChatCall> read_chat_request(Json body, const CallDefaults& defaults) {
  ChatCall call;
  call.dialect = Dialect::chat;
  STRIDE_TRY(keep_functions(body));
  modernise_function_call(body);
  if (const auto messages = body.find("messages"); messages != body.end() && messages->is_array())
    for (Json& message : *messages) take_out_blocks(message);
  const Fields fields(body);
  call.model = STRIDE_TRY(read_model(fields, defaults));
  STRIDE_TRY(read_sampling(fields, defaults, call));
  if (const auto n = STRIDE_TRY(fields.integer("n_predict", -1, kLargestCount)); n && *n > 0)
    call.options.max_tokens = static_cast<uint32_t>(*n);
  STRIDE_TRY(read_max_tokens(fields, "max_tokens", call));
  STRIDE_TRY(read_max_tokens(fields, "max_completion_tokens", call));
  STRIDE_TRY(read_stop(fields, "stop", call));
  STRIDE_TRY(read_output(fields, defaults, call));
  STRIDE_TRY(read_reasoning_field(fields, call));
  STRIDE_TRY(read_thinking(fields, defaults, call));
  STRIDE_TRY(check_messages(fields));
  STRIDE_TRY(read_constraints(fields, call));
  STRIDE_TRY(read_conversation(body, call));
  STRIDE_TRY(read_tool_choice(fields, function_names(call.conversation.tools), call));
  for (const char* name : {"tools", "functions", "function_call"}) (void)fields.find(name);
  call.ignored = fields.unread();
  call.lane = lane_of(call, defaults);
  return call;
}

}  // namespace stride::api
