// SPDX-License-Identifier: Apache-2.0
#include "net/sse.h"

#include <algorithm>

namespace stride::net {

namespace {

// Adds "name: line" for each line of `text`; CR, LF and CRLF end a line for readers of events.
void append_lines(std::string& out, std::string_view name, std::string_view text) {
  for (;;) {
    const size_t end = std::min(text.find_first_of("\r\n"), text.size());
    out.append(name).append(text.substr(0, end)) += '\n';
    if (end == text.size()) return;
    text.remove_prefix(end + (text.substr(end).starts_with("\r\n") ? 2 : 1));
  }
}

}  // namespace

std::string sse_event(std::string_view event, std::string_view data) {
  std::string out;
  out.reserve(event.size() + data.size() + 24);
  if (!event.empty()) {
    out += "event: ";
    for (const char c : event)
      if (c != '\r' && c != '\n') out += c;
    out += '\n';
  }
  append_lines(out, "data: ", data);
  return out += '\n';
}

std::string sse_comment(std::string_view text) {
  std::string out;
  append_lines(out, ": ", text);
  return out += '\n';
}

Headers sse_headers() {
  return {{"Content-Type", "text/event-stream; charset=utf-8"},
          {"Cache-Control", "no-cache"},
          {"X-Accel-Buffering", "no"}};
}

}  // namespace stride::net
