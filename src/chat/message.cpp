// SPDX-License-Identifier: Apache-2.0
#include "chat/message.h"

#include <utility>

namespace stride::chat {

Message text_message(Role role, std::string text) {
  Message message;
  message.role = role;
  message.content.push_back({.kind = Part::Kind::text, .text = std::move(text)});
  return message;
}

std::string content_text(const Message& message) {
  std::string out;
  for (const Part& part : message.content) {
    if (part.kind == Part::Kind::text) out += part.text;
  }
  return out;
}

std::string_view effort_name(Effort effort) {
  switch (effort) {
    case Effort::low:
      return "low";
    case Effort::medium:
      return "medium";
    case Effort::high:
      break;
  }
  return "high";
}

std::optional<Effort> parse_effort(std::string_view name) {
  for (const Effort effort : {Effort::low, Effort::medium, Effort::high}) {
    if (name == effort_name(effort)) return effort;
  }
  return {};
}

std::string_view role_name(Role role) {
  switch (role) {
    case Role::system:
      return "system";
    case Role::user:
      return "user";
    case Role::assistant:
      return "assistant";
    case Role::tool:
      return "tool";
    case Role::other:
      break;
  }
  return "other";
}

}  // namespace stride::chat
