// SPDX-License-Identifier: Apache-2.0
#include "net/access.h"

#include <gtest/gtest.h>

namespace stride::net {
namespace {

TEST(EqualConstantTime, ComparesBytes) {
  EXPECT_TRUE(equal_constant_time("", ""));
  EXPECT_TRUE(equal_constant_time("secret", "secret"));
  EXPECT_FALSE(equal_constant_time("secret", "secreT"));
  EXPECT_FALSE(equal_constant_time("secret", "secre"));
  EXPECT_FALSE(equal_constant_time("aa", "a"));
  EXPECT_FALSE(equal_constant_time("aa", "aaaa"));
  EXPECT_FALSE(equal_constant_time("", "a"));
  EXPECT_FALSE(equal_constant_time("a", ""));
  EXPECT_FALSE(equal_constant_time(std::string_view("\0", 1), ""));
}

TEST(HostOf, TakesPortAndBracketsAway) {
  EXPECT_EQ(host_of("Example.ORG"), "example.org");
  EXPECT_EQ(host_of("example.org.:8080"), "example.org");
  EXPECT_EQ(host_of("127.0.0.1:80"), "127.0.0.1");
  EXPECT_EQ(host_of("[::1]:8080"), "::1");
  EXPECT_EQ(host_of("[::1]"), "::1");
  for (const char* text :
       {"", ":", ":80", "a:b", "a:123456", "[::1", "[]", "[::1]8080", "a b", "a/b", "a@b", "."})
    EXPECT_EQ(host_of(text), std::nullopt) << text;
}

TEST(HostCheck, AllowsOwnAndConfiguredNames) {
  const HostCheck check("192.168.1.5", {"Stride.lan"});
  for (const char* host : {"localhost", "LOCALHOST:1234", "127.0.0.1:8080", "[::1]:8080",
                           "192.168.1.5:8080", "stride.LAN"})
    EXPECT_TRUE(check.allows(host)) << host;
  for (const char* host : {"", "evil.example", "localhost.evil.example", "127.0.0.1.evil.example",
                           "192.168.1.6", "localhost@evil.example"})
    EXPECT_FALSE(check.allows(host)) << host;
  EXPECT_TRUE(HostCheck("::1", {"*"}).allows("evil.example"));
}

HttpRequest request_of(Headers headers, std::string method = "POST") {
  return {.method = std::move(method), .headers = std::move(headers)};
}

TEST(Cors, IsOffByDefault) {
  const HttpRequest request = request_of({{"Origin", "https://a.example"}});
  EXPECT_TRUE(cors_headers({}, request).empty());
}

TEST(Cors, AllowsNamedOriginsOnly) {
  const CorsOptions options{.origins = {"https://a.example", "localhost"}, .credentials = true};
  const auto allowed = [&](std::string origin) {
    const Headers headers = cors_headers(options, request_of({{"Origin", origin}}));
    const std::string* value = find_header(headers, "Access-Control-Allow-Origin");
    EXPECT_EQ(value != nullptr,
              find_header(headers, "Access-Control-Allow-Credentials") != nullptr);
    return value && *value == origin;
  };
  EXPECT_TRUE(allowed("https://a.example"));
  EXPECT_TRUE(allowed("http://localhost:5173"));
  EXPECT_TRUE(allowed("http://127.0.0.1:1"));
  EXPECT_TRUE(allowed("https://[::1]:8443"));
  EXPECT_FALSE(allowed("http://a.example"));
  EXPECT_FALSE(allowed("https://a.example.evil.example"));
  EXPECT_FALSE(allowed("http://localhost.evil.example"));
  EXPECT_FALSE(allowed("null"));
  EXPECT_TRUE(cors_headers(options, request_of({})).empty());
}

TEST(Cors, AnyOriginNeverComesWithCredentials) {
  const CorsOptions options{.origins = {"*"}, .credentials = true};
  const Headers headers = cors_headers(options, request_of({{"Origin", "https://a.example"}}));
  EXPECT_EQ(*find_header(headers, "Access-Control-Allow-Origin"), "*");
  EXPECT_EQ(find_header(headers, "Access-Control-Allow-Credentials"), nullptr);
}

TEST(Cors, AnswersPreflights) {
  const CorsOptions options{.origins = {"https://a.example"}};
  EXPECT_FALSE(cors_preflight(options, request_of({{"Origin", "https://a.example"}})));
  EXPECT_FALSE(cors_preflight(options, request_of({{"Origin", "https://a.example"}}, "OPTIONS")));
  Headers headers = {{"Origin", "https://a.example"},
                     {"Access-Control-Request-Method", "POST"},
                     {"Access-Control-Request-Headers", "x-api-key"}};
  const auto answer = cors_preflight(options, request_of(headers, "OPTIONS"));
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 204);
  EXPECT_EQ(*find_header(answer->headers, "Access-Control-Allow-Headers"), "x-api-key");
  headers[0].value = "https://b.example";
  const auto refused = cors_preflight(options, request_of(headers, "OPTIONS"));
  ASSERT_TRUE(refused);
  EXPECT_TRUE(refused->headers.empty());
}

}  // namespace
}  // namespace stride::net
