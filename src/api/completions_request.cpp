// SPDX-License-Identifier: Apache-2.0
#include "api/completions_request.h"

#include <fmt/format.h>

#include "api/constraints.h"
#include "api/fields.h"
#include "api/request_common.h"
#include "api/sampling_fields.h"
#include "json/json.h"

namespace stride::api {
namespace {

constexpr size_t kMostPrompts = 64;
constexpr uint32_t kDefaultTokens = 16;

bool is_token_list(const Json& value) {
  return value.is_array() && !value.empty() && json::is_number(value[0]);
}

Outcome<RawPrompt> read_tokens(const Json& list, const std::string& place) {
  std::vector<engine::Token> out;
  out.reserve(list.size());
  for (size_t i = 0; i < list.size(); ++i) {
    const auto id = json::as_int64(list[i]);
    if (!id || *id < 0 || *id > INT32_MAX)
      return refuse(place, fmt::format("{}[{}] is not a token id", place, i));
    out.push_back(static_cast<engine::Token>(*id));
  }
  return RawPrompt(std::move(out));
}

Outcome<RawPrompt> read_prompt(const Json& value, const std::string& place) {
  if (value.is_string()) return RawPrompt(value.get<std::string>());
  if (is_token_list(value)) return read_tokens(value, place);
  return refuse(place, fmt::format("{} must be a string or a list of token ids", place));
}

Outcome<> read_prompts(const Fields& body, ChatCall& call) {
  const Json* prompt = body.find("prompt");
  if (prompt == nullptr) return refuse("prompt", "prompt is missing");
  const bool many = prompt->is_array() && !prompt->empty() && !is_token_list(*prompt);
  if (!many) {
    call.completions.prompts.push_back(STRIDE_TRY(read_prompt(*prompt, "prompt")));
    return {};
  }
  if (prompt->size() > kMostPrompts)
    return refuse("prompt", fmt::format("prompt has {} entries; at most {} are allowed",
                                        prompt->size(), kMostPrompts));
  for (size_t i = 0; i < prompt->size(); ++i)
    call.completions.prompts.push_back(
        STRIDE_TRY(read_prompt((*prompt)[i], fmt::format("prompt[{}]", i))));
  return {};
}

Outcome<> read_output(const Fields& body, ChatCall& call) {
  OutputSettings& out = call.output;
  out.stream = STRIDE_TRY(body.boolean("stream")).value_or(false);
  out.return_progress = STRIDE_TRY(body.boolean("return_progress")).value_or(false);
  if (const Json* options = STRIDE_TRY(body.object("stream_options"))) {
    const Fields fields(*options, "stream_options.");
    out.include_usage = STRIDE_TRY(fields.boolean("include_usage")).value_or(false);
  }
  const auto logprobs = STRIDE_TRY(body.integer("logprobs", 0, kMostLogprobs));
  if (logprobs) call.options.n_logprobs = static_cast<uint32_t>(*logprobs);
  out.logprobs = logprobs.has_value();
  out.timings_per_token = STRIDE_TRY(body.boolean("timings_per_token")).value_or(false);
  out.echo = STRIDE_TRY(body.boolean("echo")).value_or(false);
  if (out.echo && out.logprobs) call.options.n_prompt_logprobs = call.options.n_logprobs;
  STRIDE_TRY(read_prompt_logprobs(body, call));
  if (!STRIDE_TRY(body.text("suffix")).value_or("").empty())
    return refuse("suffix", "suffix: this model has no tokens for filling in the middle");
  const auto best_of = STRIDE_TRY(body.integer("best_of", 1, kMostChoices));
  if (best_of && *best_of > call.n)
    return refuse("best_of",
                  fmt::format("best_of is {}; choosing among more answers than n ({}) is "
                              "not supported",
                              *best_of, call.n));
  return {};
}

}  // namespace

Outcome<ChatCall> read_completions_request(const Json& body, const CallDefaults& defaults) {
  ChatCall call;
  call.dialect = Dialect::completions;
  const Fields fields(body);
  call.model = STRIDE_TRY(read_model(fields, defaults));
  STRIDE_TRY(read_sampling(fields, defaults, call));
  call.options.max_tokens = kDefaultTokens;
  if (const auto n = STRIDE_TRY(fields.integer("n_predict", -1, kLargestCount))) {
    call.options.max_tokens.reset();
    if (*n >= 0) call.options.max_tokens = static_cast<uint32_t>(*n);
  }
  // 0 only reads the prompt: for how likely it was, or to have it in the cache.
  STRIDE_TRY(read_max_tokens(fields, "max_tokens", call, 0));
  STRIDE_TRY(read_stop(fields, "stop", call));
  STRIDE_TRY(read_output(fields, call));
  STRIDE_TRY(read_constraints(fields, call));
  STRIDE_TRY(read_prompts(fields, call));
  call.ignored = fields.unread();
  call.lane = lane_of(call, defaults);
  return call;
}

}  // namespace stride::api
