// SPDX-License-Identifier: Apache-2.0
// The class of an attempt and the line that explains it, from everything that is known once the
// response has ended. The order of the questions is the order of blame: no answer of the server, a
// refusal by status, an error inside, a broken stream, and only then what the model did.
#pragma once

#include <string>
#include <string_view>

#include "gauntlet/attempt.h"
#include "gauntlet/event.h"
#include "gauntlet/frame.h"
#include "net/http_client.h"

namespace stride::gauntlet {

// What came besides the events.
struct ResponseFacts {
  Api api = Api::openai;
  int status = 0;
  std::string content_type{}, content_encoding{}, location{};
  std::string body_start{};  // the first part of the body
  BodyKind body = BodyKind::empty;
  std::optional<Api> other_shape{};  // the body is of another API
  size_t n_broken = 0;               // frames that were meant to be JSON
  bool cut_frame = false;            // the end came inside a frame
  std::string broken{};              // the first broken frame
  std::string read_error{};          // why reading stopped
};

struct Classified {
  FailureClass failure = FailureClass::ok;
  std::string message{};
};

// `attempt` holds the channels, the finish reason, `hidden` and `streamed`.
Classified classify(const ResponseFacts& facts, const EventLog& log,
                    const net::HttpOutcome& outcome, const Attempt& attempt);

// Seconds of a Retry-After header: a number, or a date, which is held against the response's own
// Date so that no clock has to agree with the server's. Nothing where it is neither.
std::optional<double> parse_retry_after(std::string_view value, const std::string& date);

}  // namespace stride::gauntlet
