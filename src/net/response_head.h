// SPDX-License-Identifier: Apache-2.0
// The status line and headers of an answer as bytes. The server decides framing; what a handler
// says about it is dropped, so that head and body cannot disagree.
#pragma once

#include <cstdint>
#include <ctime>
#include <optional>
#include <string>

#include "net/http_message.h"

namespace stride::net {

struct Framing {
  enum class Kind : uint8_t {
    length,   // Content-Length
    chunked,  // HTTP/1.1 streams
    close,    // HTTP/1.0 streams: the end of the connection is the end of the body
  };

  Kind kind = Kind::length;
  uint64_t length = 0;
  bool keep_alive = true;
  int minor_version = 1;  // of the request
};

std::string response_head(int status, const Headers& headers, const Framing& framing,
                          std::string_view request_id, std::time_t now);

// Statuses that never have a body: 1xx, 204 and 304.
bool has_no_body(int status);

}  // namespace stride::net
