// SPDX-License-Identifier: Apache-2.0
#include "net/url.h"

#include <gtest/gtest.h>

namespace stride::net {
namespace {

TEST(Url, IsTakenApartAndPutTogetherAgain) {
  const auto url = parse_url("HTTPS://Api.Example.com:8443/v1/x?a=b&c=d");
  ASSERT_TRUE(url) << url.error().message;
  EXPECT_EQ(*url, (Url{true, "api.example.com", 8443, "/v1/x", "a=b&c=d"}));
  EXPECT_EQ(to_string(*url), "https://api.example.com:8443/v1/x?a=b&c=d");
  EXPECT_EQ(to_string(parse_url("http://[::1]:80/").value()), "http://[::1]/");
}

TEST(Url, TakesAHostWithoutSchemeAsHttp) {
  EXPECT_EQ(parse_url("localhost:8080").value(), (Url{false, "localhost", 8080, "", ""}));
  EXPECT_EQ(parse_url("example.com?x").value(), (Url{false, "example.com", 80, "", "x"}));
}

TEST(Url, RefusesWhatNamesNoEndpoint) {
  for (const char* text : {"", "ftp://host", "http://", "http://ho st", "http://host:0",
                           "http://host:65536", "http://host:80x", "http://user:secret@host",
                           "http://host/#part", "http://[::1", "http://[g::1]", "http://[::1]x",
                           "http://ho\nst", "http://h\xc3\xb6st", "://host", "http://:80"})
    EXPECT_FALSE(parse_url(text)) << text;
  EXPECT_FALSE(parse_url("http://" + std::string(9000, 'a')));
  EXPECT_FALSE(parse_url("http://user:secret@host").error().message.contains("secret"));
}

TEST(Url, KnowsWhatStaysOnTheMachine) {
  for (const char* text : {"http://localhost", "127.0.0.1:80", "http://[::1]:9/x", "127.9.9.9"})
    EXPECT_TRUE(is_loopback(parse_url(text).value())) << text;
  for (const char* text : {"http://example.com", "128.0.0.1", "127.evil.com", "localhost.evil.com"})
    EXPECT_FALSE(is_loopback(parse_url(text).value())) << text;
}

}  // namespace
}  // namespace stride::net
