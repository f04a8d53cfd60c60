// SPDX-License-Identifier: Apache-2.0
// An HTTP/1.1 client for streams: every piece of the body is handed on as it is received, with the
// time of its arrival, and a request can be stopped at any moment. Redirects are reported and never
// followed, certificates are always checked, nothing is compressed and no proxy of the environment
// is used unless asked for. Nothing is sent twice, except where a kept connection turns out to have
// been closed by the server before it read the request.
//
//   HttpClient client;
//   const HttpOutcome outcome = client.send({.url = url, .body = body}, {.on_body = ...}, stop);
//
// Times are nanoseconds since t0: just before the request is written on an established connection.
// One client serves many threads; connections that stay open are used again.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/url.h"

namespace stride::net {

using Headers = std::vector<std::pair<std::string, std::string>>;

// The value of the first header of this name, whatever its case; nullptr where there is none.
const std::string* find_header(const Headers& headers, std::string_view name);

struct HttpTimeouts {  // seconds; 0: none
  double connect = 10;
  double first_byte = 60;  // of the body, from t0
  double idle = 60;        // between two pieces of the body
  double total = 0;        // from t0
  double linger = 0.25;    // after the listener has what it wants, for the server to end properly
};

struct ClientRequest {
  std::string method = "POST";  // GET and HEAD send no body
  Url url{};
  Headers headers{};
  std::string body{};
  HttpTimeouts timeouts{};
  size_t max_body_bytes = size_t{64} << 20;
  bool new_connection = false;  // an open one is not used, though there may be one
  bool use_proxy = false;       // of the environment
};

struct HttpHead {
  int status = 0;
  Headers headers{};
};

// Called on the thread that sends, between two waits for the network.
struct HttpListener {
  std::function<void(const HttpHead&, int64_t t_ns)> on_head{};
  // False ends the request and closes its connection.
  std::function<bool(std::string_view bytes, int64_t t_ns)> on_body{};
  // True once the message is complete by its own marks: a server that then neither ends the body
  // nor closes is not waited for, and the request ends as `stopped`.
  std::function<bool()> is_complete{};
};

enum class HttpEnd : uint8_t {
  complete,        // the whole response as the server framed it
  stopped,         // by the listener
  cancelled,       // by the stop token
  connect_failed,  // name, route, refused, TLS
  connect_timeout,
  first_byte_timeout,
  idle_timeout,
  total_timeout,
  cut,           // the connection ended inside the response or before it
  too_large,     // headers or body
  bad_response,  // not HTTP, or not as HTTP wants it
};
std::string_view name(HttpEnd end);
std::optional<HttpEnd> parse_http_end(std::string_view name);

struct HttpOutcome {
  HttpEnd end = HttpEnd::complete;
  std::string message{};  // one line about any other end
  // Durations before t0; nothing on a connection that was open already.
  std::optional<int64_t> dns_ns{}, tcp_ns{}, tls_ns{};
  std::optional<int64_t> head_ns{};  // when the response headers were complete
  int64_t total_ns = 0;
  bool new_connection = false;
};

class HttpClient {
 public:
  HttpClient();
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  HttpOutcome send(const ClientRequest& request, const HttpListener& listener,
                   std::stop_token stop);

 private:
  class Transfer;
  struct Pool;
  std::unique_ptr<Pool> pool_;
};

}  // namespace stride::net
