// SPDX-License-Identifier: Apache-2.0
#include "api/conversation_store.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "api/response_store.h"
#include "json/json.h"

namespace stride::api {
namespace {

TEST(ConversationStore, GrowsByResponses) {
  const auto store = *Store::open({});
  ConversationStore conversations(*store);
  conversations.save("me", "c", {.created = 5, .metadata = R"({"a":"b"})"});
  const Ids ids(3);
  conversations.add_response("me", "c", R"([{"role":"user","content":"1"},"text"])",
                             R"({"output":[{"type":"reasoning","id":"rs"}]})", ids);
  const auto found = conversations.find("me", "c");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->created, 5);
  EXPECT_EQ(found->metadata, R"({"a":"b"})");
  EXPECT_EQ(found->items, fmt::format(R"([{{"role":"user","content":"1","type":"message",)"
                                      R"("id":"{}"}},"text",{{"type":"reasoning","id":"rs",)"
                                      R"("encrypted_content":"{}"}}])",
                                      ids.make("msg_", uint64_t{1} << 32), reasoning_handle(ids)));
  EXPECT_EQ(conversations.items("me", "c")->size(), 3U);
  EXPECT_EQ(conversations.items("you", "c").error().kind, FailureKind::not_found);
  EXPECT_FALSE(conversations.add("you", "c", Json::array()));
  EXPECT_FALSE(conversations.erase("you", "c"));
  EXPECT_TRUE(conversations.erase("me", "c"));
  EXPECT_FALSE(conversations.find("me", "c"));
}

TEST(ConversationStore, LetsSingleItemsBeReadAndErased) {
  const auto store = *Store::open({});
  ConversationStore conversations(*store);
  conversations.save("me", "c", {.created = 5, .items = R"([{"id":"a"},{"id":"b","x":1.50}])"});
  EXPECT_EQ(json::dump(*conversations.item("me", "c", "b")), R"({"id":"b","x":1.50})");
  EXPECT_EQ(conversations.item("me", "c", "d").error().param, "item_id");
  EXPECT_EQ(conversations.item("me", "d", "b").error().param, "conversation");
  EXPECT_EQ(conversations.item("you", "c", "b").error().param, "conversation");
  EXPECT_FALSE(conversations.erase_item("you", "c", "b"));
  EXPECT_FALSE(conversations.erase_item("me", "c", "d"));
  EXPECT_EQ(conversations.erase_item("me", "c", "a")->items, R"([{"id":"b","x":1.50}])");
  EXPECT_FALSE(conversations.item("me", "c", "a"));
  EXPECT_EQ(conversations.set_metadata("me", "c", R"({"k":"v"})")->items,
            R"([{"id":"b","x":1.50}])");
  EXPECT_EQ(conversations.find("me", "c")->metadata, R"({"k":"v"})");
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
