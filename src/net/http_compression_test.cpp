// SPDX-License-Identifier: Apache-2.0
// Compressed bodies in both directions.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "net/content_coding.h"
#include "net/http_server.h"
#include "net/testing/server.h"

namespace stride::net {
namespace {

TEST(HttpCompression, CompressedBodiesAreBounded) {
  TestServer test({.limits = {.body_bytes = 100'000, .bodies_bytes = 250'000}});
  const auto echo = [&](const std::string& body) {
    return test.connect().ask(post("/echo", body, "Content-Encoding: gzip\r\n"));
  };
  EXPECT_EQ(echo(pack("hello")).body, "hello");
  EXPECT_EQ(echo(pack(std::string(100'000, 'x'))).body.size(), 100'000U);
  EXPECT_EQ(echo(pack(std::string(100'001, 'x'))).status, 413);
  EXPECT_EQ(echo(pack(std::string(50'000'000, 'x'))).status, 413);
  EXPECT_EQ(echo("hello").status, 400);
  EXPECT_EQ(echo(pack("hello").substr(0, 20)).status, 400);
  const std::string chunk = pack("in chunks");
  const auto answer = test.connect().ask(
      fmt::format("POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Encoding: deflate\r\n"
                  "Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{}\r\n0\r\n\r\n",
                  chunk.size(), chunk));
  EXPECT_EQ(answer.body, "in chunks");
  EXPECT_EQ(test.connect().ask(get("/")).status, 200);
}

// What is whole and text is packed for those who ask.
TEST(HttpCompression, AnswersAreCompressedOnRequest) {
  const std::string text(5000, 'y');
  TestServer test({}, {.handle = [&](const HttpRequest& request, const Exchange& exchange) {
                    exchange.respond(json_response(200, request.path == "/small" ? "{}" : text));
                  }});
  const auto ask = [&](const std::string& path, const std::string& accepts) {
    return test.connect().ask(get(path, "Accept-Encoding: " + accepts + "\r\n"));
  };
  const auto packed = ask("/", "gzip, br");
  ASSERT_NE(find_header(packed.headers, "Content-Encoding"), nullptr);
  EXPECT_LT(packed.body.size(), 200U);
  std::string plain;
  EXPECT_EQ(unpack(packed.body, 10'000, [](size_t) { return true; }, plain), Unpacking::done);
  EXPECT_EQ(plain, text);
  EXPECT_EQ(ask("/", "identity").body, text);
  EXPECT_EQ(ask("/", "gzip;q=0").body, text);
  EXPECT_EQ(ask("/small", "gzip").body, "{}");
}

}  // namespace
}  // namespace stride::net
