// SPDX-License-Identifier: Apache-2.0
#include "gauntlet/attempt.h"

#include <algorithm>
#include <array>
#include <utility>

namespace stride::gauntlet {
namespace {

template <class Enum, size_t kCount>
std::optional<Enum> parse(const std::array<std::string_view, kCount>& names,
                          std::string_view wanted) {
  const auto found = std::find(names.begin(), names.end(), wanted);
  if (found == names.end()) return std::nullopt;
  return static_cast<Enum>(found - names.begin());
}

// In the order of the enumerations.
constexpr std::array<std::string_view, 5> kApis = {"openai", "responses", "anthropic", "ollama",
                                                   "stride"};
constexpr std::array<std::string_view, 23> kFailures = {
    "ok",
    "wrong",
    "constraint_miss",
    "empty_answer",
    "reasoning_only",
    "truncated_in_reasoning",
    "truncated_in_answer",
    "refused",
    "unparseable",
    "tool_as_text",
    "tool_invalid",
    "echo",
    "content_filter",
    "http_4xx",
    "rate_limited",
    "http_5xx",
    "connect_timeout",
    "first_event_timeout",
    "idle_timeout",
    "total_timeout",
    "stream_cut",
    "protocol_error",
    "harness_error",
};
static_assert(kFailures.size() == std::to_underlying(FailureClass::harness_error) + 1);
constexpr std::array<std::string_view, 4> kSources = {"none", "usage", "tokenizer", "estimate"};

}  // namespace

std::string_view name(Api api) {
  return kApis[std::to_underlying(api)];
}
std::string_view name(FailureClass failure) {
  return kFailures[std::to_underlying(failure)];
}
std::string_view name(TokenSource source) {
  return kSources[std::to_underlying(source)];
}

std::optional<Api> parse_api(std::string_view name) {
  return parse<Api>(kApis, name);
}

std::optional<FailureClass> parse_failure_class(std::string_view name) {
  return parse<FailureClass>(kFailures, name);
}

std::optional<TokenSource> parse_token_source(std::string_view name) {
  return parse<TokenSource>(kSources, name);
}

}  // namespace stride::gauntlet
