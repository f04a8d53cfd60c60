// SPDX-License-Identifier: Apache-2.0
#include "api/conversation_store.h"

#include <gtest/gtest.h>

#include "api/response_store.h"
#include "json/json.h"

namespace stride::api {
namespace {

TEST(ConversationStore, GrowsByResponses) {
  const auto store = *Store::open({});
  ConversationStore conversations(*store);
  conversations.save("me", "c", {.created = 5, .metadata = R"({"a":"b"})"});
  conversations.add_response("me", "c", R"([{"role":"user","content":"1"}])",
                             R"({"output":[{"type":"reasoning","id":"rs"}]})", "h");
  const auto found = conversations.find("me", "c");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->created, 5);
  EXPECT_EQ(found->metadata, R"({"a":"b"})");
  EXPECT_EQ(found->items, R"([{"role":"user","content":"1"},)"
                          R"({"type":"reasoning","id":"rs","encrypted_content":"h"}])");
  EXPECT_EQ(conversations.items("me", "c")->size(), 2U);
  EXPECT_EQ(conversations.items("you", "c").error().kind, FailureKind::not_found);
  EXPECT_FALSE(conversations.add("you", "c", Json::array()));
  EXPECT_FALSE(conversations.erase("you", "c"));
  EXPECT_TRUE(conversations.erase("me", "c"));
  EXPECT_FALSE(conversations.find("me", "c"));
}

TEST(ResponseStore, FindsItemsByTheirNames) {
  const auto store = *Store::open({});
  ResponseStore responses(*store);
  responses.save(
      "me", "r",
      {.input = "[]",
       .response = R"({"output":[{"type":"reasoning","id":"rs"},{"type":"x","id":"m"}]})",
       .handle = "h"});
  const auto resolved = [&](const std::string& client, const char* id) {
    Json body = *json::parse(R"({"input":["x",{"type":"item_reference","id":"?"}]})");
    body["input"][1]["id"] = id;
    const auto done = responses.resolve_references(client, body);
    return done ? json::dump(body["input"][1]) : done.error().message;
  };
  EXPECT_EQ(resolved("me", "rs"), R"({"type":"reasoning","id":"rs","encrypted_content":"h"})");
  EXPECT_EQ(resolved("me", "m"), R"({"type":"x","id":"m"})");
  EXPECT_NE(resolved("you", "m").find("'m' not found"), std::string::npos);
  EXPECT_TRUE(responses.erase("me", "r"));
  EXPECT_NE(resolved("me", "m").find("not found"), std::string::npos);
}

}  // namespace
}  // namespace stride::api
