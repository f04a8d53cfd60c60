// SPDX-License-Identifier: Apache-2.0
// Requests in the words of OpenAI's chat completions, with the fields of the servers that speak it,
// and of Ollama.
#include "gauntlet/request.h"
#include "json/json.h"

namespace stride::gauntlet {
namespace {

using Role = ChatTurn::Role;

std::string_view role_name(Role role) {
  switch (role) {
    case Role::system:
      return "system";
    case Role::assistant:
      return "assistant";
    case Role::tool:
      return "tool";
    case Role::user:
      break;
  }
  return "user";
}

Json function_tools(const std::vector<ToolSpec>& tools) {
  Json list = Json::array();
  for (const ToolSpec& tool : tools)
    list.push_back({{"type", "function"},
                    {"function",
                     {{"name", tool.name},
                      {"description", tool.description},
                      {"parameters", object_or_empty(tool.parameters)}}}});
  return list;
}

Json chat_message(const ChatTurn& turn, std::string_view reasoning_key) {
  Json message = {{"role", role_name(turn.role)}};
  if (turn.text.empty() && !turn.calls.empty())
    message["content"] = nullptr;
  else
    message["content"] = turn.text;
  if (turn.role == Role::tool) message["tool_call_id"] = turn.call_id;
  if (turn.role != Role::assistant) return message;
  if (!turn.reasoning.empty()) message[reasoning_key] = turn.reasoning;
  for (const CapturedCall& call : turn.calls)
    message["tool_calls"].push_back(
        {{"id", call.id},
         {"type", "function"},
         {"function", {{"name", call.name}, {"arguments", call.arguments}}}});
  return message;
}

bool is_of(std::string_view host, std::string_view domain) {
  return host == domain || (host.ends_with(domain) && host[host.size() - domain.size() - 1] == '.');
}

void put_thinking(Json& body, const RequestParts& parts) {
  const bool router = is_of(parts.host, "openrouter.ai"), openai = is_of(parts.host, "openai.com");
  const std::string& effort = parts.endpoint.effort;
  const Thinking thinking = parts.thinking();
  const bool sends_budget = !parts.endpoint.shared_budget && parts.reasoning_budget() > 0;
  if (router) {
    if (thinking == Thinking::off)
      body["reasoning"] = {{"enabled", false}};
    else if (!effort.empty())
      body["reasoning"] = {{"effort", effort}};
    else if (sends_budget)
      body["reasoning"] = {{"max_tokens", parts.reasoning_budget()}};
    return;
  }
  if (!effort.empty() && thinking != Thinking::off) body["reasoning_effort"] = effort;
  if (thinking != Thinking::unset && !openai)
    body["chat_template_kwargs"] = {{"enable_thinking", thinking == Thinking::on}};
  if (parts.endpoint.api == Api::stride && thinking != Thinking::off && sends_budget)
    body["reasoning_budget_tokens"] = parts.reasoning_budget();
}

void put_format(Json& body, const AskOptions& ask) {
  if (ask.format == AnswerFormat::json_object) body["response_format"] = {{"type", "json_object"}};
  if (ask.format == AnswerFormat::json_schema)
    body["response_format"] = {
        {"type", "json_schema"},
        {"json_schema",
         {{"name", "answer"}, {"strict", true}, {"schema", object_or_empty(ask.schema)}}}};
}

void put_tools(Json& body, const RequestParts& parts) {
  if (!parts.tools.empty()) body["tools"] = function_tools(parts.tools);
  const std::string& choice = parts.ask.tool_choice;
  if (choice.empty()) return;
  if (choice == "auto" || choice == "none" || choice == "required")
    body["tool_choice"] = choice;
  else
    body["tool_choice"] = {{"type", "function"}, {"function", {{"name", choice}}}};
}

// Ollama takes arguments as an object and links results by the name of the tool.
Json ollama_message(const ChatTurn& turn, const std::vector<ChatTurn>& turns) {
  Json message = {{"role", role_name(turn.role)}, {"content", turn.text}};
  if (!turn.reasoning.empty()) message["thinking"] = turn.reasoning;
  for (const CapturedCall& call : turn.calls)
    message["tool_calls"].push_back(
        {{"function", {{"name", call.name}, {"arguments", object_or_empty(call.arguments)}}}});
  if (turn.role != Role::tool) return message;
  for (const ChatTurn& other : turns)
    for (const CapturedCall& call : other.calls)
      if (call.id == turn.call_id) message["tool_name"] = call.name;
  return message;
}

}  // namespace

Json chat_request(const RequestParts& parts) {
  const AskOptions& ask = parts.ask;
  Json body = {{"model", parts.model()}, {"messages", Json::array()}};
  const char* reasoning_key =
      is_of(parts.host, "openrouter.ai") ? "reasoning" : "reasoning_content";
  for (const ChatTurn& turn : parts.turns)
    body["messages"].push_back(chat_message(turn, reasoning_key));
  // Only OpenAI's own service refuses the older name.
  body[is_of(parts.host, "openai.com") ? "max_completion_tokens" : "max_tokens"] = parts.limit();
  const Sampling sampling = parts.sampling();
  if (sampling.temperature) body["temperature"] = *sampling.temperature;
  if (sampling.top_p) body["top_p"] = *sampling.top_p;
  if (ask.seed) body["seed"] = *ask.seed;
  if (!ask.stop.empty()) body["stop"] = ask.stop;
  put_thinking(body, parts);
  put_format(body, ask);
  put_tools(body, parts);
  body["stream"] = ask.stream;
  if (ask.stream) body["stream_options"] = {{"include_usage", true}};
  return body;
}

Json ollama_request(const RequestParts& parts) {
  const AskOptions& ask = parts.ask;
  Json body = {{"model", parts.model()}, {"messages", Json::array()}, {"stream", ask.stream}};
  for (const ChatTurn& turn : parts.turns)
    body["messages"].push_back(ollama_message(turn, parts.turns));
  Json& options = body["options"];
  options["num_predict"] = parts.limit();
  const Sampling sampling = parts.sampling();
  if (sampling.temperature) options["temperature"] = *sampling.temperature;
  if (sampling.top_p) options["top_p"] = *sampling.top_p;
  if (ask.seed) options["seed"] = *ask.seed;
  if (!ask.stop.empty()) options["stop"] = ask.stop;
  const Thinking thinking = parts.thinking();
  if (thinking != Thinking::unset) body["think"] = thinking == Thinking::on;
  if (thinking != Thinking::off && !parts.endpoint.effort.empty())
    body["think"] = parts.endpoint.effort;
  if (ask.format == AnswerFormat::json_object) body["format"] = "json";
  if (ask.format == AnswerFormat::json_schema) body["format"] = object_or_empty(ask.schema);
  if (!parts.tools.empty()) body["tools"] = function_tools(parts.tools);
  return body;
}

}  // namespace stride::gauntlet
