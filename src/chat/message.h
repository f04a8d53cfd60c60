// SPDX-License-Identifier: Apache-2.0
// A conversation as the model sees it, free of any client's dialect: from_json.h reads the OpenAI
// form, render.h writes the prompt.
//
// Tools and arguments are kept as JSON text, so key order and the digits of numbers survive from
// the client to the prompt and back.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stride::chat {

enum class Role {
  system,
  user,
  assistant,
  tool,   // the result of a call
  other,  // keeps its place in the list but renders nothing, as in the model's own template
};

enum class Effort { low, medium, high };

enum class Thinking { on, off };

// One piece of a message's content.
struct Part {
  enum class Kind { text, image };

  Kind kind = Kind::text;
  std::string text{};  // the text; of an image what it was given as (URL, data URL, path)

  bool operator==(const Part&) const = default;
};

struct ToolCall {
  std::string id{};  // the client's handle; never rendered
  std::string name{};
  std::string arguments{};  // a JSON object; empty means none were given

  bool operator==(const ToolCall&) const = default;
};

// An assistant turn as the model wrote it, token for token.
struct SampledTurn {
  std::vector<int32_t> tokens{};  // after "<think>\n", up to the end of the turn
  std::string text{};             // the same for people
  bool thinking_closed = false;   // the prompt had closed the reasoning: "<think>\n\n</think>\n"

  bool operator==(const SampledTurn&) const = default;
};

struct Message {
  Role role = Role::user;
  std::vector<Part> content;
  // Of an assistant. An empty string says that there was no reasoning; nothing says that it may be
  // inside the content, before </think>.
  std::optional<std::string> reasoning;
  std::vector<ToolCall> tool_calls;
  // Of an assistant, where it is known: written in place of what the fields above would give, as
  // long as the turn keeps its reasoning, so that the prompt is what the model has read.
  std::optional<SampledTurn> sampled{};
  std::string tool_call_id;  // of a tool result; never rendered, order makes the link
  std::string name;          // a system message named "observation" has that role in the prompt

  bool operator==(const Message&) const = default;
};

struct Conversation {
  std::vector<Message> messages;
  // Each the whole object of the OpenAI form: {"type": "function", "function": {"name": ...}}.
  std::vector<std::string> tools;
  std::optional<Effort> effort;  // Step-3.7 (Step-3.5 of March 2026: low and high)
  Thinking thinking = Thinking::on;
  bool add_generation_prompt = true;
};

// A message of one text part.
Message text_message(Role role, std::string text);

// The text parts one after another; images leave nothing.
std::string content_text(const Message& message);

// "low", "medium", "high".
std::string_view effort_name(Effort effort);
std::optional<Effort> parse_effort(std::string_view name);

// "system", "user", "assistant", "tool"; "other" for the rest.
std::string_view role_name(Role role);

}  // namespace stride::chat
