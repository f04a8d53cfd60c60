// SPDX-License-Identifier: Apache-2.0
#include "server_requests.h"

#include <utility>

#include "base/random.h"
#include "json/json.h"

namespace stride {

using api::Dialect;

namespace {

Json tools_of(const Asked& asked) {
  Json out = Json::array();
  std::vector<std::string> sources = adversarial_tools();
  // With a name that no grammar can hold; so calls are as free, and as damaged, as they are said.
  if (!asked.setting.grammar)
    sources.push_back(R"({"type":"function","function":{"name":"no>grammar"}})");
  for (const std::string& source : sources) {
    Json tool = *json::parse(source);
    Json function = tool["function"];
    if (asked.dialect == Dialect::chat) {
      out.push_back(std::move(tool));
    } else if (asked.dialect == Dialect::messages) {
      function["input_schema"] = function.value("parameters", Json::object());
      function.erase("parameters");
      out.push_back(std::move(function));
    } else {
      const bool custom = asked.view.custom_tool && function["name"] == "run";
      function["type"] = custom ? "custom" : "function";
      out.push_back(std::move(function));
    }
  }
  return out;
}

void add_view(const Asked& asked, Json& body) {
  const View& view = asked.view;
  switch (asked.dialect) {
    case Dialect::chat:
      body["stream_options"]["include_usage"] = true;
      if (view.logprobs) body["logprobs"] = true;
      if (view.logprobs) body["top_logprobs"] = 2;
      if (view.hide_reasoning) body["include_reasoning"] = false;
      if (view.reasoning_in_content) body["reasoning_format"] = "none";
      return;
    case Dialect::completions:
      body["stream_options"]["include_usage"] = true;
      if (view.logprobs) body["logprobs"] = 2;
      return;
    case Dialect::responses:
      if (view.summaries) body["reasoning"]["summary"] = "auto";
      if (view.logprobs) body["include"] = Json::array({"message.output_text.logprobs"});
      return;
    case Dialect::messages:
      if (view.hide_reasoning) body["thinking"]["display"] = "omitted";
  }
}

}  // namespace

View view_of(Dialect dialect, uint64_t seed) {
  Random random(seed ^ 0x71e77);
  const auto one_in = [&](uint64_t n) { return random.below(n) == 0; };
  View out;
  out.logprobs = one_in(4) && dialect != Dialect::messages;
  out.hide_reasoning = one_in(6) && (dialect == Dialect::chat || dialect == Dialect::messages);
  out.reasoning_in_content = one_in(6) && dialect == Dialect::chat && !out.hide_reasoning;
  out.summaries = one_in(3) && dialect == Dialect::responses;
  out.custom_tool = one_in(3) && dialect == Dialect::responses;
  return out;
}

std::string_view path_of(Dialect dialect) {
  switch (dialect) {
    case Dialect::chat:
      return "/v1/chat/completions";
    case Dialect::completions:
      return "/v1/completions";
    case Dialect::responses:
      return "/v1/responses";
    case Dialect::messages:
      break;
  }
  return "/v1/messages";
}

std::string body_of(const Asked& asked, bool stream) {
  const std::string& mark = asked.marks[stream];
  const Setting& setting = asked.setting;
  Json body = {{"model", "m"}, {"temperature", 0}, {"stream", stream}};
  const bool responses = asked.dialect == Dialect::responses;
  if (setting.max_tokens || asked.dialect != Dialect::responses)
    body[responses ? "max_output_tokens" : "max_tokens"] = setting.max_tokens.value_or(kContext);
  if (setting.stop)
    body[asked.dialect == Dialect::messages ? "stop_sequences" : "stop"] = Json::array({kStopWord});
  if (asked.dialect == Dialect::completions) {
    body["prompt"] = mark;
  } else {
    body[responses ? "input" : "messages"] =
        Json::array({Json{{"role", "user"}, {"content", mark}}});
    body["think"] = setting.thinking;
    if (setting.thinking && setting.thinking_budget)
      body["thinking_token_budget"] = *setting.thinking_budget;
    if (setting.tools) body["tools"] = tools_of(asked);
  }
  add_view(asked, body);
  return json::dump(body);
}

}  // namespace stride
