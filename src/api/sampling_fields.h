// SPDX-License-Identifier: Apache-2.0
// The fields of sampling and of limits, which all dialects share under the names of OpenAI, vLLM
// and llama.cpp.
#pragma once

#include "api/call.h"
#include "api/fields.h"

namespace stride::api {

inline constexpr int64_t kLargestCount = INT32_MAX;
inline constexpr uint32_t kMostChoices = 16;
inline constexpr uint32_t kMostLogprobs = 20;

// Everything but the limit of tokens and the stop strings, whose names differ.
Outcome<> read_sampling(const Fields& fields, const CallDefaults& defaults, ChatCall& call);

// A count of at least `least`; a value beyond the context is clamped later.
Outcome<> read_max_tokens(const Fields& fields, std::string_view name, ChatCall& call,
                          int64_t least = 1);

// prompt_logprobs: how likely the prompt was. Not in streams, as with vLLM.
Outcome<> read_prompt_logprobs(const Fields& fields, ChatCall& call);

// At most 16 strings of at most 256 bytes; empty ones are left out.
Outcome<> read_stop(const Fields& fields, std::string_view name, ChatCall& call);

}  // namespace stride::api
