// SPDX-License-Identifier: Apache-2.0
// Reads the body of /v1/completions: raw text, without a template.
#pragma once

#include "api/call.h"
#include "api/errors.h"
#include "json/json_fwd.h"

namespace stride::api {

Outcome<ChatCall> read_completions_request(const Json& body, const CallDefaults& defaults);

}  // namespace stride::api
