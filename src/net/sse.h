// SPDX-License-Identifier: Apache-2.0
// Server-sent events: the frames of a text/event-stream.
#pragma once

#include <string>
#include <string_view>

#include "net/http_message.h"

namespace stride::net {

// An optional "event:" line, one "data:" line for each line of `data`, and a blank line. Line ends
// in `event` are dropped, since they would begin another field.
std::string sse_event(std::string_view event, std::string_view data);

// A comment, which clients skip: it keeps proxies and read timeouts from closing a silent stream.
std::string sse_comment(std::string_view text);

// Content-Type and what keeps proxies from storing or collecting the events.
Headers sse_headers();

}  // namespace stride::net
