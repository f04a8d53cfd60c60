// SPDX-License-Identifier: Apache-2.0
// Conversations in the OpenAI chat form (the body of /v1/chat/completions, a file of /save), read
// and written.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "chat/message.h"
#include "json/json_fwd.h"

namespace stride::chat {

enum class Dialect {
  // What clients send: developer is system, function is tool, system messages at the front are one,
  // tool results are put in the order of their calls, reasoning may be called reasoning_content,
  // reasoning, reasoning_details or thinking, image_url and input_image parts are images. Anything
  // that would be lost is an error that names the place.
  openai,
  // What the model's own template reads, and no more: roles and parts it does not know render
  // nothing.
  exact,
};

// {"messages": [...], "tools": [...], "reasoning_effort": ..., "add_generation_prompt": ...,
//  "chat_template_kwargs": {"enable_thinking": ...}} or only the array of messages. Other fields
//  are
// ignored. Arguments given as a string are parsed; a string that is no JSON object becomes the one
// parameter "arguments".
Result<Conversation> conversation_from_json(const Json& value, Dialect dialect = Dialect::openai);
Result<Conversation> conversation_from_text(std::string_view text,
                                            Dialect dialect = Dialect::openai);

// The OpenAI form, arguments as strings. Read back it gives the same conversation.
Json conversation_to_json(const Conversation& conversation);
std::string conversation_to_text(const Conversation& conversation);

}  // namespace stride::chat
