// SPDX-License-Identifier: Apache-2.0
// For tests of the server over real sockets: a service that takes requests and leaves what becomes
// of them to the test, and a server before it.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include "api/server.h"
#include "api/testing/scripted_engine.h"
#include "net/testing/server.h"

namespace stride::api::testing {

using net::Client;
using net::Mailbox;

class ManualService final : public engine::Service {
 public:
  struct Taken {
    engine::RequestId id = 0;
    engine::ServiceRequest request;
    engine::ServiceListener listener;
  };

  Result<engine::RequestId> submit(engine::ServiceRequest request,
                                   engine::ServiceListener listener) override {
    if (refusal) return std::unexpected(*refusal);
    const engine::RequestId id = ++last_id_;
    taken.put({id, std::move(request), std::move(listener)});
    return id;
  }
  void cancel(engine::RequestId id) override { cancelled.put(id); }
  bool end_reasoning(engine::RequestId id) override {
    ended.put(id);
    return true;
  }
  engine::ServiceStats stats() const override { return {.n_running = 2, .n_waiting = 3}; }
  void shut_down(std::chrono::steady_clock::time_point) override {}

  std::optional<Error> refusal{};  // set before the server has clients
  Mailbox<Taken> taken;
  Mailbox<engine::RequestId> cancelled;
  Mailbox<engine::RequestId> ended;

 private:
  std::atomic<engine::RequestId> last_id_ = 40;
};

inline constexpr const char* kChat = R"("messages":[{"role":"user","content":"Hi"}])";

class ServerTest : public ::testing::Test {
 protected:
  void start(ServerOptions options = {}) {
    options.n_context = 4000;
    options.defaults.model = "test-model";
    if (options.silence == std::chrono::milliseconds(5000)) options.silence = std::chrono::hours(1);
    auto started = Server::start(*scripted_.engine, service_, std::move(options));
    ASSERT_TRUE(started) << started.error().message;
    server_ = *std::move(started);
  }

  static std::string request(const std::string& method, const std::string& path,
                             const std::string& body = {}, const std::string& headers = {}) {
    return fmt::format("{} {} HTTP/1.1\r\nHost: localhost\r\n{}Content-Length: {}\r\n\r\n{}",
                       method, path, headers, body.size(), body);
  }

  net::Answer ask(const std::string& method, const std::string& path, const std::string& body = {},
                  const std::string& headers = {}) {
    const bool has_body = method != "HEAD" && method != "OPTIONS";
    return Client(server_->port()).ask(request(method, path, body, headers), has_body);
  }

  // The path and a small body of each dialect that runs the model.
  static std::string small_body(const std::string& path, bool stream = false) {
    const std::string tail = stream ? R"(,"stream":true})" : "}";
    if (path == "/v1/responses") return R"({"input":"Hi")" + tail;
    if (path == "/v1/completions") return R"({"prompt":"Hi")" + tail;
    return std::string(R"({"max_tokens":500,)") + kChat + tail;
  }

  static engine::Generated generated(const std::string& content) {
    engine::Generated out;
    out.output.content = content;
    out.usage = {.prompt_tokens = 9, .answer_tokens = 2};
    return out;
  }

  ScriptedEngine scripted_ = make_scripted_engine("");
  ManualService service_;
  std::unique_ptr<Server> server_;
};

}  // namespace stride::api::testing
