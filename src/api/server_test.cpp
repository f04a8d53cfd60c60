// SPDX-License-Identifier: Apache-2.0
// The server over real sockets, before a service that does what the test tells it to.
#include "api/server.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <mutex>

#include "api/testing/scripted_engine.h"
#include "net/content_coding.h"
#include "net/testing/server.h"

namespace stride::api {
namespace {

using net::Client;
using net::Mailbox;

// Takes requests and leaves them to the test.
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

constexpr const char* kChat = R"("messages":[{"role":"user","content":"Hi"}])";

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

  testing::ScriptedEngine scripted_ = testing::make_scripted_engine("");
  ManualService service_;
  std::unique_ptr<Server> server_;
};

const char* const kPaths[] = {"/v1/chat/completions", "/v1/completions", "/v1/responses",
                              "/v1/messages"};

TEST_F(ServerTest, KnowsItsPaths) {
  start();
  EXPECT_EQ(ask("GET", "/health").status, 200);
  EXPECT_EQ(ask("HEAD", "/v1/health").status, 200);
  EXPECT_EQ(ask("GET", "/v1/models/").status, 200);
  EXPECT_EQ(ask("GET", "/v1/models/test-model").status, 200);
  EXPECT_EQ(ask("GET", "/v1/models/other/model").status, 404);
  EXPECT_EQ(ask("OPTIONS", "/v1/messages").status, 204);
  const auto missing = ask("GET", "/v1/nothing?x=1");
  EXPECT_EQ(missing.status, 404);
  EXPECT_NE(missing.body.find(R"("code":"not_found")"), std::string::npos) << missing.body;
  const auto wrong = ask("GET", "/v1/messages");
  EXPECT_EQ(wrong.status, 405);
  EXPECT_EQ(*net::find_header(wrong.headers, "Allow"), "POST");
  EXPECT_NE(wrong.body.find(R"({"type":"error","error":{"type":"invalid_request_error")"),
            std::string::npos);
  EXPECT_NE(ask("GET", "/metrics")
                .body.find("vllm:num_requests_waiting{model_name=\"test-model\"} "
                           "3"),
            std::string::npos);
}

TEST_F(ServerTest, AsksForAKey) {
  start({.keys = {{.secret = "one", .name = "alice"}, {.secret = "two", .name = "bob"}}});
  EXPECT_EQ(ask("GET", "/health").status, 200);
  EXPECT_EQ(ask("GET", "/v1/models").status, 401);
  EXPECT_EQ(ask("GET", "/v1/models", "", "Authorization: Bearer on\r\n").status, 401);
  EXPECT_EQ(ask("GET", "/v1/models", "", "Authorization: bearer one\r\n").status, 200);
  EXPECT_EQ(ask("GET", "/v1/models", "", "x-api-key: two\r\n").status, 200);
  EXPECT_NE(ask("POST", "/v1/messages", "{}").body.find("authentication_error"), std::string::npos);
  Client client(server_->port());
  client.send(request("POST", "/v1/chat/completions", small_body(""), "x-api-key: two\r\n"));
  EXPECT_EQ(service_.taken.take().request.client, "bob");
}

// Two at once for each key; the third may come when one has ended.
TEST_F(ServerTest, LimitsTheAnswersOfAKey) {
  start({.keys = {{.secret = "one", .name = "alice"}, {.secret = "two", .name = "bob"}},
         .per_client = 2});
  std::vector<std::unique_ptr<Client>> clients;
  std::vector<ManualService::Taken> taken;
  const auto send = [&](const std::string& key) {
    clients.push_back(std::make_unique<Client>(server_->port()));
    clients.back()->send(
        request("POST", "/v1/chat/completions", small_body(""), "x-api-key: " + key + "\r\n"));
  };
  for (const char* key : {"one", "one", "two"}) {
    send(key);
    taken.push_back(service_.taken.take());
  }
  send("one");
  const auto refused = clients.back()->read_answer();
  EXPECT_EQ(refused.status, 429);
  EXPECT_NE(net::find_header(refused.headers, "Retry-After"), nullptr);
  taken[0].listener.on_finish(generated("Yo"));
  EXPECT_EQ(clients[0]->read_answer().status, 200);
  send("one");
  taken.push_back(service_.taken.take());
  for (size_t i = 1; i < taken.size(); ++i) taken[i].listener.on_finish(generated("Yo"));
}

TEST_F(ServerTest, TellsOfItsSlots) {
  start({.n_slot = 2});
  EXPECT_EQ(ask("GET", "/slots").body, R"([{"id":0,"n_ctx":4000,"is_processing":false},)"
                                       R"({"id":1,"n_ctx":4000,"is_processing":false}])");
  // The service of these tests says that two requests run.
  EXPECT_EQ(ask("GET", "/slots?fail_on_no_slot=1").status, 503);
  EXPECT_EQ(ask("GET", "/slots?fail_on_no_slot=0").status, 200);
  const auto save = ask("POST", "/slots/0?action=save", R"({"filename":"x"})");
  EXPECT_EQ(save.status, 501);
  EXPECT_NE(save.body.find("not_supported_error"), std::string::npos);
}

TEST_F(ServerTest, NamesTheFieldsItPassedOver) {
  std::vector<std::string> lines;
  std::mutex mutex;
  start({.log = [&](std::string_view line) {
    const std::scoped_lock lock(mutex);
    lines.emplace_back(line);
  }});
  for (const bool stream : {false, true}) {
    Client client(server_->port());
    client.send(request("POST", "/v1/chat/completions",
                        std::string(R"({"user":"u","mood":1,"bad name":2,"stream":)") +
                            (stream ? "true," : "false,") + kChat + "}"));
    service_.taken.take().listener.on_finish(generated("Yo"));
    const auto head = stream ? client.read_head() : client.read_answer();
    const std::string* header = net::find_header(head.headers, "x-stride-ignored-fields");
    ASSERT_NE(header, nullptr);
    EXPECT_EQ(*header, "user, mood");
  }
  server_.reset();
  EXPECT_TRUE(std::ranges::any_of(lines, [](const std::string& line) {
    return line.find(R"("ignored_fields":["user","mood","bad name"])") != std::string::npos;
  }));
}

TEST_F(ServerTest, TellsTheTimeOfEachToken) {
  start();
  for (const std::string path : {"/v1/chat/completions", "/v1/completions"}) {
    Client client(server_->port());
    std::string body = small_body(path, true);
    body.insert(1, "\"timings_per_token\":true,");
    client.send(request("POST", path, body));
    const auto taken = service_.taken.take();
    taken.listener.on_prefill({.total = 9, .reused = 4, .processed = 5});
    taken.listener.on_token({.id = 'Y'});
    taken.listener.on_delta({.kind = chat::Delta::Kind::content, .text = "Y"});
    client.read_through(R"("timings":{"cache_n":4,"prompt_n":5,"prompt_ms":)");
    client.read_through(R"("predicted_n":1,)");
    taken.listener.on_finish(generated("Y"));
  }
}

TEST_F(ServerTest, GoesOnWithAConversation) {
  start();
  const auto made = ask("POST", "/v1/conversations",
                        R"({"metadata":{"a":"b"},"items":[{"role":"user","content":"One"}]})");
  ASSERT_EQ(made.status, 200) << made.body;
  const size_t at = made.body.find("conv_");
  const std::string id = made.body.substr(at, made.body.find('"', at) - at);
  const auto go_on = [&](const std::string& input) {
    Client client(server_->port());
    client.send(request("POST", "/v1/responses",
                        fmt::format(R"({{"input":{},"conversation":"{}"}})", input, id)));
    auto taken = service_.taken.take();
    taken.listener.on_delta({.kind = chat::Delta::Kind::content, .text = "Yo"});
    taken.listener.on_finish(generated("Yo"));
    EXPECT_NE(client.read_answer().body.find(R"("conversation":{"id":")" + id), std::string::npos);
    return scripted_.engine->tokenizer().decode(taken.request.input.prompt);
  };
  const std::string first = go_on(R"("Two")");
  EXPECT_NE(first.find("One"), std::string::npos);
  const std::string second = go_on(R"([{"role":"user","content":"Three"}])");
  for (const char* said : {"One", "Two", "Yo", "Three"})
    EXPECT_NE(second.find(said), std::string::npos) << said;
  const std::string path = "/v1/conversations/" + id;
  const auto items = ask("GET", path + "/items");
  EXPECT_NE(items.body.find("Three"), std::string::npos) << items.body;
  // An item of an answer can be named instead of being sent.
  const size_t item_at = items.body.find("msg_", items.body.find("assistant") - 150);
  const std::string item = items.body.substr(item_at, items.body.find('"', item_at) - item_at);
  Client client(server_->port());
  client.send(
      request("POST", "/v1/responses",
              fmt::format(R"({{"input":[{{"role":"user","content":"a"}},{{"type":"item_reference",)"
                          R"("id":"{}"}},{{"role":"user","content":"b"}}]}})",
                          item)));
  auto taken = service_.taken.take();
  EXPECT_NE(scripted_.engine->tokenizer().decode(taken.request.input.prompt).find("Yo"),
            std::string::npos);
  taken.listener.on_finish(generated("Yo"));
  EXPECT_EQ(ask("GET", path).status, 200);
  EXPECT_EQ(ask("DELETE", path).status, 200);
  EXPECT_EQ(ask("GET", path).status, 404);
  EXPECT_EQ(ask("POST", "/v1/responses", R"({"input":"x","conversation":")" + id + "\"}").status,
            404);
  EXPECT_EQ(
      ask("POST", "/v1/responses", R"({"input":"x","conversation":"c","previous_response_id":"r"})")
          .status,
      400);
}

TEST_F(ServerTest, ReadsCompressedRequests) {
  start();
  Client client(server_->port());
  const std::string body = net::pack(small_body(""));
  client.send(request("POST", "/v1/chat/completions", body, "Content-Encoding: gzip\r\n"));
  service_.taken.take().listener.on_finish(generated("Yo"));
  EXPECT_EQ(client.read_answer().status, 200);
}

TEST_F(ServerTest, AnswersOnlyToItsOwnName) {
  start({.hosts = {"box.example"}});
  const auto with_host = [&](const std::string& host) {
    return Client(server_->port())
        .ask(fmt::format("GET /health HTTP/1.1\r\nHost: {}\r\n\r\n", host))
        .status;
  };
  EXPECT_EQ(with_host("127.0.0.1:99"), 200);
  EXPECT_EQ(with_host("box.example"), 200);
  EXPECT_EQ(with_host("evil.example"), 403);
}

TEST_F(ServerTest, AnswersWholeInEveryDialect) {
  start();
  for (const std::string path : kPaths) {
    Client client(server_->port());
    client.send(request("POST", path, small_body(path)));
    auto taken = service_.taken.take();
    EXPECT_EQ(taken.request.marks.back(), taken.request.input.prompt.size());
    taken.listener.on_delta({.kind = chat::Delta::Kind::content, .text = "Yo"});
    taken.listener.on_finish(generated("Yo"));
    const auto answer = client.read_answer();
    EXPECT_EQ(answer.status, 200) << path;
    EXPECT_NE(answer.body.find("\"Yo\""), std::string::npos) << answer.body;
  }
}

TEST_F(ServerTest, TellsWhenTheQueueIsFull) {
  service_.refusal = Error{Errc::exhausted, "the queue is full"};
  start();
  for (const std::string path : kPaths) {
    const auto answer = ask("POST", path, small_body(path, true));
    EXPECT_EQ(answer.status, 429) << path;
    EXPECT_NE(net::find_header(answer.headers, "Retry-After"), nullptr);
    EXPECT_NE(answer.body.find("rate_limit_error"), std::string::npos);
  }
}

TEST_F(ServerTest, RefusesNewWorkWhileItDrains) {
  start();
  server_->drain();
  for (const std::string path : kPaths) {
    const auto answer = ask("POST", path, small_body(path));
    EXPECT_EQ(answer.status, 503);
    EXPECT_NE(net::find_header(answer.headers, "Retry-After"), nullptr);
  }
  EXPECT_EQ(ask("GET", "/health").status, 503);
}

TEST_F(ServerTest, ADeadClientCancelsItsRequest) {
  start();
  for (const bool stream : {false, true}) {
    Client client(server_->port());
    client.send(request("POST", "/v1/messages", small_body("", stream)));
    const auto taken = service_.taken.take();
    client.reset();
    EXPECT_EQ(service_.cancelled.take(), taken.id);
    engine::Generated cut;
    cut.finish_cause = engine::FinishCause::cancelled;
    taken.listener.on_finish(cut);
  }
}

TEST_F(ServerTest, GivesSignsOfLife) {
  start({.silence = std::chrono::milliseconds(1)});
  const std::pair<const char*, const char*> expected[] = {
      {"/v1/chat/completions", ": queued, 3 before this one\n\n"},
      {"/v1/completions", ": queued, 3 before this one\n\n"},
      {"/v1/responses", "\"queue_position\":3}\n\n"},
      {"/v1/messages", "event: ping\ndata: {\"type\":\"ping\",\"queue_position\":3}\n\n"}};
  for (const auto& [path, sign] : expected) {
    Client client(server_->port());
    client.send(request("POST", path, small_body(path, true)));
    const auto taken = service_.taken.take();
    taken.listener.on_queued(3);
    client.read_through(sign);
    taken.listener.on_prefill({.total = 100, .reused = 10, .processed = 30, .eta_seconds = 2});
    if (std::string_view(path).ends_with("completions")) {
      client.read_through(": reading the prompt: 40 of 100 tokens, 2.0 s left\n\n");
    } else {
      client.read_through(R"("prompt_progress":{"total":100,"cache":10,"processed":40,)");
    }
    client.reset();
    service_.cancelled.take();
    taken.listener.on_finish(generated(""));
  }
}

TEST_F(ServerTest, TellsOfAFailureInsideAStream) {
  start();
  for (const std::string path : kPaths) {
    Client client(server_->port());
    client.send(request("POST", path, small_body(path, true)));
    const auto taken = service_.taken.take();
    ASSERT_EQ(client.read_head().status, 200);  // before that it would not be inside a stream
    taken.listener.on_delta({.kind = chat::Delta::Kind::content, .text = "Yo"});
    taken.listener.on_finish(fail(Errc::internal, "it broke"));
    std::string body;
    std::optional<std::string> chunk;
    while ((chunk = client.read_chunk()) && !chunk->empty()) body += *chunk;
    EXPECT_TRUE(chunk) << "the stream was not completed";
    EXPECT_NE(body.find("it broke"), std::string::npos);
    EXPECT_EQ(body.find("[DONE]"), std::string::npos);
    EXPECT_EQ(body.find("finish_reason\":\""), std::string::npos);
    const char* last = path == "/v1/messages"    ? "event: error\n"
                       : path == "/v1/responses" ? "event: response.failed\n"
                                                 : "data: {\"error\":{";
    EXPECT_NE(body.find(last), std::string::npos) << body;
  }
}

TEST_F(ServerTest, EndsTheThinkingOfARunningAnswer) {
  start();
  Client client(server_->port());
  client.send(request("POST", "/v1/chat/completions", small_body("", true)));
  const auto taken = service_.taken.take();
  const std::string head = client.read_through("\"object\"");
  const size_t at = head.find("chatcmpl-");
  const std::string id = head.substr(at, head.find('"', at) - at);
  const auto answer = ask("POST", "/v1/chat/completions/control",
                          fmt::format(R"({{"id":"{}","action":"reasoning_end"}})", id));
  EXPECT_EQ(answer.body, R"({"success":true})");
  EXPECT_EQ(service_.ended.take(), taken.id);
  EXPECT_EQ(ask("POST", "/v1/chat/completions/control", R"({"id":"x","action":"cancel"})").status,
            404);
  taken.listener.on_finish(generated("Yo"));
}

TEST_F(ServerTest, CancelsAResponse) {
  start();
  Client client(server_->port());
  client.send(request("POST", "/v1/responses", small_body("/v1/responses", true)));
  const auto taken = service_.taken.take();
  const std::string head = client.read_through("\"object\"");
  const size_t at = head.find("resp_");
  const std::string id = head.substr(at, head.find('"', at) - at);
  Client canceller(server_->port());
  canceller.send(request("POST", "/v1/responses/" + id + "/cancel"));
  EXPECT_EQ(service_.cancelled.take(), taken.id);
  engine::Generated cut;
  cut.finish_cause = engine::FinishCause::cancelled;
  cut.finish_reason = engine::FinishReason::cancelled;
  taken.listener.on_finish(cut);
  EXPECT_NE(canceller.read_answer().body.find(R"("status":"cancelled")"), std::string::npos);
}

TEST_F(ServerTest, KeepsResponsesForTheirOwner) {
  start({.keys = {{.secret = "one", .name = "alice"}, {.secret = "two", .name = "bob"}}});
  Client client(server_->port());
  client.send(request("POST", "/v1/responses", small_body("/v1/responses"), "x-api-key: one\r\n"));
  service_.taken.take().listener.on_finish(generated("Yo"));
  const auto answer = client.read_answer();
  const size_t at = answer.body.find("resp_");
  const std::string path =
      "/v1/responses/" + answer.body.substr(at, answer.body.find('"', at) - at);
  EXPECT_EQ(ask("GET", path, "", "x-api-key: one\r\n").body, answer.body);
  EXPECT_EQ(ask("GET", path, "", "x-api-key: two\r\n").status, 404);
  EXPECT_EQ(ask("DELETE", path, "", "x-api-key: two\r\n").status, 404);
  EXPECT_EQ(ask("DELETE", path, "", "x-api-key: one\r\n").status, 200);
  EXPECT_EQ(ask("GET", path, "", "x-api-key: one\r\n").status, 404);
}

TEST_F(ServerTest, SaysWhatDoesNotFit) {
  start();
  const std::string text(5000, 'x');
  const std::string body =
      R"({"max_tokens":5,"messages":[{"role":"user","content":")" + text + "\"}]}";
  const auto answer = ask("POST", "/v1/messages", body);
  EXPECT_EQ(answer.status, 400);
  EXPECT_NE(answer.body.find("\"prompt is too long: 50"), std::string::npos) << answer.body;
  EXPECT_NE(answer.body.find(" tokens > 4000 maximum\""), std::string::npos);
  EXPECT_NE(ask("POST", "/v1/chat/completions", body).body.find("context_length_exceeded"),
            std::string::npos);
}

}  // namespace
}  // namespace stride::api
