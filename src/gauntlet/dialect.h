// SPDX-License-Identifier: Apache-2.0
// The four shapes in which endpoints answer. A dialect reads one JSON frame after the other into an
// EventLog, for streams and for whole answers alike; what it does not know it leaves out.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "gauntlet/attempt.h"
#include "gauntlet/event.h"
#include "json/json_fwd.h"

namespace stride::gauntlet {

class Dialect {
 public:
  virtual ~Dialect() = default;

  // `event` is the name of the server-sent event, empty where there was none.
  virtual void read(const Json& frame, std::string_view event, EventLog& log) = 0;
};

// Api::stride speaks as OpenAI's chat does.
std::unique_ptr<Dialect> make_dialect(Api api);

std::unique_ptr<Dialect> make_chat_dialect();
std::unique_ptr<Dialect> make_responses_dialect();
std::unique_ptr<Dialect> make_anthropic_dialect();
std::unique_ptr<Dialect> make_ollama_dialect();

// An error object in any of the shapes servers use: {"error": {...}}, {"error": "text"},
// {"object": "error"}, {"type": "error"}, {"detail": ...}, or any object of an event named "error".
std::optional<EndpointError> read_error(const Json& frame, std::string_view event = {});

// The API whose shape the frame has, for the message to a user who chose another.
std::optional<Api> shape_of(const Json& frame);

// Parts that several dialects share.

// The text of the member, or nothing.
std::string_view text_member(const Json& value, std::string_view key);
// The member as a count into `target`; a claim that is no natural number marks the usage
// unreadable.
void read_count(const Json& value, std::string_view key, std::optional<uint64_t>& target,
                UsageClaim& usage);
// Arguments are text in some APIs and an object in others.
std::string arguments_text(const Json& value);

}  // namespace stride::gauntlet
