// SPDX-License-Identifier: Apache-2.0
// Requests in the words of Anthropic's messages and of OpenAI's responses, which are made of blocks
// and items.
#include "gauntlet/request.h"
#include "json/json.h"

namespace stride::gauntlet {
namespace {

using Role = ChatTurn::Role;

std::string joined_system(const std::vector<ChatTurn>& turns) {
  std::string text;
  for (const ChatTurn& turn : turns) {
    if (turn.role != Role::system) continue;
    if (!text.empty()) text += "\n\n";
    text += turn.text;
  }
  return text;
}

Json assistant_blocks(const ChatTurn& turn, const std::string& signature) {
  Json blocks = Json::array();
  // Thinking that is not signed would be refused.
  if (!turn.reasoning.empty() && !signature.empty())
    blocks.push_back(
        {{"type", "thinking"}, {"thinking", turn.reasoning}, {"signature", signature}});
  if (!turn.text.empty()) blocks.push_back({{"type", "text"}, {"text", turn.text}});
  for (const CapturedCall& call : turn.calls)
    blocks.push_back({{"type", "tool_use"},
                      {"id", call.id},
                      {"name", call.name},
                      {"input", object_or_empty(call.arguments)}});
  return blocks;
}

Json anthropic_messages(const RequestParts& parts) {
  Json messages = Json::array();
  for (size_t i = 0; i < parts.turns.size(); ++i) {
    const ChatTurn& turn = parts.turns[i];
    if (turn.role == Role::system) continue;
    if (turn.role == Role::assistant) {
      messages.push_back(
          {{"role", "assistant"}, {"content", assistant_blocks(turn, parts.signatures[i])}});
      continue;
    }
    Json block = {{"type", "text"}, {"text", turn.text}};
    if (turn.role == Role::tool)
      block = {{"type", "tool_result"}, {"tool_use_id", turn.call_id}, {"content", turn.text}};
    // All results of one turn belong into one message.
    if (messages.empty() || messages.back()["role"] != "user")
      messages.push_back({{"role", "user"}, {"content", Json::array()}});
    messages.back()["content"].push_back(std::move(block));
  }
  return messages;
}

void put_tools(Json& body, const RequestParts& parts) {
  for (const ToolSpec& tool : parts.tools)
    body["tools"].push_back({{"name", tool.name},
                             {"description", tool.description},
                             {"input_schema", object_or_empty(tool.parameters)}});
  const std::string& choice = parts.ask.tool_choice;
  if (choice.empty()) return;
  if (choice == "auto" || choice == "none")
    body["tool_choice"] = {{"type", choice}};
  else if (choice == "required")
    body["tool_choice"] = {{"type", "any"}};
  else
    body["tool_choice"] = {{"type", "tool"}, {"name", choice}};
}

void put_input(Json& input, const ChatTurn& turn) {
  if (turn.role == Role::tool) {
    input.push_back(
        {{"type", "function_call_output"}, {"call_id", turn.call_id}, {"output", turn.text}});
    return;
  }
  const bool assistant = turn.role == Role::assistant;
  if (assistant && !turn.reasoning.empty())
    input.push_back({{"type", "reasoning"},
                     {"summary", Json::array()},
                     {"content", {{{"type", "reasoning_text"}, {"text", turn.reasoning}}}}});
  if (!turn.text.empty())
    input.push_back(
        {{"type", "message"},
         {"role", assistant ? "assistant" : "user"},
         {"content", {{{"type", assistant ? "output_text" : "input_text"}, {"text", turn.text}}}}});
  for (const CapturedCall& call : turn.calls)
    input.push_back({{"type", "function_call"},
                     {"call_id", call.id},
                     {"name", call.name},
                     {"arguments", call.arguments}});
}

void put_response_tools(Json& body, const RequestParts& parts) {
  for (const ToolSpec& tool : parts.tools)
    body["tools"].push_back({{"type", "function"},
                             {"name", tool.name},
                             {"description", tool.description},
                             {"parameters", object_or_empty(tool.parameters)},
                             {"strict", false}});
  const std::string& choice = parts.ask.tool_choice;
  if (choice == "auto" || choice == "none" || choice == "required")
    body["tool_choice"] = choice;
  else if (!choice.empty())
    body["tool_choice"] = {{"type", "function"}, {"name", choice}};
}

}  // namespace

Json anthropic_request(const RequestParts& parts) {
  const AskOptions& ask = parts.ask;
  Json body = {{"model", parts.model()}, {"max_tokens", parts.limit()}};
  if (const std::string system = joined_system(parts.turns); !system.empty())
    body["system"] = system;
  body["messages"] = anthropic_messages(parts);
  const Thinking thinking = parts.thinking();
  if (thinking == Thinking::off) body["thinking"] = {{"type", "disabled"}};
  if (thinking == Thinking::on)
    body["thinking"] = {{"type", "enabled"}, {"budget_tokens", parts.reasoning_budget()}};
  if (!parts.endpoint.effort.empty() && thinking != Thinking::off)
    body["output_config"]["effort"] = parts.endpoint.effort;
  // With thinking the service allows its own temperature only.
  const Sampling sampling = parts.sampling();
  if (sampling.temperature && thinking != Thinking::on) body["temperature"] = *sampling.temperature;
  if (sampling.top_p && thinking != Thinking::on) body["top_p"] = *sampling.top_p;
  if (!ask.stop.empty()) body["stop_sequences"] = ask.stop;
  if (ask.format == AnswerFormat::json_schema)
    body["output_config"]["format"] = {{"type", "json_schema"},
                                       {"schema", object_or_empty(ask.schema)}};
  put_tools(body, parts);
  body["stream"] = ask.stream;
  return body;
}

Json responses_request(const RequestParts& parts) {
  const AskOptions& ask = parts.ask;
  Json body = {{"model", parts.model()}};
  if (const std::string system = joined_system(parts.turns); !system.empty())
    body["instructions"] = system;
  body["input"] = Json::array();
  for (const ChatTurn& turn : parts.turns)
    if (turn.role != Role::system) put_input(body["input"], turn);
  body["max_output_tokens"] = parts.limit();
  const Sampling sampling = parts.sampling();
  if (sampling.temperature) body["temperature"] = *sampling.temperature;
  if (sampling.top_p) body["top_p"] = *sampling.top_p;
  const Thinking thinking = parts.thinking();
  if (thinking == Thinking::off)
    body["reasoning"] = {{"effort", "none"}};
  else if (!parts.endpoint.effort.empty())
    body["reasoning"] = {{"effort", parts.endpoint.effort}};
  if (ask.format == AnswerFormat::json_object)
    body["text"] = {{"format", {{"type", "json_object"}}}};
  if (ask.format == AnswerFormat::json_schema)
    body["text"] = {{"format",
                     {{"type", "json_schema"},
                      {"name", "answer"},
                      {"strict", true},
                      {"schema", object_or_empty(ask.schema)}}}};
  put_response_tools(body, parts);
  body["store"] = false;
  body["stream"] = ask.stream;
  return body;
}

}  // namespace stride::gauntlet
