// SPDX-License-Identifier: Apache-2.0
#include "net/http_message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net/response_head.h"

namespace stride::net {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Headers, AreFoundInAnyCase) {
  const HttpRequest request{.headers = {{"Content-TYPE", "a"}, {"content-type", "b"}}};
  EXPECT_EQ(request.header("content-Type"), "a");
  EXPECT_EQ(request.header("content"), "");
  EXPECT_FALSE(same_header_name("a[", "A{"));
}

TEST(ErrorResponse, EscapesItsMessage) {
  const HttpResponse response = error_response(404, "no \"x\\\n");
  EXPECT_EQ(response.body, R"({"type":"error","error":{"type":"not_found_error",)"
                           R"("message":"no \"x\\\u000a","param":null,"code":404}})");
}

TEST(ResponseHead, HasWhatClientsNeed) {
  const Framing framing{.length = 5};
  EXPECT_EQ(response_head(200, {{"Content-Type", "text/plain"}}, framing, "req_1", 784111777),
            "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
            "Content-Type: text/plain\r\nX-Request-Id: req_1\r\nrequest-id: req_1\r\n"
            "Content-Length: 5\r\n\r\n");
}

TEST(ResponseHead, KeepsEachValueOnItsLine) {
  const std::string head = response_head(200, {{"A", "b\r\nEvil: 1"}, {"B\n", "c"}}, {}, "", 0);
  EXPECT_THAT(head, HasSubstr("A: b  Evil: 1\r\nB : c\r\n"));
}

TEST(ResponseHead, DecidesFramingAlone) {
  const Headers lies = {
      {"content-length", "9"}, {"Transfer-encoding", "gzip"}, {"connection", "x"}};
  EXPECT_THAT(response_head(200, lies, {.kind = Framing::Kind::chunked}, "", 0),
              testing::AllOf(HasSubstr("Transfer-Encoding: chunked"), Not(HasSubstr("gzip")),
                             Not(HasSubstr("ontent-")), Not(HasSubstr("onnection"))));
  EXPECT_THAT(response_head(204, {}, {}, "", 0), Not(HasSubstr("Content-Length")));
  EXPECT_THAT(response_head(200, {}, {.keep_alive = false}, "", 0),
              HasSubstr("Connection: close\r\n"));
  EXPECT_THAT(response_head(200, {}, {.minor_version = 0}, "", 0),
              HasSubstr("Connection: keep-alive\r\n"));
}

}  // namespace
}  // namespace stride::net
