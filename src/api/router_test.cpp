// SPDX-License-Identifier: Apache-2.0
#include "api/router.h"

#include <gtest/gtest.h>

namespace stride::api {
namespace {

RouteMatch match(const std::string& method, const std::string& path, std::string_view prefix = "") {
  return match_route({.method = method, .path = path}, prefix);
}

TEST(Router, FindsEveryRouteWithAndWithoutItsVersion) {
  for (const Route& route : routes()) {
    std::string path(route.path);
    for (size_t hole = 0; (hole = path.find("{}")) != path.npos;) path.replace(hole, 2, "some-id");
    for (const std::string before : {"", "/v1", "/v1/v1"}) {
      for (const std::string after : {"", "/"}) {
        const RouteMatch found = match(std::string(route.method), before + path + after);
        ASSERT_NE(found.route, nullptr) << before << path << after;
        EXPECT_EQ(found.route->endpoint, route.endpoint) << before << path << after;
      }
    }
  }
}

TEST(Router, TakesIdsApart) {
  EXPECT_EQ(match("GET", "/v1/responses/resp_1").id, "resp_1");
  EXPECT_EQ(match("POST", "/v1/responses/resp_1/cancel").route->endpoint,
            Endpoint::response_cancel);
  EXPECT_EQ(match("POST", "/v1/responses/resp_1/cancel").id, "resp_1");
  EXPECT_EQ(match("GET", "/v1/conversations/c%201/items/i").id, "c 1");
  EXPECT_EQ(match("GET", "/v1/conversations/c%201/items/i").item, "i");
  EXPECT_EQ(match("GET", "/v1/conversations/c/items").item, "");
  EXPECT_EQ(match("GET", "/v1/conversations/c/items/").route->endpoint,
            Endpoint::conversation_items);
  EXPECT_EQ(match("GET", "/v1/conversations//items/i").route, nullptr);
  EXPECT_EQ(match("GET", "/v1/models/a%2Fb/c").id, "a/b/c");
  EXPECT_EQ(match("GET", "/v1/responses/a/b").route, nullptr);
  EXPECT_EQ(match("GET", "/v1/models/%zz").route, nullptr);
}

TEST(Router, TellsWhatAPathAllows) {
  const RouteMatch found = match("PATCH", "/v1/responses/x");
  EXPECT_EQ(found.route, nullptr);
  EXPECT_EQ(found.allowed, "GET, DELETE");
  EXPECT_EQ(found.dialect, Dialect::responses);
  EXPECT_EQ(match("GET", "/nothing").allowed, "");
  EXPECT_EQ(match("GET", "/v1/messages/other").dialect, Dialect::messages);
}

TEST(Router, CutsItsPrefix) {
  EXPECT_EQ(match("GET", "/llm/v1/models", "/llm").route->endpoint, Endpoint::models);
  EXPECT_EQ(match("GET", "/llm", "/llm").route->endpoint, Endpoint::page);
}

}  // namespace
}  // namespace stride::api
