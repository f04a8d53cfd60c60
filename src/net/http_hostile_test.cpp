// SPDX-License-Identifier: Apache-2.0
// Clients that are broken, slow, greedy or gone. Each case ends with a server that still serves.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "net/http_server.h"
#include "net/testing/server.h"

namespace stride::net {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using testing::HasSubstr;

constexpr auto kNever = std::chrono::milliseconds(kPatience) * 10;

void expect_serving(const TestServer& test) {
  Client client = test.connect();
  EXPECT_EQ(client.ask(get("/")).status, 200);
}

// What the server answers to these bytes: an error, and then the end.
Answer refused(const TestServer& test, std::string_view bytes) {
  Client client = test.connect();
  std::jthread sender([&] { client.send(bytes); });
  Answer answer = client.read_answer();
  EXPECT_EQ(*find_header(answer.headers, "Connection"), "close") << bytes.substr(0, 100);
  EXPECT_THAT(answer.body, HasSubstr(R"({"type":"error","error":{)"));
  EXPECT_TRUE(client.at_end());
  return answer;
}

TEST(HttpHostile, MalformedHeaders) {
  TestServer test;
  const std::pair<std::string, int> cases[] = {
      {"GARBAGE\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\n\r\n", 400},
      {"GET /\r\nHost: a\r\n\r\n", 400},
      {"GET / HTTP/1.1 \r\nHost: a\r\n\r\n", 400},
      {"GET / HTTP/2.0\r\nHost: a\r\n\r\n", 400},
      {"GET / HTTP/1.2\r\nHost: a\r\n\r\n", 400},
      {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400},
      {"GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"G(T / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"GET x HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"GET * HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"GET /\x01 HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n"s, 400},
      {"GET / HTTP/1.1\nHost: a\n\n", 400},
      {"GET / HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: a\r\nName : x\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: a\r\n: x\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: a\r\nX: \0\r\n\r\n"s, 400},
      {"\x16\x03\x01\x02\x00\x01\xfc\x03\x03 tls\r\n\r\n"s, 400},
  };
  for (const auto& [bytes, status] : cases) EXPECT_EQ(refused(test, bytes).status, status) << bytes;
  expect_serving(test);
}

TEST(HttpHostile, RefusalsAreLogged) {
  TestServer test;
  refused(test, "DELETE /x HTTP/1.1\r\n\r\n");
  const AccessRecord record = test.records.take();
  EXPECT_EQ(record.method, "DELETE");
  EXPECT_EQ(record.target, "/x");
  EXPECT_EQ(record.status, 400);
  EXPECT_EQ(record.remote_address, "127.0.0.1");
  EXPECT_TRUE(record.request_id.starts_with("req_"));
  EXPECT_LT(record.duration, kPatience);
  EXPECT_EQ(test.server->stats().request_errors, 1u);
}

TEST(HttpHostile, LengthsThatCouldSmuggleARequest) {
  TestServer test;
  const std::string start = "POST /echo HTTP/1.1\r\nHost: a\r\n";
  const std::pair<std::string, int> cases[] = {
      {"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc", 400},
      {"Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc", 400},
      {"Content-Length: 3, 3\r\n\r\nabc", 400},
      {"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
      {"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n", 400},
      {"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
      {"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501},
      {"Transfer-Encoding: identity\r\n\r\n", 501},
      {"Transfer-Encoding: chunked, identity\r\n\r\n", 501},
      {"Content-Length: -1\r\n\r\n", 400},
      {"Content-Length: +1\r\n\r\n", 400},
      {"Content-Length: 0x10\r\n\r\n", 400},
      {"Content-Length: 1 1\r\n\r\n", 400},
      {"Content-Length:\r\n\r\n", 400},
      {"Content-Length: 99999999999999999999999\r\n\r\n", 400},
      {"Content-Length: 18446744073709551615\r\n\r\n", 413},
      {"Content-Encoding: br\r\nContent-Length: 3\r\n\r\nabc", 415},
      {"Content-Encoding: gzip, gzip\r\nContent-Length: 3\r\n\r\nabc", 415},
  };
  for (const auto& [rest, status] : cases)
    EXPECT_EQ(refused(test, start + rest).status, status) << rest;
  EXPECT_EQ(refused(test, "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n").status,
            400);
  expect_serving(test);
}

TEST(HttpHostile, BadChunks) {
  TestServer test({.limits = {.body_bytes = 1000}});
  const std::pair<std::string, int> cases[] = {
      {"-1\r\nabc\r\n0\r\n\r\n", 400},
      {"+1\r\na\r\n0\r\n\r\n", 400},
      {"g\r\n0\r\n\r\n", 400},
      {"\r\n\r\n\r\n", 400},
      {"3\nabc\r\n0\r\n\r\n", 400},
      {"3\r\nabcd\r\n0\r\n\r\n", 400},
      {"3;\x01\r\nabc\r\n0\r\n\r\n", 400},
      {"ffffffffffffffff\r\nabc", 413},
      {"fffffffffffffffff\r\nabc", 400},
      {"7fffffffffffffff\r\nabc", 413},
      {"3e9\r\nabc", 413},
      {"3e8\r\n" + std::string(1000, 'x') + "\r\n1\r\nx\r\n0\r\n\r\n", 413},
      {"3;" + std::string(200'000, 'x'), 400},
      {std::string(200'000, '0'), 400},
      {"0\r\nno colon\r\n\r\n", 400},
      {"0\r\nA: " + std::string(200'000, 'x'), 400},
  };
  for (const auto& [chunks, status] : cases)
    EXPECT_EQ(refused(test, post_chunked("/echo", chunks)).status, status) << chunks.substr(0, 50);
  // Trailers never become headers of the request.
  Client client = test.connect();
  client.send(post_chunked("/hold", "1\r\nx\r\n0\r\nAuthorization: a\r\n\r\n"));
  auto [request, exchange] = test.held.take();
  EXPECT_EQ(request.header("Authorization"), "");
  exchange.respond({});
  expect_serving(test);
}

TEST(HttpHostile, HeadersThatAreTooLarge) {
  TestServer test;
  const std::string start = "GET / HTTP/1.1\r\nHost: a\r\n";
  EXPECT_EQ(refused(test, start + "A: " + std::string(40'000, 'x')).status, 431);
  EXPECT_EQ(refused(test, std::string(40'000, 'x')).status, 431);
  EXPECT_EQ(refused(test, "GET /" + std::string(40'000, 'x')).status, 431);
  EXPECT_EQ(refused(test, "GET /" + std::string(20'000, 'x') +
                              " HTTP/1.1\r\nHost: a\r\nA: " + std::string(20'000, 'x') + "\r\n\r\n")
                .status,
            431);
  std::string fields = start;
  for (int i = 0; i < 99; ++i) fields += "A: b\r\n";
  Client client = test.connect();
  EXPECT_EQ(client.ask(fields + "\r\n").status, 200);
  EXPECT_EQ(refused(test, fields + "A: b\r\n\r\n").status, 431);
  expect_serving(test);
}

TEST(HttpHostile, LargeBodiesAreRefusedBeforeTheyAreRead) {
  TestServer test({.limits = {.body_bytes = 1000}});
  Client waits = test.connect();
  EXPECT_EQ(waits
                .ask("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n"
                     "Expect: 100-continue\r\n\r\n")
                .status,
            413);
  // One that sends it all the same still reads the answer.
  EXPECT_EQ(refused(test, post("/echo", std::string(3'000'000, 'x'))).status, 413);
  Client fits = test.connect();
  EXPECT_EQ(fits.ask(post("/echo", std::string(1000, 'x'))).status, 200);
}

TEST(HttpHostile, AllBodiesTogetherAreBounded) {
  TestServer test({.limits = {.body_bytes = 1000, .bodies_bytes = 1500}});
  Client first = test.connect();
  first.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n" +
             std::string(999, 'x'));
  await([&] { return test.server->stats().bytes_in >= 1000; });
  EXPECT_EQ(refused(test, post("/echo", std::string(1000, 'x'))).status, 503);
  EXPECT_EQ(first.ask("x").status, 200);
  // A body counts until its handler has returned, which may be after the answer was read.
  await([&] { return test.connect().ask(post("/echo", std::string(1000, 'x'))).status == 200; });
}

TEST(HttpHostile, SlowHeadersAndBodiesTimeOut) {
  TestServer test({.limits = {.header_time = 100ms, .body_idle_time = 100ms, .linger_time = 20ms}});
  EXPECT_EQ(refused(test, "GET / HT").status, 408);
  EXPECT_EQ(refused(test, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nab").status, 408);
  EXPECT_EQ(refused(test, post_chunked("/", "3\r\nab")).status, 408);
  EXPECT_TRUE(test.connect().at_end());
  EXPECT_EQ(test.server->stats().closed_by_timeout, 4u);
  // A byte now and then does not help: the limit of the header is for all of it.
  Client drips = test.connect();
  bool open = true;
  while (open) {
    open = drips.send("x");
    std::this_thread::sleep_for(5ms);
  }
  expect_serving(test);
}

TEST(HttpHostile, ABodyThatDripsIsBoundedToo) {
  TestServer test({.limits = {.body_idle_time = kNever, .body_time = 100ms, .linger_time = 20ms}});
  Client client = test.connect();
  client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\n");
  EXPECT_EQ(client.read_answer().status, 413);
  Client drips = test.connect();
  bool open = drips.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10000000\r\n\r\n");
  while (open) {
    open = drips.send("x");
    std::this_thread::sleep_for(5ms);
  }
  expect_serving(test);
}

TEST(HttpHostile, IdleConnectionsAreClosed) {
  TestServer test({.limits = {.keep_alive_time = 50ms}});
  Client client = test.connect();
  EXPECT_EQ(client.ask(get("/")).status, 200);
  EXPECT_TRUE(client.at_end());
  EXPECT_EQ(test.server->stats().closed_for_idle, 1u);
}

class Disconnect : public testing::TestWithParam<bool> {
 protected:
  static void leave(Client& client) {
    if (GetParam())
      client.reset();
    else
      client.close();
  }
};

TEST_P(Disconnect, IsNoticedWhileNothingIsWritten) {
  TestServer test;
  Client client = test.connect();
  client.send(post("/hold", "abc"));
  auto [request, exchange] = test.held.take();
  Mailbox<bool> told;
  exchange.on_closed([&] { told.put(true); });
  EXPECT_FALSE(exchange.closed());
  leave(client);
  EXPECT_TRUE(told.take());
  EXPECT_TRUE(exchange.closed());
  EXPECT_EQ(exchange.write("x"), WriteResult::closed);
  EXPECT_EQ(test.records.take().end, ExchangeEnd::client_gone);
}

TEST_P(Disconnect, IsNoticedBetweenWrites) {
  TestServer test;
  Client client = test.connect();
  client.send(get("/hold"));
  auto [request, exchange] = test.held.take();
  Mailbox<bool> told;
  exchange.on_closed([&] { told.put(true); });
  exchange.begin_stream({.body = "x"});
  client.read_head();
  client.read_chunk();
  leave(client);
  EXPECT_TRUE(told.take());
  EXPECT_EQ(exchange.write("x"), WriteResult::closed);
}

TEST_P(Disconnect, IsNoticedBehindPipelinedRequests) {
  TestServer test;
  Client client = test.connect();
  std::string flood = get("/hold");
  while (flood.size() < 100'000) flood += get("/");
  client.send(flood);
  auto [request, exchange] = test.held.take();
  Mailbox<bool> told;
  exchange.on_closed([&] { told.put(true); });
  leave(client);
  EXPECT_TRUE(told.take());
}

TEST_P(Disconnect, WhileTheRequestWaitsForAWorker) {
  Mailbox<std::string> handled;
  std::atomic<bool> go = false;
  TestServer test({.workers = 1}, {.handle = [&](const HttpRequest& request, Exchange exchange) {
                    handled.put(request.path);
                    go.wait(false);
                    if (exchange.closed()) handled.put("gone");
                    exchange.respond({});
                  }});
  Client first = test.connect();
  first.send(get("/first"));
  EXPECT_EQ(handled.take(), "/first");
  Client second = test.connect();
  second.send(get("/second"));
  await([&] { return test.server->stats().requests_running >= 2; });
  leave(second);
  if (GetParam()) await([&] { return test.server->stats().requests_running == 1; });
  go = true;
  go.notify_all();
  EXPECT_EQ(first.read_answer().status, 200);
}

INSTANTIATE_TEST_SUITE_P(CloseAndReset, Disconnect, testing::Bool(),
                         [](const auto& reset) { return reset.param ? "Reset" : "Close"; });

TEST(HttpHostile, AHalfClosedClientGetsAnAnswerThatIsQuick) {
  TestServer test({.limits = {.half_close_time = kNever}});
  Client client = test.connect();
  client.send(get("/hold"));
  client.half_close();
  auto [request, exchange] = test.held.take();
  Mailbox<bool> told;
  exchange.on_closed([&] { told.put(true); });
  EXPECT_TRUE(told.take());
  exchange.respond({.body = "all the same"});
  EXPECT_EQ(client.read_answer().body, "all the same");
  EXPECT_TRUE(client.at_end());
}

TEST(HttpHostile, AHalfClosedClientDoesNotWaitForLong) {
  TestServer test({.limits = {.half_close_time = 10ms}});
  Client client = test.connect();
  client.send(get("/hold"));
  client.half_close();
  const auto held = test.held.take();
  EXPECT_TRUE(client.at_end());
  EXPECT_EQ(test.records.take().end, ExchangeEnd::client_gone);
}

TEST(HttpHostile, ASlowReaderIsCutAndHoldsNobodyUp) {
  TestServer test({.send_buffer_bytes = 4096,
                   .limits = {.outbox_bytes = size_t{1} << 20, .stall_time = 200ms}});
  Client slow = test.connect();
  slow.send(get("/hold"));
  auto [request, exchange] = test.held.take();
  Mailbox<bool> told;
  exchange.on_closed([&] { told.put(true); });
  exchange.begin_stream({});
  // Until the buffers of both ends are full; then the outbox.
  while (exchange.write(std::string(65536, 'x')) == WriteResult::ok) {
  }
  EXPECT_GT(exchange.bytes_pending(), size_t{1} << 20);
  expect_serving(test);
  EXPECT_TRUE(told.take());
  EXPECT_EQ(exchange.write("x"), WriteResult::closed);
  EXPECT_EQ(test.server->stats().closed_for_stall, 1u);
  EXPECT_EQ(test.records.take().end, ExchangeEnd::complete);  // of expect_serving()
  EXPECT_EQ(test.records.take().end, ExchangeEnd::stalled);
}

TEST(HttpHostile, AWriterThatNeverPausesLosesItsClient) {
  TestServer test(
      {.send_buffer_bytes = 4096, .limits = {.outbox_bytes = 65536, .stall_time = kNever}});
  Client slow = test.connect();
  slow.send(get("/hold"));
  auto [request, exchange] = test.held.take();
  exchange.begin_stream({});
  while (exchange.write(std::string(65536, 'x')) != WriteResult::closed) {
  }
  EXPECT_EQ(test.records.take().end, ExchangeEnd::stalled);
}

TEST(HttpHostile, TooManyConnections) {
  TestServer test({.limits = {.connections = 4, .keep_alive_time = kNever}});
  std::vector<Client> running;
  std::vector<Exchange> held;
  for (int i = 0; i < 3; ++i) {
    running.push_back(test.connect());
    running.back().send(get("/hold"));
    held.push_back(test.held.take().second);
  }
  Client idle = test.connect();
  EXPECT_EQ(idle.ask(get("/")).status, 200);
  // A connection that is kept alive for nothing gives way to a new one.
  Client next = test.connect();
  next.send(get("/hold"));
  held.push_back(test.held.take().second);
  EXPECT_TRUE(idle.at_end());
  EXPECT_EQ(test.connect().read_answer().status, 503);
  EXPECT_EQ(test.server->stats().connections_refused, 1u);
  for (const Exchange& exchange : held) exchange.respond({});
  EXPECT_EQ(next.read_answer().status, 200);
  expect_serving(test);
}

TEST(HttpHostile, TooManyConnectionsOfOneAddress) {
  TestServer test({.limits = {.connections_per_address = 2, .limit_loopback = true}});
  Client first = test.connect();
  Client second = test.connect();
  EXPECT_EQ(first.ask(get("/")).status, 200);
  EXPECT_EQ(second.ask(get("/")).status, 200);
  EXPECT_EQ(test.connect().read_answer().status, 503);
  first.close();
  await([&] { return test.server->stats().connections_open <= 1; });
  expect_serving(test);
}

TEST(HttpHostile, TooManyWaitingRequests) {
  std::atomic<bool> go = false;
  Mailbox<bool> entered;
  TestServer test({.workers = 1, .limits = {.waiting_requests = 1}},
                  {.handle = [&](const HttpRequest&, const Exchange& exchange) {
                    entered.put(true);
                    go.wait(false);
                    exchange.respond({});
                  }});
  Client running = test.connect();
  running.send(get("/"));
  entered.take();
  Client waiting = test.connect();
  waiting.send(get("/"));
  await([&] { return test.server->stats().requests >= 2; });
  Client refused_client = test.connect();
  const Answer answer = refused_client.ask(get("/"));
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(*find_header(answer.headers, "Retry-After"), "1");
  go = true;
  go.notify_all();
  EXPECT_EQ(running.read_answer().status, 200);
  EXPECT_EQ(waiting.read_answer().status, 200);
  EXPECT_EQ(refused_client.ask(get("/")).status, 200);
}

TEST(HttpHostile, ThousandsOfIdleConnections) {
  // Both ends of each connection are files of this process.
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  const size_t n_idle = std::min<size_t>(2000, files.rlim_cur / 2 - 100);
  TestServer test({.limits = {.connections = 5000, .header_time = kNever}});
  std::vector<Client> idle;
  for (size_t i = 0; i < n_idle; ++i) {
    idle.push_back(test.connect());
    if (i % 2 == 0) idle.back().send("GET /late HTTP/1.1\r\nHos");
  }
  expect_serving(test);
  await([&] { return test.server->stats().connections_open >= n_idle; });
  for (size_t i = 0; i < n_idle; i += n_idle / 10) {
    const std::string rest = i % 2 == 0 ? "t: a\r\n\r\n" : get("/late");
    EXPECT_EQ(idle[i].ask(rest).body, "GET /late ");
  }
}

TEST(HttpHostile, RandomBytesAndEarlyEnds) {
  TestServer test;
  uint32_t seed = 1;
  const std::string good =
      get("/a") + post("/echo", "abc") + post_chunked("/echo", "1\r\nx\r\n0\r\n\r\n");
  for (int round = 0; round < 300; ++round) {
    std::string bytes = good;
    for (int change = 0; change < 3; ++change) {
      seed = seed * 1664525 + 1013904223;
      bytes[(seed >> 8) % bytes.size()] = static_cast<char>(seed >> 24);
    }
    Client client = test.connect();
    client.send(bytes.substr(0, (seed >> 4) % bytes.size()));
    if (round % 2 == 0) client.half_close();
    if (round % 3 == 0) client.reset();
  }
  expect_serving(test);
}

}  // namespace
}  // namespace stride::net
