// SPDX-License-Identifier: Apache-2.0
#include "web/page.h"

#include <gtest/gtest.h>

#include <string>

namespace stride::web {
namespace {

std::string_view header(const PageAnswer& answer, std::string_view name) {
  for (const Header& each : answer.headers) {
    if (each.name == name) return each.value;
  }
  return {};
}

std::string_view encoding_for(std::string_view accept_encoding) {
  const auto answered = answer({.path = "/", .accept_encoding = accept_encoding});
  return answered ? header(*answered, "Content-Encoding") : "no answer";
}

int status_for(std::string_view if_none_match) {
  const auto answered = answer({.path = "/", .if_none_match = if_none_match});
  return answered ? answered->status : 0;
}

TEST(WebPage, AnswersWithTheFileAndItsPolicy) {
  const auto answered = answer({.path = "/web/style.css"});
  ASSERT_TRUE(answered);
  EXPECT_EQ(answered->status, 200);
  EXPECT_EQ(answered->body.data(), find_asset("/web/style.css")->plain.data());
  EXPECT_EQ(header(*answered, "Content-Type"), "text/css; charset=utf-8");
  EXPECT_EQ(header(*answered, "Cache-Control"), "no-cache");
  EXPECT_FALSE(header(*answered, "Content-Security-Policy").empty());
  EXPECT_FALSE(answer({.path = "/web"}));
  EXPECT_FALSE(answer({.path = "/v1/models"}));
}

TEST(WebPage, IsPackedForThoseWhoAcceptIt) {
  for (const auto* accepted :
       {"gzip", "br, gzip;q=0.5", "deflate,GZIP ; q=1", "*", "br;q=0, *;q=0.1"})
    EXPECT_EQ(encoding_for(accepted), "gzip") << accepted;
  for (const auto* refused :
       {"", "identity", "gzip;q=0", "gzip; q=0.000, *", "*;q=0", "xgzip", ",;,", ";q="})
    EXPECT_EQ(encoding_for(refused), "") << refused;
  EXPECT_EQ(answer({.path = "/", .accept_encoding = "gzip"})->body.data(),
            find_asset("/")->packed.data());
}

TEST(WebPage, IsNotSentAgainWhileItIsTheSame) {
  const std::string etag(find_asset("/")->etag);
  for (const std::string& known : {etag, "W/" + etag, "\"other\", " + etag, std::string("*")})
    EXPECT_EQ(status_for(known), 304) << known;
  for (const std::string& unknown :
       {std::string(), std::string("\"other\""), etag.substr(1), etag + "x"})
    EXPECT_EQ(status_for(unknown), 200) << unknown;
  const auto known = answer({.path = "/", .if_none_match = etag});
  EXPECT_TRUE(known->body.empty());
  EXPECT_EQ(header(*known, "ETag"), etag);
}

}  // namespace
}  // namespace stride::web
