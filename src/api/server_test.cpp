// SPDX-License-Identifier: Apache-2.0
// The server over real sockets, before a service that does what the test tells it to.
#include "api/server.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "api/testing/manual_service.h"

namespace stride::api {
namespace {

using net::Client;
using testing::kChat;
using testing::ServerTest;

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
