// SPDX-License-Identifier: Apache-2.0
// Whether and how hard the model is to think: the many fields by which clients say it, in one
// setting. In order of precedence:
//   chat_template_kwargs.enable_thinking
//   thinking, think, reasoning.enabled
//   reasoning_effort, reasoning.effort, output_config.effort
//   budgets: thinking.budget_tokens, reasoning.max_tokens, thinking_token_budget, ...
//   a suffix of the model's name: -nothink, -low, -medium, -high
//   the server's default
// Two fields that contradict each other (one says on, the other off; two levels) are refused. An
// off switch beside a level is not a contradiction: clients send their level whatever the switch.
// Where nothing is said and max_tokens is below 200, thinking is off: it would be all there is.
#pragma once

#include "api/call.h"
#include "api/fields.h"

namespace stride::api {

inline constexpr uint32_t kTinyAnswer = 200;

// Reads all of them from a request's body, whatever its dialect. After max_tokens has been read.
Outcome<> read_thinking(const Fields& body, const CallDefaults& defaults, ChatCall& call);

}  // namespace stride::api
