// SPDX-License-Identifier: Apache-2.0
#include "api/request_common.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/ascii.h"
#include "json/json.h"

namespace stride::api {
namespace {

constexpr size_t kMostBytes = size_t{64} << 20;
constexpr size_t kMostValues = 2'000'000;
constexpr size_t kLookedAt = 400;  // bytes at the front of instructions

bool has_any(std::string_view text, std::span<const std::string_view> words) {
  return std::ranges::any_of(words, [&](auto word) { return text.find(word) != text.npos; });
}

}  // namespace

Outcome<Json> parse_body(std::string_view text) {
  auto parsed = json::parse(text, {.max_depth = kMostDepth,
                                   .max_bytes = kMostBytes,
                                   .max_values = kMostValues,
                                   .numbers = json::Numbers::exact});
  if (!parsed)
    return refuse(FailureKind::invalid_request,
                  fmt::format("the body is not valid JSON: {}", parsed.error().message));
  if (!parsed->is_object())
    return refuse(FailureKind::invalid_request, "the body must be a JSON object");
  return *std::move(parsed);
}

Outcome<std::string> read_model(const Fields& body, const CallDefaults& defaults) {
  return STRIDE_TRY(body.text("model")).value_or(defaults.model);
}

engine::Lane lane_of(const ChatCall& call, const CallDefaults& defaults) {
  constexpr std::array<std::string_view, 3> kSmallModels = {"haiku", "-mini", "small-model"};
  constexpr std::array<std::string_view, 6> kErrands = {
      "title generator",          "generate a title", "conversation title",
      "short, descriptive title", "concise title",    "isnewtopic"};
  if (call.model != defaults.model && has_any(ascii_lowered(call.model), kSmallModels))
    return engine::Lane::background;
  const auto& messages = call.conversation.messages;
  if (messages.empty() || !call.conversation.tools.empty() ||
      messages[0].role != chat::Role::system)
    return engine::Lane::interactive;
  const std::string text = chat::content_text(messages[0]);
  return has_any(ascii_lowered(std::string_view(text).substr(0, kLookedAt)), kErrands)
             ? engine::Lane::background
             : engine::Lane::interactive;
}

std::unexpected<Failure> refuse_image(const std::string& place) {
  return refuse(place, fmt::format("{} holds an image, but this model reads text only", place));
}

void sort_results(std::vector<chat::Message>& messages) {
  const auto is_result = [](const chat::Message& m) { return m.role == chat::Role::tool; };
  for (auto at = messages.begin(); at != messages.end();) {
    const auto begin = std::find_if(at, messages.end(), is_result);
    at = std::find_if_not(begin, messages.end(), is_result);
    if (begin == messages.begin() || begin == messages.end()) continue;
    const auto& calls = std::prev(begin)->tool_calls;
    std::ranges::stable_sort(begin, at, {}, [&](const chat::Message& result) {
      return std::ranges::find(calls, result.tool_call_id, &chat::ToolCall::id) - calls.begin();
    });
  }
}

std::string function_tool(std::string_view name, const Json* description, const Json* parameters) {
  Json function = Json::object();
  function["name"] = name;
  if (description != nullptr && description->is_string()) function["description"] = *description;
  if (parameters != nullptr && !parameters->is_null()) function["parameters"] = *parameters;
  Json tool = Json::object();
  tool["type"] = "function";
  tool["function"] = std::move(function);
  return json::dump(tool);
}

}  // namespace stride::api
