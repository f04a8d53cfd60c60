// SPDX-License-Identifier: Apache-2.0
// What the HTTP server hands to a handler, and what a handler answers. Plain values: they may cross
// threads and outlive the connection they came from.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace stride::net {

struct Header {
  std::string name;
  std::string value;

  bool operator==(const Header&) const = default;
};

// In the order of the wire; a name may come more than once.
using Headers = std::vector<Header>;

// ASCII letters of either case are the same, as in header names.
bool same_header_name(std::string_view a, std::string_view b);

// The first header of this name, or nullptr.
const std::string* find_header(const Headers& headers, std::string_view name);

struct HttpRequest {
  std::string method{};    // as sent; GET for a HEAD
  bool head_only = false;  // a HEAD: the handler answers as to GET and the server sends no body
  std::string target{};    // as sent: "/v1/messages?beta=true"
  std::string path{};      // of the target, before '?', still percent-encoded
  std::string query{};     // of the target, after '?', still percent-encoded
  int minor_version = 1;   // of HTTP/1.x
  Headers headers{};
  std::string body{};            // decoded of its chunks
  std::string remote_address{};  // "127.0.0.1", "::1", "unix"
  // The client's X-Request-Id where it sent a usable one, else made here. Every answer carries it
  // as X-Request-Id and request-id.
  std::string request_id{};

  // The value of the first header of this name; empty if there is none.
  std::string_view header(std::string_view name) const;
};

struct HttpResponse {
  int status = 200;
  // Content-Length, Transfer-Encoding, Connection, Date and the request id are added by the server;
  // given here they are ignored. CR, LF and NUL in a value are replaced by spaces.
  Headers headers{};
  std::string body{};
};

// `body` with Content-Type application/json.
HttpResponse json_response(int status, std::string body);

// The short body of an error that no dialect has formed: the members of the OpenAI and of the
// Anthropic form at once, so that clients of both can show it. `message` is escaped.
HttpResponse error_response(int status, std::string_view message);

// "Not Found" for 404; "Unknown" for a number that has no standard phrase.
std::string_view reason_phrase(int status);

// How an exchange ended, for logs and counters.
enum class ExchangeEnd : uint8_t {
  complete,     // the whole answer was written
  client_gone,  // the peer closed or reset the connection before that
  stalled,  // the peer did not read: no progress for the stall timeout, or the outbox overflowed
  aborted,  // by the handler, or the handler gave its exchange up without an answer in time
  server_ended,  // the deadline of a shutdown
};

struct AccessRecord {
  std::string method{};
  std::string target{};
  std::string remote_address{};
  std::string request_id{};
  int status = 0;  // 0: nothing was answered
  uint64_t request_bytes = 0;
  uint64_t response_bytes = 0;
  // From the complete header (of a refused one, from its first byte) to the end of the exchange.
  std::chrono::microseconds duration{};
  ExchangeEnd end = ExchangeEnd::complete;
};

}  // namespace stride::net
