// SPDX-License-Identifier: Apache-2.0
#include "api/sampling_fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>

#include "decode/stop_strings.h"
#include "json/json.h"

namespace stride::api {
namespace {

constexpr size_t kMostStopTokens = 64;

// Sets `out` where the field is set.
Outcome<> read_number(const Fields& fields, std::string_view name, double low, double high,
                      double& out) {
  if (const auto value = STRIDE_TRY(fields.number(name, low, high))) out = *value;
  return {};
}

Outcome<> read_token_bias(std::string_view id_text, const Json& value, ChatCall& call) {
  engine::Token id = 0;
  const char* end = id_text.data() + id_text.size();
  const auto [at, error] = std::from_chars(id_text.data(), end, id);
  if (error != std::errc{} || at != end || id < 0)
    return refuse("logit_bias", fmt::format("logit_bias: \"{}\" is not a token id", id_text));
  if (value.is_boolean() && !value.get<bool>()) {
    call.options.sampling.bias.push_back({id, -std::numeric_limits<float>::infinity()});
    return {};
  }
  const auto bias = json::as_double(value);
  if (!bias || !(*bias >= -100 && *bias <= 100))
    return refuse("logit_bias", fmt::format("logit_bias of token {} is {}; it must be from -100 to "
                                            "100, or false to rule the token out",
                                            id, json::dump(value)));
  call.options.sampling.bias.push_back({id, static_cast<float>(*bias)});
  return {};
}

// {"15": -2.5}, or the list of llama.cpp: [[15, -2.5], [16, false]].
Outcome<> read_logit_bias(const Fields& fields, ChatCall& call) {
  const Json* bias = fields.find("logit_bias");
  if (bias == nullptr) return {};
  if (!bias->is_object() && !bias->is_array())
    return refuse("logit_bias", "logit_bias must be an object from token id to bias");
  if (bias->size() > decode::kMaxBiases)
    return refuse("logit_bias", fmt::format("logit_bias has {} entries; at most {} are allowed",
                                            bias->size(), decode::kMaxBiases));
  if (bias->is_array()) {
    for (const Json& pair : *bias) {
      if (!pair.is_array() || pair.size() != 2)
        return refuse("logit_bias", "logit_bias: a pair of token id and bias was expected");
      STRIDE_TRY(read_token_bias(json::dump(pair[0]), pair[1], call));
    }
    return {};
  }
  for (const auto& [id, value] : bias->get_ref<const Json::object_t&>())
    STRIDE_TRY(read_token_bias(id, value, call));
  return {};
}

Outcome<> read_penalties(const Fields& fields, ChatCall& call) {
  decode::SamplingOptions& s = call.options.sampling;
  STRIDE_TRY(read_number(fields, "frequency_penalty", -2, 2, s.penalties.frequency));
  STRIDE_TRY(read_number(fields, "presence_penalty", -2, 2, s.penalties.presence));
  for (const std::string_view name : {"repetition_penalty", "repeat_penalty"})
    STRIDE_TRY(read_number(fields, name, 0.01, 100, s.penalties.repetition));
  if (const auto n = STRIDE_TRY(fields.integer("repeat_last_n", -1, kLargestCount)))
    s.penalty_window = *n < 0 ? decode::kWholeContext : static_cast<uint32_t>(*n);
  STRIDE_TRY(read_number(fields, "dry_multiplier", 0, 100, s.dry.multiplier));
  STRIDE_TRY(read_number(fields, "dry_base", 1, 100, s.dry.base));
  if (const auto n = STRIDE_TRY(fields.integer("dry_allowed_length", 1, 1'000'000)))
    s.dry.allowed_length = static_cast<uint32_t>(*n);
  return {};
}

Outcome<> read_seed(const Fields& fields, const CallDefaults& defaults, ChatCall& call) {
  constexpr int64_t kLow = std::numeric_limits<int64_t>::min();
  constexpr int64_t kHigh = std::numeric_limits<int64_t>::max();
  const auto seed = STRIDE_TRY(fields.integer("seed", kLow, kHigh));
  // -1 asks for a random one, as in llama.cpp.
  call.options.sampling.seed =
      seed && *seed != -1 ? static_cast<uint64_t>(*seed) : defaults.random_seed;
  return {};
}

Outcome<> read_stop_tokens(const Fields& fields, ChatCall& call) {
  const Json* list = STRIDE_TRY(fields.array("stop_token_ids"));
  if (list == nullptr) return {};
  if (list->size() > kMostStopTokens)
    return refuse("stop_token_ids", fmt::format("stop_token_ids has {} entries; at most {} are "
                                                "allowed",
                                                list->size(), kMostStopTokens));
  for (const Json& entry : *list) {
    const auto id = json::as_int64(entry);
    if (!id || *id < 0 || *id > kLargestCount)
      return refuse("stop_token_ids",
                    fmt::format("stop_token_ids: {} is not a token id", json::dump(entry)));
    call.options.stop_tokens.push_back(static_cast<engine::Token>(*id));
  }
  return {};
}

Outcome<> read_deadline(const Fields& fields, ChatCall& call) {
  constexpr double kDay = 86400;
  if (const auto seconds = STRIDE_TRY(fields.number("timeout_seconds", 0.001, kDay)))
    call.deadline = std::chrono::milliseconds(static_cast<int64_t>(*seconds * 1000));
  return {};
}

}  // namespace

Outcome<> read_sampling(const Fields& fields, const CallDefaults& defaults, ChatCall& call) {
  call.options = defaults.options;
  decode::SamplingOptions& s = call.options.sampling;
  STRIDE_TRY(read_number(fields, "temperature", 0, 100, s.temperature));
  STRIDE_TRY(read_number(fields, "top_p", 0, 1, s.top_p));
  if (s.top_p == 0) s.top_p = std::numeric_limits<double>::min();  // the most probable token alone
  STRIDE_TRY(read_number(fields, "min_p", 0, 1, s.min_p));
  STRIDE_TRY(read_number(fields, "typical_p", 0.001, 1, s.typical_p));
  if (const auto k = STRIDE_TRY(fields.integer("top_k", -1, kLargestCount)))
    s.top_k = *k < 0 ? 0 : static_cast<uint32_t>(*k);
  STRIDE_TRY(read_penalties(fields, call));
  STRIDE_TRY(read_logit_bias(fields, call));
  STRIDE_TRY(read_seed(fields, defaults, call));
  STRIDE_TRY(read_deadline(fields, call));
  if (const auto n = STRIDE_TRY(fields.integer("n", 1, kMostChoices)))
    call.n = static_cast<uint32_t>(*n);
  if (const auto n = STRIDE_TRY(fields.integer("min_tokens", 0, kLargestCount)))
    call.options.min_tokens = static_cast<uint32_t>(*n);
  STRIDE_TRY(read_stop_tokens(fields, call));
  call.options.ignore_end = STRIDE_TRY(fields.boolean("ignore_eos")).value_or(false);
  call.cache_salt = STRIDE_TRY(fields.text("cache_salt")).value_or("");
  return {};
}

Outcome<> read_max_tokens(const Fields& fields, std::string_view name, ChatCall& call,
                          int64_t least) {
  // -1 is no limit, as some programs write it.
  if (const Json* value = fields.find(name); value != nullptr && json::as_int64(*value) == -1) {
    call.options.max_tokens.reset();
    return {};
  }
  if (const auto n = STRIDE_TRY(fields.integer(name, least, kLargestCount)))
    call.options.max_tokens = static_cast<uint32_t>(*n);
  return {};
}

Outcome<> read_prompt_logprobs(const Fields& fields, ChatCall& call) {
  const auto n = STRIDE_TRY(fields.integer("prompt_logprobs", 0, kMostLogprobs));
  if (!n) return {};
  if (call.output.stream)
    return refuse("prompt_logprobs",
                  "prompt_logprobs are not told in a stream; set stream to "
                  "false");
  call.output.prompt_logprobs = static_cast<uint32_t>(*n);
  auto& wanted = call.options.n_prompt_logprobs;  // perhaps for an echo, too
  wanted = std::max(wanted.value_or(0), *call.output.prompt_logprobs);
  return {};
}

Outcome<> read_stop(const Fields& fields, std::string_view name, ChatCall& call) {
  auto texts = STRIDE_TRY(fields.texts(name));
  std::erase(texts, "");
  if (texts.size() > decode::StopStrings::kMaxStrings)
    return refuse(fields.path(name), fmt::format("{} has {} strings; at most {} are allowed", name,
                                                 texts.size(), decode::StopStrings::kMaxStrings));
  for (const std::string& text : texts) {
    if (text.size() > decode::StopStrings::kMaxBytes)
      return refuse(fields.path(name),
                    fmt::format("{} has a string of {} bytes; at most {} are allowed", name,
                                text.size(), decode::StopStrings::kMaxBytes));
  }
  if (!texts.empty()) call.options.stop = std::move(texts);
  return {};
}

}  // namespace stride::api
