// SPDX-License-Identifier: Apache-2.0
// An HTTP/1.1 server: one loop thread for all connections, a few workers for the handler.
//
//   auto server = STRIDE_TRY(HttpServer::start({.port = 8080}, {.handle = [](HttpRequest request,
//       Exchange exchange) { exchange.respond(json_response(200, "{}")); }}));
//   ...
//   server->shut_down(std::chrono::steady_clock::now() + 10s);
//
// The loop reads and bounds requests, notices peers that go away, and sends what handlers write; it
// never waits for a handler or for a slow reader. Requests of one connection are answered one after
// another, in order. What is malformed, too large or too slow is answered with a short JSON error
// and the connection is closed.
//
// A client that closes only its sending side while its request runs counts as gone, since a full
// close looks the same until something is written: on_closed() is called at once. An answer that is
// completed within `half_close_time` is still sent, so a plain request from a client that
// half-closes works; a long one is cancelled.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/error.h"
#include "net/exchange.h"
#include "net/http_message.h"

namespace stride::net {

struct ServerLimits {
  size_t header_bytes = size_t{32} << 10;
  size_t header_fields = 100;
  size_t body_bytes = size_t{64} << 20;
  size_t bodies_bytes = size_t{512} << 20;  // of all requests that are read or wait, together
  size_t connections = 1024;
  size_t connections_per_address = 64;  // of IPv6, a /64 is one address
  bool limit_loopback = false;          // whether the limit per address holds for the own machine
  size_t waiting_requests = 256;        // read, and not yet taken by a worker; more get a 503
  size_t outbox_bytes =
      size_t{4} << 20;  // write() says full above it, and above four times it cuts
  std::chrono::milliseconds header_time{10'000};
  std::chrono::milliseconds body_idle_time{30'000};   // without a byte of the body
  std::chrono::milliseconds body_time{600'000};       // for the whole body
  std::chrono::milliseconds keep_alive_time{75'000};  // between two requests
  std::chrono::milliseconds stall_time{30'000};       // a reader that takes nothing is cut
  // After a half-close, for an answer that is still to be completed.
  std::chrono::milliseconds half_close_time{2'000};
  // Closing: without a byte from the client, and five times as long in all.
  std::chrono::milliseconds linger_time{2'000};
};

struct ServerOptions {
  std::string address = "127.0.0.1";  // numeric, IPv4 or IPv6; "localhost" is 127.0.0.1
  uint16_t port = 0;                  // 0: any free one
  std::string unix_path{};            // a socket in the file system instead, if not empty
  std::string tls_certificate{};      // PEM files; both or neither
  std::string tls_key{};
  size_t workers = 2;
  int send_buffer_bytes = 0;  // of the system, per connection; 0: its default
  ServerLimits limits{};
};

struct ServerHandlers {
  // The answer to every request; runs on a worker, may block it, and may keep the exchange for as
  // long as it likes. An exception becomes a 500.
  std::function<void(HttpRequest, Exchange)> handle{};
  // Called on the loop when a header is complete, before the body is read: an answer given here
  // (no such path, no key, health) takes no worker and refuses the body. Must be quick. Optional.
  std::function<std::optional<HttpResponse>(const HttpRequest&)> screen{};
  // Called on the loop at the end of each exchange; must not block. Optional.
  std::function<void(const AccessRecord&)> log{};
};

// Since the start, but for the two that say otherwise.
struct ServerStats {
  uint64_t connections_open = 0;  // now
  uint64_t connections_total = 0;
  uint64_t connections_refused = 0;  // by a limit
  uint64_t requests = 0;
  uint64_t requests_running = 0;  // now
  uint64_t request_errors = 0;    // refused by the server itself: malformed, too large, too slow
  uint64_t bytes_in = 0;
  uint64_t bytes_out = 0;
  uint64_t closed_by_client = 0;   // before the answer was complete
  uint64_t closed_for_stall = 0;   // by the stall timeout or a full outbox
  uint64_t closed_for_idle = 0;    // kept alive, and unused for too long
  uint64_t closed_by_timeout = 0;  // header or body did not come in time
};

class HttpServer {
 public:
  static Result<std::unique_ptr<HttpServer>> start(ServerOptions options, ServerHandlers handlers);
  // shut_down(now).
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // 0 for a unix socket.
  uint16_t port() const;
  // "http://127.0.0.1:8080", "https://[::1]:8443", "unix:/run/stride.sock".
  std::string url() const;
  ServerStats stats() const;

  // No new connections; those that wait for a request are closed, running exchanges go on.
  void stop_accepting();
  // stop_accepting(), then returns when all exchanges have ended or at `deadline`, whatever is
  // first; the rest is cut. Handlers that run are waited for in any case. Idempotent; not to be
  // called from the callbacks of this server.
  void shut_down(std::chrono::steady_clock::time_point deadline);

 private:
  class Impl;

  explicit HttpServer(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace stride::net
