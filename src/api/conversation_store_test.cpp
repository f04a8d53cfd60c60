// SPDX-License-Identifier: Apache-2.0
#include "api/conversation_store.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "json/json.h"

namespace stride::api {
namespace {

TEST(ConversationStore, GrowsByResponses) {
  const auto store = *Store::open({});
  ConversationStore conversations(*store);
  conversations.save("me", "c", {.created = 5, .metadata = R"({"a":"b"})"});
  const Ids ids(3);
  conversations.add_response("me", "c", {.text = R"([{"id":"a"},"text"])"},
                             R"({"output":[{"type":"reasoning","id":"rs"}]})", ids);
  const auto found = conversations.find("me", "c");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->created, 5);
  EXPECT_EQ(found->metadata, R"({"a":"b"})");
  EXPECT_EQ(found->items, fmt::format(R"([{{"id":"a"}},"text",{{"type":"reasoning","id":"rs",)"
                                      R"("encrypted_content":"{}"}}])",
                                      reasoning_handle(ids)));
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

// What is there is not read again for it: that would cost the square of the length.
TEST(ConversationStore, GrowsWithoutReadingWhatIsThere) {
  const auto store = *Store::open({});
  ConversationStore conversations(*store);
  conversations.save("me", "c", {.items = "[]"});
  EXPECT_TRUE(conversations.add("me", "c", Json::array()));
  EXPECT_EQ(conversations.find("me", "c")->items, "[]");
  EXPECT_TRUE(conversations.add("me", "c", *json::parse(R"([{"id":"a","x":"]}["}])")));
  EXPECT_TRUE(conversations.add("me", "c", *json::parse(R"([{"id":"b"},"["])")));
  EXPECT_TRUE(conversations.add("me", "c", *json::parse(R"([{"id":"c"}])")));
  EXPECT_EQ(conversations.find("me", "c")->items,
            R"([{"id":"a","x":"]}["},{"id":"b"},"[",{"id":"c"}])");
  // So damaged items, which reading would refuse, do not keep it from growing.
  conversations.save("me", "d", {.items = "[{\"id\":\"a\",}]"});
  EXPECT_TRUE(conversations.add("me", "d", *json::parse(R"([{"id":"b"}])")));
  EXPECT_FALSE(conversations.find("me", "d"));
}

}  // namespace
}  // namespace stride::api
