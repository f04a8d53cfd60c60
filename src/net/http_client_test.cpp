// SPDX-License-Identifier: Apache-2.0
#include "net/http_client.h"

#include <gmock/gmock.h>

#include "net/scripted_server.h"

namespace stride::net {
namespace {

using Connection = ScriptedServer::Connection;
using testing::HasSubstr;

struct Answer {
  HttpOutcome outcome{};
  HttpHead head{};
  std::string body{};
  std::vector<int64_t> times{};
};

Answer get(HttpClient& client, ClientRequest request, std::stop_token stop = {},
           size_t stop_after = SIZE_MAX) {
  Answer answer;
  answer.outcome =
      client.send(request,
                  {.on_head = [&](const HttpHead& head, int64_t) { answer.head = head; },
                   .on_body =
                       [&](std::string_view bytes, int64_t t) {
                         answer.body += bytes;
                         answer.times.push_back(t);
                         return answer.body.size() < stop_after;
                       }},
                  std::move(stop));
  return answer;
}

ClientRequest to(const ScriptedServer& server, std::string body = "{}") {
  ClientRequest request;
  request.url = {.host = "127.0.0.1", .port = server.port(), .path = "/v1/x", .query = "y=1"};
  request.headers = {{"Content-Type", "application/json"}, {"X-Empty", ""}};
  request.body = std::move(body);
  return request;
}

TEST(HttpClient, SendsTheRequestAndTakesAChunkedAnswerApart) {
  std::string seen;
  ScriptedServer server([&](Connection& connection) {
    seen = connection.read_request();
    connection.write("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nX-A:  b\r\n");
    connection.write("transfer-encoding: chunked\r\n\r\n5\r\nhel");
    connection.write("lo\r\n1\r\n!\r\n0\r\nX-Trailer: t\r\n\r\n");
    connection.wait_for_close();
  });
  HttpClient client;
  const Answer answer = get(client, to(server, "{\"a\":1}"));
  EXPECT_EQ(answer.outcome.end, HttpEnd::complete) << answer.outcome.message;
  EXPECT_EQ(answer.head.status, 200);
  EXPECT_EQ(answer.body, "hello!");
  ASSERT_NE(find_header(answer.head.headers, "x-a"), nullptr);
  EXPECT_EQ(*find_header(answer.head.headers, "x-a"), "b");
  EXPECT_EQ(find_header(answer.head.headers, "x-b"), nullptr);
  EXPECT_THAT(seen, HasSubstr("POST /v1/x?y=1 HTTP/1.1\r\n"));
  EXPECT_THAT(seen, HasSubstr("\r\nX-Empty:\r\n"));
  EXPECT_THAT(seen, testing::Not(HasSubstr("Expect")));
  EXPECT_THAT(seen, testing::EndsWith("\r\n\r\n{\"a\":1}"));
  EXPECT_TRUE(answer.outcome.new_connection);
  EXPECT_TRUE(answer.outcome.tcp_ns);
  EXPECT_FALSE(answer.outcome.tls_ns);
  ASSERT_TRUE(answer.outcome.head_ns);
  EXPECT_TRUE(std::is_sorted(answer.times.begin(), answer.times.end()));
  EXPECT_LE(*answer.outcome.head_ns, answer.times.front());
  EXPECT_LE(answer.times.back(), answer.outcome.total_ns);
}

TEST(HttpClient, UsesAConnectionAgainUnlessANewOneIsWanted) {
  ScriptedServer server([&](Connection& connection) {
    while (!connection.read_request().empty())
      connection.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  });
  HttpClient client;
  EXPECT_TRUE(get(client, to(server)).outcome.new_connection);
  const Answer second = get(client, to(server));
  EXPECT_EQ(second.body, "ok");
  EXPECT_FALSE(second.outcome.new_connection);
  EXPECT_FALSE(second.outcome.dns_ns);
  EXPECT_FALSE(second.outcome.tcp_ns);
}

TEST(HttpClient, MakesANewConnectionWhereOneIsWanted) {
  ScriptedServer server([&](Connection& connection) {
    connection.read_request();
    connection.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  });
  HttpClient client;
  for (int i = 0; i < 2; ++i) {
    ClientRequest request = to(server);
    request.new_connection = true;
    EXPECT_TRUE(get(client, request).outcome.new_connection);
  }
}

TEST(HttpClient, ReportsARedirectAndDoesNotFollowIt) {
  ScriptedServer server([](Connection& connection) {
    connection.read_request();
    connection.write("HTTP/1.1 307 Moved\r\nLocation: http://other/\r\nContent-Length: 0\r\n\r\n");
  });
  HttpClient client;
  const Answer answer = get(client, to(server));
  EXPECT_EQ(answer.outcome.end, HttpEnd::complete);
  EXPECT_EQ(answer.head.status, 307);
  EXPECT_EQ(*find_header(answer.head.headers, "location"), "http://other/");
}

TEST(HttpClient, TellsACutFromTheEnd) {
  for (const char* start :
       {"", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"}) {
    ScriptedServer server([&](Connection& connection) {
      connection.read_request();
      connection.write(start);
    });
    HttpClient client;
    const Answer answer = get(client, to(server));
    EXPECT_EQ(answer.outcome.end, HttpEnd::cut) << start << answer.outcome.message;
    EXPECT_FALSE(answer.outcome.message.empty());
  }
}

TEST(HttpClient, TimesOutAtEveryStage) {
  const auto ended = [](std::string_view sent, HttpTimeouts timeouts) {
    ScriptedServer server([&](Connection& connection) {
      connection.read_request();
      connection.write(sent);
      connection.wait_for_close();
    });
    HttpClient client;
    ClientRequest request = to(server);
    request.timeouts = timeouts;
    return get(client, request).outcome.end;
  };
  constexpr std::string_view kHead = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n";
  EXPECT_EQ(ended("", {.first_byte = 0.02}), HttpEnd::first_byte_timeout);
  EXPECT_EQ(ended(kHead, {.first_byte = 0.02}), HttpEnd::first_byte_timeout);
  EXPECT_EQ(ended(std::string(kHead) + "abc", {.idle = 0.02}), HttpEnd::idle_timeout);
  EXPECT_EQ(ended(std::string(kHead) + "abc", {.total = 0.02}), HttpEnd::total_timeout);
}

TEST(HttpClient, StopsWhenTheListenerOrTheTokenSaysSo) {
  ScriptedServer server([](Connection& connection) {
    connection.read_request();
    connection.write("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc");
    connection.wait_for_close();
  });
  HttpClient client;
  EXPECT_EQ(get(client, to(server), {}, 3).outcome.end, HttpEnd::stopped);
  std::stop_source source;
  HttpOutcome outcome = client.send(to(server),
                                    {.on_body =
                                         [&](std::string_view, int64_t) {
                                           source.request_stop();
                                           return true;
                                         }},
                                    source.get_token());
  EXPECT_EQ(outcome.end, HttpEnd::cancelled);
}

TEST(HttpClient, DoesNotWaitForAServerThatHoldsAFinishedAnswerOpen) {
  ScriptedServer server([](Connection& connection) {
    connection.read_request();
    connection.write("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc");
    connection.wait_for_close();
  });
  HttpClient client;
  ClientRequest request = to(server);
  request.timeouts.linger = 0.01;
  const HttpOutcome outcome =
      client.send(request, {.is_complete = [] { return true; }}, std::stop_token());
  EXPECT_EQ(outcome.end, HttpEnd::stopped);
}

TEST(HttpClient, BoundsWhatItTakes) {
  ScriptedServer server([](Connection& connection) {
    connection.read_request();
    connection.write("HTTP/1.1 200 OK\r\n\r\n" + std::string(5000, 'a'));
  });
  HttpClient client;
  ClientRequest request = to(server);
  request.max_body_bytes = 1000;
  EXPECT_EQ(get(client, request).outcome.end, HttpEnd::too_large);

  ScriptedServer heads([](Connection& connection) {
    connection.read_request();
    connection.write("HTTP/1.1 200 OK\r\n");
    for (int i = 0; i < 4000; ++i) connection.write("X-A: " + std::string(90, 'a') + "\r\n");
  });
  EXPECT_NE(get(client, to(heads)).outcome.end, HttpEnd::complete);
}

TEST(HttpClient, SaysWhyThereIsNoConnection) {
  HttpClient client;
  uint16_t free_port = 0;
  {
    const ScriptedServer server([](Connection&) {});
    free_port = server.port();
  }
  ClientRequest request;
  request.url = {.host = "127.0.0.1", .port = free_port};
  const Answer refused = get(client, request);
  EXPECT_EQ(refused.outcome.end, HttpEnd::connect_failed);
  EXPECT_FALSE(refused.outcome.message.empty());
  request.url.host = "no-such-host.invalid";
  EXPECT_EQ(get(client, request).outcome.end, HttpEnd::connect_failed);
}

TEST(HttpClient, TakesWhatIsNotHttpForABadResponse) {
  ScriptedServer server([](Connection& connection) {
    connection.read_request();
    connection.write("SSH-2.0-OpenSSH\r\n");
  });
  HttpClient client;
  const HttpEnd end = get(client, to(server)).outcome.end;
  EXPECT_EQ(end, HttpEnd::bad_response);
}

TEST(HttpEnd, NamesReadBack) {
  for (int i = 0; i <= static_cast<int>(HttpEnd::bad_response); ++i)
    EXPECT_EQ(parse_http_end(name(static_cast<HttpEnd>(i))), static_cast<HttpEnd>(i));
  EXPECT_FALSE(parse_http_end("fine"));
}

}  // namespace
}  // namespace stride::net
