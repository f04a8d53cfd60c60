// SPDX-License-Identifier: Apache-2.0
// Reads the body of /v1/responses and /v1/responses/input_tokens.
#pragma once

#include <string>
#include <string_view>

#include "api/call.h"
#include "api/errors.h"
#include "json/json_fwd.h"

namespace stride::api {

// previous_response_id of a body, or nothing.
Outcome<std::string> previous_response(const Json& body);

// The name of the conversation that a body goes on with, or nothing.
Outcome<std::string> conversation_of(const Json& body);

// `history` holds the items before those of the body, oldest first: an array, empty where there
// are none.
Outcome<ChatCall> read_responses_request(const Json& body, const Json& history,
                                         const CallDefaults& defaults);

}  // namespace stride::api
