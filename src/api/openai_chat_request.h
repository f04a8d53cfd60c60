// SPDX-License-Identifier: Apache-2.0
// Reads the body of /v1/chat/completions.
#pragma once

#include "api/call.h"
#include "api/errors.h"
#include "json/json_fwd.h"

namespace stride::api {

// The body is used up. Unknown fields are passed over, tools that are not functions are skipped.
Outcome<ChatCall> read_chat_request(Json body, const CallDefaults& defaults);

}  // namespace stride::api
