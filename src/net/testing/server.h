// SPDX-License-Identifier: Apache-2.0
// A server for the tests, with routes that show each way of answering, and a log of what ended.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "net/http_server.h"
#include "net/testing/client.h"

namespace stride::net {

// Values that one thread puts and another awaits.
template <class T>
class Mailbox {
 public:
  void put(T value) {
    const std::lock_guard lock(mutex_);
    values_.push_back(std::move(value));
    changed_.notify_all();
  }
  // The next value, in order; fails the test after a long time.
  T take() {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, kPatience, [this] { return !values_.empty(); }))
      throw std::logic_error("nothing came for too long");
    T value = std::move(values_.front());
    values_.erase(values_.begin());
    return value;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<T> values_;
};

// Waits for what another thread will make true.
inline void await(const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) throw std::logic_error("waited for too long");
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

// Routes: /echo answers with the body; /hold gives its exchange to the test through `held`;
// /forget drops it; /throw throws; everything else answers with method, path and query.
class TestServer {
 public:
  using Handler = std::function<void(HttpRequest, Exchange)>;

  explicit TestServer(ServerOptions options = {}, ServerHandlers handlers = {}) {
    if (!handlers.handle)
      handlers.handle = [this](HttpRequest request, Exchange exchange) {
        answer(std::move(request), std::move(exchange));
      };
    handlers.log = [this](const AccessRecord& record) { records.put(record); };
    auto started = HttpServer::start(std::move(options), std::move(handlers));
    if (!started) throw std::runtime_error(started.error().message);
    server = std::move(*started);
  }
  // The handles end before the server does.
  ~TestServer() { server.reset(); }

  Client connect() const { return Client(server->port()); }

  Mailbox<std::pair<HttpRequest, Exchange>> held;
  Mailbox<AccessRecord> records;
  std::unique_ptr<HttpServer> server;

 private:
  void answer(HttpRequest request, Exchange exchange) {
    if (request.path == "/echo") {
      exchange.respond({.body = std::move(request.body)});
    } else if (request.path == "/hold") {
      held.put({std::move(request), std::move(exchange)});
    } else if (request.path == "/throw") {
      throw std::runtime_error("a bug");
    } else if (request.path != "/forget") {
      exchange.respond({.body = request.method + ' ' + request.path + ' ' + request.query});
    }
  }
};

inline std::string get(std::string_view path, std::string_view more = "") {
  return "GET " + std::string(path) + " HTTP/1.1\r\nHost: localhost\r\n" + std::string(more) +
         "\r\n";
}

inline std::string post(std::string_view path, std::string_view body, std::string_view more = "") {
  return "POST " + std::string(path) +
         " HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
         std::string(more) + "\r\n" + std::string(body);
}

inline std::string post_chunked(std::string_view path, std::string_view chunks) {
  return "POST " + std::string(path) +
         " HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n" + std::string(chunks);
}

}  // namespace stride::net
