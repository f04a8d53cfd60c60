// SPDX-License-Identifier: Apache-2.0
// What the request parsers share.
#pragma once

#include <string>
#include <string_view>

#include "api/call.h"
#include "api/fields.h"
#include "json/json_fwd.h"

namespace stride::api {

// Of nested arrays and objects in a body, and so in texts that parts of it are written to.
inline constexpr size_t kMostDepth = 128;

// Parses a request's body with the limits of the server. The root is an object.
Outcome<Json> parse_body(std::string_view text);

// The field `model`, or the served model's name.
Outcome<std::string> read_model(const Fields& body, const CallDefaults& defaults);

// Titles, topics and summaries, which clients ask for beside the real work, wait for everybody
// else: they come under the name of a small model, or say in their instructions what they are.
engine::Lane lane_of(const ChatCall& call, const CallDefaults& defaults);

// This model reads text only. The place is that of the image: "messages[2].content[1]".
std::unexpected<Failure> refuse_image(const std::string& place);

// {"type":"function","function":{"name","description","parameters"}} as text, from a tool that
// carries these on its own level; nothing where it has no name.
std::string function_tool(std::string_view name, const Json* description, const Json* parameters);

// Puts the results after each assistant message in the order of its calls: the template links them
// by nothing else.
void sort_results(std::vector<chat::Message>& messages);

}  // namespace stride::api
