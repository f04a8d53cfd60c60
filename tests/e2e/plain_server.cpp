// SPDX-License-Identifier: Apache-2.0
// The HTTP server alone, for tests that attack it: prints its URL, serves until its standard input
// ends, then shuts down gracefully and prints its counters.
//
//   GET /health          {}
//   GET /big?bytes=N     N bytes at once
//   GET /stream?events=N N events, as fast as the client takes them
//   any other            the number of bytes of the body
//
// Usage: plain_server [header_ms [connections]]
#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>

#include "net/http_server.h"
#include "net/query.h"
#include "net/sse.h"

namespace {

using namespace stride::net;
using namespace std::chrono_literals;

size_t number_of(const HttpRequest& request, std::string_view name) {
  const auto pairs = parse_query(request.query);
  const std::string* text = pairs ? find_query(*pairs, name) : nullptr;
  return text ? std::strtoull(text->c_str(), nullptr, 10) : 0;
}

void stream(const HttpRequest& request, const Exchange& exchange) {
  if (!exchange.begin_stream({.headers = sse_headers()})) return;
  const size_t n_event = number_of(request, "events");
  for (size_t i = 0; i < n_event; ++i) {
    const WriteResult result = exchange.write(sse_event("", fmt::format(R"({{"event":{}}})", i)));
    if (result == WriteResult::closed) return;
    if (result == WriteResult::full)
      while (exchange.bytes_pending() > 0 && !exchange.closed()) std::this_thread::sleep_for(1ms);
  }
  exchange.end();
}

void answer(const HttpRequest& request, const Exchange& exchange) {
  if (request.path == "/stream")
    stream(request, exchange);
  else if (request.path == "/big")
    exchange.respond({.body = std::string(number_of(request, "bytes"), 'x')});
  else
    exchange.respond(json_response(200, fmt::format("{}", request.body.size())));
}

std::optional<HttpResponse> screen(const HttpRequest& request) {
  if (request.path != "/health") return std::nullopt;
  return json_response(200, "{}");
}

void print(const ServerStats& stats) {
  fmt::print(
      "connections {} open {} refused {} requests {} errors {} in {} out {} gone {} stalled {} "
      "timeouts {}\n",
      stats.connections_total, stats.connections_open, stats.connections_refused, stats.requests,
      stats.request_errors, stats.bytes_in, stats.bytes_out, stats.closed_by_client,
      stats.closed_for_stall, stats.closed_by_timeout);
}

}  // namespace

int main(int argc, char** argv) {
  ServerOptions options;
  if (argc > 1) options.limits.header_time = std::chrono::milliseconds(std::atoi(argv[1]));
  if (argc > 2) options.limits.connections = std::strtoull(argv[2], nullptr, 10);
  options.limits.stall_time = 2s;
  const auto server = HttpServer::start(options, {.handle = answer, .screen = screen});
  if (!server) {
    fmt::print(stderr, "{}\n", server.error().message);
    return 1;
  }
  fmt::print("{}\n", (*server)->url());
  std::fflush(stdout);
  while (std::getchar() != EOF) {
  }
  (*server)->shut_down(std::chrono::steady_clock::now() + 5s);
  print((*server)->stats());
  return 0;
}
