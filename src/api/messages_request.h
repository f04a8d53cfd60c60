// SPDX-License-Identifier: Apache-2.0
// Reads the body of Anthropic's /v1/messages and /v1/messages/count_tokens.
#pragma once

#include "api/call.h"
#include "api/errors.h"
#include "json/json_fwd.h"

namespace stride::api {

// The count of tokens needs no max_tokens.
enum class MessagesPurpose { answer, count };

Outcome<ChatCall> read_messages_request(const Json& body, const CallDefaults& defaults,
                                        MessagesPurpose purpose = MessagesPurpose::answer);

}  // namespace stride::api
