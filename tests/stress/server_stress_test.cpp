// SPDX-License-Identifier: Apache-2.0
// The server before a real scheduler, with several clients that ask, leave in the middle, cancel,
// end thinking and change a conversation all at once, and a shutdown while some still do. Whoever
// stays gets a whole answer or a clear refusal. ThreadSanitizer watches in CI.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <thread>
#include <vector>

#include "api/server.h"
#include "api/testing/scripted_engine.h"
#include "base/random.h"
#include "engine/scheduler.h"
#include "net/testing/server.h"

namespace stride::api {
namespace {

using net::Client;

constexpr uint32_t kClients = 5, kRounds = 30, kKeys = 3;

struct Count {
  std::atomic<uint32_t> n_whole = 0, n_refused = 0, n_left = 0, n_thought = 0, n_cancelled = 0,
                        n_conversed = 0;
};

class Visitor {
 public:
  // Visitors of one key share a conversation; it is made at the first visit.
  Visitor(uint32_t number, uint16_t port, Count& count, std::array<std::string, kKeys>& shared)
      : number_(number),
        port_(port),
        random_(number + 1),
        count_(count),
        conversation_(shared[number % kKeys]) {
    if (conversation_.empty())
      conversation_ = name_in(ask("POST", "/v1/conversations", ""), "conv_");
  }

  void round() {
    path_ = kPaths[random_.below(4)];
    switch (random_.below(9)) {
      case 0:
        return hear(false);
      case 1:
        return hear(true);
      case 2:
        return leave(false);
      case 3:
        return leave(true);
      case 4:
        return leave_in_the_middle();
      case 5:
        return end_thinking();
      case 6:
        return cancel();
      case 7:
        return converse();
      default:
        return look();
    }
  }

  // As long as the server lets itself be called.
  void ask_until_it_closes() {
    try {
      for (;;) round();
    } catch (const std::runtime_error&) {
    }
  }

 private:
  static constexpr const char* kPaths[] = {"/v1/chat/completions", "/v1/completions",
                                           "/v1/responses", "/v1/messages"};

  std::string request(const std::string& method, const std::string& path,
                      const std::string& body) const {
    return fmt::format(
        "{} {} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nx-api-key: key{}\r\n"
        "Content-Length: {}\r\n\r\n{}",
        method, path, number_ % kKeys, body.size(), body);
  }

  net::Answer ask(const std::string& method, const std::string& path,
                  const std::string& body) const {
    return Client(port_).ask(request(method, path, body));
  }

  // The first name in an answer's body that begins like this.
  static std::string name_in(const net::Answer& answer, const std::string& prefix) {
    const size_t begin = answer.body.find(prefix);
    if (begin == std::string::npos) throw std::runtime_error("no " + prefix + " in " + answer.body);
    return answer.body.substr(begin, answer.body.find('"', begin) - begin);
  }

  // Texts of several lengths that begin alike; the small model's are for the background.
  std::string call(bool stream) {
    const std::string text(10 + 150 * random_.below(5), 'x');
    const char* model = random_.below(3) == 0 ? "claude-haiku" : "step";
    const std::string head =
        fmt::format(R"({{"model":"{}","stream":{},)", model, stream ? "true" : "false");
    if (path_ == "/v1/responses") return head + fmt::format(R"("input":"{}"}})", text);
    if (path_ == "/v1/completions") return head + fmt::format(R"("prompt":"{}PROMPT:"}})", text);
    return head +
           fmt::format(R"("max_tokens":400,"messages":[{{"role":"user","content":"{}"}}]}})", text);
  }

  void judge(const net::Answer& answer) {
    ASSERT_TRUE(answer.complete);
    if (answer.status == 429 || answer.status == 503) {
      ++count_.n_refused;
      return;
    }
    EXPECT_EQ(answer.status, 200) << answer.body;
    ++count_.n_whole;
  }

  void hear(bool stream) { judge(ask("POST", path_, call(stream))); }

  void leave(bool stream) {
    Client client(port_);
    client.send(request("POST", path_, call(stream)));
    ++count_.n_left;
    client.reset();
  }

  void leave_in_the_middle() {
    Client client(port_);
    client.send(request("POST", path_, call(true)));
    if (client.read_head().status == 200)
      for (uint64_t n = random_.below(20); n > 0; --n) {
        const auto chunk = client.read_chunk();
        if (!chunk || chunk->empty()) break;
      }
    ++count_.n_left;
    client.reset();
  }

  // The name of a streamed answer, which begins like this; empty where it was refused.
  std::string id_of(Client& client, const std::string& prefix) {
    net::Answer head = client.read_head();
    if (head.status != 200) {
      ++count_.n_refused;
      return {};
    }
    std::string text = client.read_through(prefix);
    text = client.read_through("\"");
    return prefix + text.substr(0, text.size() - 1);
  }

  void end_thinking() {
    path_ = kPaths[0];
    Client client(port_);
    client.send(request("POST", path_, call(true)));
    const std::string id = id_of(client, "chatcmpl-");
    if (id.empty()) return;
    const std::string body = fmt::format(R"({{"id":"{}","action":"reasoning_end"}})", id);
    const int status = ask("POST", "/v1/chat/completions/control", body).status;
    // It may have ended meanwhile.
    EXPECT_TRUE(status == 200 || status == 404 || status == 409) << status;
    if (status == 200) ++count_.n_thought;
    client.read_through("[DONE]");
  }

  void cancel() {
    path_ = kPaths[2];
    Client client(port_);
    client.send(request("POST", path_, call(true)));
    const std::string id = id_of(client, "resp_");
    if (id.empty()) return;
    const int status = ask("POST", "/v1/responses/" + id + "/cancel", "").status;
    EXPECT_TRUE(status == 200 || status == 404 || status == 400) << status;
    if (status == 200) ++count_.n_cancelled;
    client.read_to_end();
  }

  void look() {
    for (const char* path : {"/metrics", "/slots", "/health", "/props"})
      EXPECT_TRUE(ask("GET", path, "").complete);
  }

  // Puts an item into the conversation, refers to it and takes it out again.
  void converse() {
    const std::string items = "/v1/conversations/" + conversation_ + "/items";
    const std::string item =
        name_in(ask("POST", items, R"({"items":[{"role":"user","content":"Hi"}]})"), "msg_");
    judge(ask("POST", "/v1/responses",
              fmt::format(R"({{"input":[{{"type":"item_reference","id":"{}"}}]}})", item)));
    EXPECT_EQ(ask("GET", items + "?limit=2", "").status, 200);
    EXPECT_EQ(ask("DELETE", items + "/" + item, "").status, 200);
    ++count_.n_conversed;
  }

  uint32_t number_;
  uint16_t port_;
  Random random_;
  Count& count_;
  std::string path_;
  std::string& conversation_;
};

TEST(ServerStress, WhoeverStaysIsAnswered) {
  const auto scripted = testing::make_scripted_engine(std::string(90, 'r') + "\n</think>\nYes.");
  // Long enough to be interrupted.
  scripted.model->on_forward = [] { std::this_thread::sleep_for(std::chrono::microseconds(100)); };
  engine::SchedulerOptions scheduling{.context = 2000, .max_running = 3, .max_waiting = 1};
  scheduling.cache_bytes = 40'000;
  scheduling.step_rows = 256;
  const auto scheduler = *engine::Scheduler::start(*scripted.engine, scheduling);
  ServerOptions options;
  for (uint32_t i = 0; i < kKeys; ++i)
    options.keys.push_back({.secret = fmt::format("key{}", i), .name = fmt::format("{}", i)});
  options.n_context = scheduling.context;
  options.n_slot = scheduling.max_running;
  options.defaults.model = "step";
  options.silence = std::chrono::milliseconds(1);
  const auto server = *Server::start(*scripted.engine, *scheduler, std::move(options));
  Count count;
  std::array<std::string, kKeys> shared;
  std::vector<Visitor> visitors;
  for (uint32_t i = 0; i < kClients; ++i) visitors.emplace_back(i, server->port(), count, shared);
  {
    std::vector<std::jthread> threads;
    for (Visitor& visitor : visitors)
      threads.emplace_back([&] {
        for (uint32_t n = 0; n < kRounds; ++n) visitor.round();
      });
  }
  for (const auto* n :
       {&count.n_whole, &count.n_left, &count.n_thought, &count.n_cancelled, &count.n_conversed})
    EXPECT_GT(*n, 0U);
  std::vector<std::jthread> threads;
  for (Visitor& visitor : visitors) threads.emplace_back([&] { visitor.ask_until_it_closes(); });
  const uint32_t before = count.n_whole;
  net::await([&] { return count.n_whole >= before + kClients; });
  server->drain();
  scheduler->shut_down(std::chrono::steady_clock::now() + std::chrono::milliseconds(1));
  server->shut_down(std::chrono::steady_clock::now() + std::chrono::seconds(10));
}

}  // namespace
}  // namespace stride::api
