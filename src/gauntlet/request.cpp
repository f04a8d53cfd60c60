// SPDX-License-Identifier: Apache-2.0
#include "gauntlet/request.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "json/json.h"

namespace stride::gauntlet {
namespace {

// The path of the API below its version.
std::string_view operation(Api api, Path path) {
  if (api == Api::ollama) return path == Path::ask ? "/chat" : "/tags";
  if (path == Path::models) return "/models";
  if (api == Api::responses) return "/responses";
  return api == Api::anthropic ? "/messages" : "/chat/completions";
}

// "v1", "v4", "v1beta".
bool is_version(std::string_view segment) {
  return segment.size() >= 2 && segment[0] == 'v' && segment[1] >= '0' && segment[1] <= '9';
}

Json sorted(const Json& value) {
  if (value.is_array()) {
    Json out = Json::array();
    for (const Json& item : value) out.push_back(sorted(item));
    return out;
  }
  if (!value.is_object()) return value;
  std::vector<std::pair<std::string, const Json*>> members;
  for (const auto& [key, member] : value.items()) members.emplace_back(key, &member);
  std::sort(members.begin(), members.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  Json out = Json::object();
  for (const auto& [key, member] : members) out[key] = sorted(*member);
  return out;
}

}  // namespace

uint64_t RequestParts::limit() const {
  if (endpoint.shared_budget) return *endpoint.shared_budget;
  const bool reasons = thinking() != Thinking::off;
  return uint64_t{ask.answer_budget} + (reasons ? reasoning_budget() : 0);
}

std::vector<ChatTurn> with_call_ids(std::vector<ChatTurn> turns) {
  std::vector<std::string> open;
  size_t n_call = 0, n_answered = 0;
  for (ChatTurn& turn : turns) {
    for (CapturedCall& call : turn.calls) {
      if (call.id.empty()) call.id = fmt::format("call_{}", n_call);
      ++n_call;
      open.push_back(call.id);
    }
    if (turn.role != ChatTurn::Role::tool) continue;
    if (turn.call_id.empty() && n_answered < open.size()) turn.call_id = open[n_answered];
    ++n_answered;
  }
  return turns;
}

Json request_json(const RequestParts& parts) {
  Json body;
  switch (parts.endpoint.api) {
    case Api::responses:
      body = responses_request(parts);
      break;
    case Api::anthropic:
      body = anthropic_request(parts);
      break;
    case Api::ollama:
      body = ollama_request(parts);
      break;
    case Api::openai:
    case Api::stride:
      body = chat_request(parts);
      break;
  }
  body.merge_patch(object_or_empty(parts.endpoint.extra_body));
  return body;
}

Json object_or_empty(std::string_view text) {
  auto value = json::parse(text);
  return value && value->is_object() ? *std::move(value) : Json::object();
}

std::string canonical_text(const Json& value) {
  return json::dump(sorted(value));
}

net::Url api_url(const net::Url& base, Api api, Path path) {
  net::Url url = base;
  while (url.path.ends_with('/')) url.path.pop_back();
  // A full path names the operation that is meant; its siblings stand beside it.
  const std::string_view asked = operation(api, Path::ask);
  if (url.path.ends_with(asked)) {
    url.path.resize(url.path.size() - asked.size());
    url.path += operation(api, path);
    return url;
  }
  const std::string_view last = std::string_view(url.path).substr(url.path.rfind('/') + 1);
  if (api == Api::ollama) {
    if (is_version(last)) url.path.resize(url.path.rfind('/'));
    if (!url.path.ends_with("/api")) url.path += "/api";
  } else if (!is_version(last) && last != "openai") {
    url.path += "/v1";
  }
  url.path += operation(api, path);
  return url;
}

}  // namespace stride::gauntlet
