// SPDX-License-Identifier: Apache-2.0
// The body of a request in the words of each API, and where it is sent.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "gauntlet/endpoint.h"
#include "json/json_fwd.h"
#include "net/url.h"

namespace stride::gauntlet {

// Everything a request is made of, with the choices of the endpoint and of the question merged.
struct RequestParts {
  const EndpointOptions& endpoint;
  const AskOptions& ask;
  std::vector<ChatTurn> turns{};          // the calls have ids, the results name them
  std::vector<std::string> signatures{};  // beside turns: of the reasoning
  const std::vector<ToolSpec>& tools;
  std::string host{};  // some services want fields of their own

  Sampling sampling() const { return ask.sampling.value_or(endpoint.sampling); }
  Thinking thinking() const { return ask.thinking.value_or(endpoint.thinking); }
  uint32_t reasoning_budget() const {
    return ask.reasoning_budget.value_or(endpoint.reasoning_budget);
  }
  const std::string& model() const { return ask.model.empty() ? endpoint.model : ask.model; }
  // The limit of all tokens.
  uint64_t limit() const;
};

// Gives calls without an id one, and results without a call the next call that has none.
std::vector<ChatTurn> with_call_ids(std::vector<ChatTurn> turns);

Json request_json(const RequestParts& parts);

// By API; members of EndpointOptions::extra_body are not in yet.
Json chat_request(const RequestParts& parts);
Json ollama_request(const RequestParts& parts);
Json anthropic_request(const RequestParts& parts);
Json responses_request(const RequestParts& parts);

// The JSON of a text; where it is none, an empty object.
Json object_or_empty(std::string_view text);

// Objects with their keys sorted, numbers and texts as they are: equal requests are equal texts.
std::string canonical_text(const Json& value);

enum class Path : uint8_t { ask, models };
// The address below what the user gave: .../v1, the host alone, or the full path of the API.
net::Url api_url(const net::Url& base, Api api, Path path);

}  // namespace stride::gauntlet
