// SPDX-License-Identifier: Apache-2.0
// What well-behaved clients meet. Hostile ones: http_hostile_test.cpp.
#include "net/http_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <thread>

#include "net/testing/server.h"

namespace stride::net {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

TEST(HttpServer, AnswersAndKeepsAlive) {
  TestServer test;
  Client client = test.connect();
  for (int i = 0; i < 3; ++i) {
    const Answer answer = client.ask(get("/a?b=c"));
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, "GET /a b=c");
  }
  EXPECT_EQ(test.server->stats().connections_total, 1u);
  EXPECT_EQ(test.server->stats().requests, 3u);
}

TEST(HttpServer, GivesTheWholeRequest) {
  TestServer test;
  Client client = test.connect();
  client.send(post("/hold?x=1", "abc", "X-Twice: 1\r\nx-twice: 2\r\nX-Request-Id: mine\r\n"));
  auto [request, exchange] = test.held.take();
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.target, "/hold?x=1");
  EXPECT_EQ(request.path, "/hold");
  EXPECT_EQ(request.query, "x=1");
  EXPECT_EQ(request.body, "abc");
  EXPECT_EQ(request.header("X-TWICE"), "1");
  EXPECT_EQ(request.remote_address, "127.0.0.1");
  EXPECT_EQ(request.request_id, "mine");
  exchange.respond({.status = 201, .headers = {{"A", "b"}}});
  const Answer answer = client.read_answer();
  EXPECT_EQ(answer.status, 201);
  EXPECT_EQ(*find_header(answer.headers, "a"), "b");
  EXPECT_EQ(*find_header(answer.headers, "X-Request-Id"), "mine");
  EXPECT_EQ(*find_header(answer.headers, "request-id"), "mine");
}

TEST(HttpServer, MakesRequestIdsWhereTheClientsIsUnusable) {
  TestServer test;
  Client client = test.connect();
  const std::string long_id(129, 'a');
  std::vector<std::string> ids;
  for (const std::string& more : {std::string(), "X-Request-Id: a b\r\n" + std::string(),
                                  "X-Request-Id: " + long_id + "\r\n"}) {
    const Answer answer = client.ask(get("/", more));
    ids.push_back(*find_header(answer.headers, "request-id"));
    EXPECT_TRUE(ids.back().starts_with("req_")) << ids.back();
  }
  EXPECT_NE(ids[0], ids[1]);
}

TEST(HttpServer, EverySplitOfARequestIsTheSame) {
  TestServer test;
  const std::string plain = post("/echo", "hello", "X-A: b\r\n");
  const std::string chunked =
      post_chunked("/echo", "2;x=y\r\nhe\r\n003\r\nllo\r\n0\r\nT: v\r\n\r\n");
  for (const std::string& request : {plain, chunked}) {
    for (size_t at = 1; at < request.size(); ++at) {
      Client client = test.connect();
      client.send(request.substr(0, at));
      // Without a pause most halves would arrive together; the second is then only sometimes split.
      std::this_thread::sleep_for(1ms);
      EXPECT_EQ(client.ask(request.substr(at)).body, "hello") << at;
    }
    Client slow = test.connect();
    for (const char c : request) slow.send({&c, 1});
    EXPECT_EQ(slow.read_answer().body, "hello");
  }
}

TEST(HttpServer, EmptyChunkedBodies) {
  TestServer test;
  Client client = test.connect();
  for (const char c : post_chunked("/echo", "0\r\n\r\n")) client.send({&c, 1});
  EXPECT_EQ(client.read_answer().status, 200);
}

TEST(HttpServer, PipelinedRequestsAreAnsweredInOrder) {
  TestServer test;
  Client client = test.connect();
  std::string all = get("/hold");
  for (int i = 0; i < 300; ++i) all += post("/echo", std::to_string(i));
  std::jthread sender([&] { client.send(all); });
  auto [request, exchange] = test.held.take();
  exchange.respond({.body = "first"});
  EXPECT_EQ(client.read_answer().body, "first");
  for (int i = 0; i < 300; ++i) ASSERT_EQ(client.read_answer().body, std::to_string(i));
}

TEST(HttpServer, HeadIsGetWithoutABody) {
  TestServer test;
  Client client = test.connect();
  const Answer head = client.ask("HEAD /x HTTP/1.1\r\nHost: a\r\n\r\n", false);
  const Answer whole = client.ask(get("/x"));
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(*find_header(head.headers, "Content-Length"), std::to_string(whole.body.size()));
  EXPECT_EQ(whole.body, "GET /x ");
  test.records.take();
  EXPECT_EQ(test.records.take().method, "GET");
}

TEST(HttpServer, LeavesMethodsToTheHandler) {
  TestServer test;
  Client client = test.connect();
  EXPECT_EQ(client.ask("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n").body, "OPTIONS * ");
  EXPECT_EQ(client.ask("BREW /pot HTTP/1.1\r\nHost: a\r\n\r\n").body, "BREW /pot ");
  EXPECT_EQ(client.ask("GET http://host/p?q HTTP/1.1\r\nHost: a\r\n\r\n").body, "GET /p q");
}

TEST(HttpServer, SkipsEmptyLinesBetweenRequests) {
  TestServer test;
  Client client = test.connect();
  EXPECT_EQ(client.ask("\r\n\r\n" + get("/a")).body, "GET /a ");
  EXPECT_EQ(client.ask("\r\n" + get("/b")).body, "GET /b ");
}

TEST(HttpServer, ContinuesWhereTheClientWaits) {
  TestServer test;
  Client client = test.connect();
  client.send(
      "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.read_through("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_EQ(client.ask("abc").body, "abc");
  EXPECT_EQ(client.ask(get("/", "Expect: a-miracle\r\n")).status, 417);
}

TEST(HttpServer, ClosesWhenAsked) {
  TestServer test;
  Client client = test.connect();
  const Answer answer = client.ask(get("/", "Connection: close\r\n"));
  EXPECT_EQ(*find_header(answer.headers, "Connection"), "close");
  EXPECT_TRUE(client.at_end());
}

TEST(HttpServer, ServesOldClients) {
  TestServer test;
  Client once = test.connect();
  EXPECT_EQ(once.ask("GET /old HTTP/1.0\r\n\r\n").body, "GET /old ");
  EXPECT_TRUE(once.at_end());
  Client kept = test.connect();
  for (int i = 0; i < 2; ++i)
    EXPECT_EQ(kept.ask("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").status, 200);
  Client stream = test.connect();
  stream.send("GET /hold HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  auto [request, exchange] = test.held.take();
  exchange.begin_stream({});
  exchange.write("one ");
  exchange.write("two");
  exchange.end();
  EXPECT_EQ(stream.read_answer().body, "one two");
}

TEST(HttpServer, AnOldClientSeesThatAStreamWasAborted) {
  TestServer test;
  Client client = test.connect();
  client.send("GET /hold HTTP/1.0\r\n\r\n");
  auto [request, exchange] = test.held.take();
  exchange.begin_stream({.body = "part"});
  client.read_through("part");
  exchange.abort();
  EXPECT_EQ(test.records.take().end, ExchangeEnd::aborted);
  char byte = 0;
  EXPECT_EQ(recv(client.socket_number(), &byte, 1, 0), -1);
}

TEST(HttpServer, StreamsAsItIsWritten) {
  TestServer test;
  Client client = test.connect();
  client.send(get("/hold"));
  auto [request, exchange] = test.held.take();
  EXPECT_TRUE(exchange.begin_stream({.headers = {{"Content-Type", "text/event-stream"}}}));
  const Answer head = client.read_head();
  EXPECT_EQ(*find_header(head.headers, "Transfer-Encoding"), "chunked");
  for (const char* text : {"one", "two", "three"}) {
    EXPECT_EQ(exchange.write(text), WriteResult::ok);
    EXPECT_EQ(client.read_chunk(), text);
  }
  exchange.end();
  EXPECT_EQ(client.read_chunk(), "");
  EXPECT_EQ(client.ask(get("/next")).body, "GET /next ");
  EXPECT_EQ(test.records.take().end, ExchangeEnd::complete);
}

TEST(HttpServer, AbortedStreamsAreNotComplete) {
  TestServer test;
  Client client = test.connect();
  client.send(get("/hold"));
  auto [request, exchange] = test.held.take();
  exchange.begin_stream({});
  exchange.write("part");
  exchange.abort();
  const Answer answer = client.read_answer();
  EXPECT_EQ(answer.body, "part");
  EXPECT_FALSE(answer.complete);
  EXPECT_EQ(test.records.take().end, ExchangeEnd::aborted);
}

TEST(HttpServer, PingsASilentStream) {
  TestServer test;
  Client client = test.connect();
  client.send(get("/hold"));
  auto [request, exchange] = test.held.take();
  exchange.begin_stream({});
  exchange.ping_when_silent(10ms, ": ping\n\n");
  client.read_head();
  EXPECT_EQ(client.read_chunk(), ": ping\n\n");
  EXPECT_EQ(client.read_chunk(), ": ping\n\n");
  exchange.end();
}

TEST(HttpServer, ManyThreadsMayWrite) {
  TestServer test;
  Client client = test.connect();
  client.send(get("/hold"));
  auto [request, exchange] = test.held.take();
  exchange.begin_stream({});
  {
    std::vector<std::jthread> writers;
    for (const char c : {'a', 'b', 'c', 'd'})
      writers.emplace_back([&exchange, c] {
        for (int i = 0; i < 500; ++i) exchange.write(std::string(7, c));
      });
  }
  exchange.end();
  const Answer answer = client.read_answer();
  EXPECT_TRUE(answer.complete);
  ASSERT_EQ(answer.body.size(), 4u * 500 * 7);
  for (size_t i = 0; i < answer.body.size(); i += 7)
    ASSERT_EQ(answer.body.substr(i, 7), std::string(7, answer.body[i]));
}

TEST(HttpServer, BugsOfHandlersAre500) {
  TestServer test;
  Client client = test.connect();
  EXPECT_EQ(client.ask(get("/throw")).status, 500);
  EXPECT_EQ(client.ask(get("/forget")).status, 500);
  EXPECT_EQ(client.ask(get("/")).status, 200);
}

TEST(HttpServer, ScreensBeforeTheBody) {
  const auto screen = [](const HttpRequest& request) -> std::optional<HttpResponse> {
    if (request.path == "/health") return json_response(200, "{}");
    if (request.header("Authorization").empty()) return error_response(401, "no key");
    return std::nullopt;
  };
  TestServer test({.workers = 1}, {.handle = {}, .screen = screen});
  Client worker = test.connect();
  worker.send(get("/hold", "Authorization: a\r\n"));
  auto held = test.held.take();
  Client client = test.connect();
  EXPECT_EQ(client.ask(get("/health")).body, "{}");
  EXPECT_EQ(client.ask(get("/x")).status, 401);
  EXPECT_EQ(client.ask(get("/x", "Authorization: a\r\n")).status, 200);
  // The client has not sent the body it announces.
  EXPECT_EQ(client.ask("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n").status, 401);
  EXPECT_TRUE(client.at_end());
  held.second.respond({});
}

TEST(HttpServer, LargeBodiesBothWays) {
  TestServer test;
  Client client = test.connect();
  std::string body(size_t{20} << 20, 'x');
  for (size_t i = 0; i < body.size(); i += 4096) body[i] = static_cast<char>('a' + i / 4096 % 26);
  std::jthread sender([&] { client.send(post("/echo", body)); });
  const Answer answer = client.read_answer();
  EXPECT_TRUE(answer.body == body);
  EXPECT_EQ(test.records.take().request_bytes, body.size());
}

TEST(HttpServer, ListensOnAUnixSocket) {
  const std::string path = testing::TempDir() + "stride_net_" + std::to_string(getpid());
  {
    TestServer test({.unix_path = path});
    EXPECT_EQ(test.server->url(), "unix:" + path);
    Client client(path);
    EXPECT_EQ(client.ask(get("/hello")).body, "GET /hello ");
    EXPECT_EQ(test.records.take().remote_address, "unix");
    const auto second = HttpServer::start({.unix_path = path}, {});
    ASSERT_FALSE(second);
    EXPECT_THAT(second.error().message, HasSubstr("another server listens on"));
  }
  struct stat status{};
  EXPECT_NE(stat(path.c_str(), &status), 0);
}

TEST(HttpServer, RemovesADeadSocketAndNothingElse) {
  const std::string path = testing::TempDir() + "stride_net_dead_" + std::to_string(getpid());
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  const int dead = socket(AF_UNIX, SOCK_STREAM, 0);
  ASSERT_EQ(bind(dead, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  close(dead);
  EXPECT_TRUE(HttpServer::start({.unix_path = path}, {}));
  const auto refused = HttpServer::start({.unix_path = testing::TempDir()}, {});
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("is not a socket"));
  EXPECT_FALSE(HttpServer::start({.unix_path = std::string(200, 'a')}, {}));
}

TEST(HttpServer, SaysWhyItCannotListen) {
  TestServer test;
  const auto taken = HttpServer::start({.port = test.server->port()}, {});
  ASSERT_FALSE(taken);
  EXPECT_THAT(taken.error().message, HasSubstr("in use"));
  const auto name = HttpServer::start({.address = "example.org"}, {});
  ASSERT_FALSE(name);
  EXPECT_EQ(name.error().code, Errc::invalid_argument);
}

TEST(HttpServer, ListensOnIpv6WhereTheMachineHasIt) {
  const auto server = HttpServer::start(
      {.address = "::"}, {.handle = [](HttpRequest request, const Exchange& exchange) {
        exchange.respond({.body = request.remote_address});
      }});
  if (!server) GTEST_SKIP() << server.error().message;
  Client client((*server)->port());
  EXPECT_EQ(client.ask(get("/")).body, "127.0.0.1");
  EXPECT_THAT((*server)->url(), HasSubstr("http://[::]:"));
}

TEST(HttpServer, ShutDownLetsRunningExchangesEnd) {
  TestServer test;
  Client idle = test.connect();
  idle.ask(get("/"));
  Client running = test.connect();
  running.send(get("/hold"));
  auto [request, exchange] = test.held.take();
  const uint16_t port = test.server->port();
  std::jthread stopper(
      [&] { test.server->shut_down(std::chrono::steady_clock::now() + kPatience); });
  EXPECT_TRUE(idle.at_end());
  EXPECT_THROW(Client{port}, std::runtime_error);
  exchange.respond({.body = "still"});
  EXPECT_EQ(running.read_answer().body, "still");
  EXPECT_TRUE(running.at_end());
  running.close();
  stopper.join();
  EXPECT_EQ(test.server->stats().connections_open, 0u);
}

TEST(HttpServer, ShutDownCutsAtItsDeadline) {
  TestServer test;
  Client client = test.connect();
  client.send(get("/hold"));
  auto [request, exchange] = test.held.take();
  std::atomic<bool> told = false;
  exchange.on_closed([&] { told = true; });
  exchange.begin_stream({.body = "part"});
  test.server->shut_down(std::chrono::steady_clock::now() + 10ms);
  EXPECT_TRUE(told);
  EXPECT_TRUE(exchange.closed());
  EXPECT_FALSE(client.read_answer().complete);
  EXPECT_EQ(test.records.take().end, ExchangeEnd::server_ended);
  test.server.reset();
  EXPECT_EQ(exchange.write("x"), WriteResult::closed);
}

}  // namespace
}  // namespace stride::net
