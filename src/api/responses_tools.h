// SPDX-License-Identifier: Apache-2.0
// The tools of Responses. Functions are taken as they are; those of a namespace under their own
// name, or under "namespace.name" where two would be the same; tools of free text become functions
// with one parameter. Tools of the vendor's servers are skipped.
#pragma once

#include "api/call.h"
#include "api/errors.h"
#include "json/json_fwd.h"

namespace stride::api {

// The one parameter of a tool of free text.
inline constexpr std::string_view kCustomParameter = "input";

// Fills the call's tools and their origins.
Outcome<> read_responses_tools(const Json* tools, ChatCall& call);

// The name in the prompt of a function that a client names by its namespace and name.
std::string prompt_name(const ResponsesPart& part, std::string_view space, std::string_view name);

}  // namespace stride::api
