// SPDX-License-Identifier: Apache-2.0
#include "api/item_store.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "api/conversation_store.h"
#include "api/response_store.h"
#include "json/json.h"

namespace stride::api {
namespace {

class ItemStoreTest : public ::testing::Test {
 protected:
  // What a reference to `id` is replaced by, or the refusal.
  std::string resolved(const std::string& client, const std::string& id) {
    Json input = *json::parse(R"(["x",{"type":"item_reference","id":"?"}])");
    input[1]["id"] = id;
    const auto done = items_.resolve(client, input, "input");
    if (done) return json::dump(input[1]);
    EXPECT_EQ(done.error().kind, FailureKind::not_found);
    EXPECT_EQ(done.error().param, "input[1]");
    return done.error().message;
  }
  // A response of the client "me", asked with an array of items.
  void save(const char* id, const char* input, const char* output) {
    const InputItems read = items_.read_input("me", input, Ids(3));
    responses_.save(
        "me", id,
        {.input = read.text, .response = fmt::format(R"({{"output":{}}})", output), .handle = "h"},
        read.fresh);
  }
  bool knows(const std::string& id) { return items_.find("me", id).has_value(); }

  std::unique_ptr<Store> store_ = *Store::open({});
  ItemStore items_{*store_};
  ResponseStore responses_{*store_};
  ConversationStore conversations_{*store_};
};

TEST_F(ItemStoreTest, FindsWhatAResponseWasAskedAndWhatItSaid) {
  save("r", R"([{"type":"message","id":"in"}])",
       R"([{"type":"reasoning","id":"rs"},{"type":"x","id":"m"}])");
  EXPECT_EQ(resolved("me", "rs"), R"({"type":"reasoning","id":"rs","encrypted_content":"h"})");
  EXPECT_EQ(resolved("me", "m"), R"({"type":"x","id":"m"})");
  EXPECT_EQ(resolved("me", "in"), R"({"type":"message","id":"in"})");
  EXPECT_TRUE(resolved("you", "m").starts_with("Item with id 'm' not found."));
  EXPECT_TRUE(responses_.erase("me", "r"));
  for (const char* id : {"rs", "m", "in"})
    EXPECT_TRUE(resolved("me", id).starts_with("Item with id")) << id;
}

// A later response is asked with the answer of an earlier one, which stays that one's.
TEST_F(ItemStoreTest, LeavesAnItemToWhoKeptItFirst) {
  save("r1", "[]", R"([{"type":"reasoning","id":"rs"}])");
  save("r2", R"([{"type":"reasoning","id":"rs"},{"type":"x","id":"other"}])", "[]");
  EXPECT_TRUE(knows("other"));
  EXPECT_TRUE(responses_.erase("me", "r2"));
  EXPECT_FALSE(knows("other"));
  EXPECT_EQ(resolved("me", "rs"), R"({"type":"reasoning","id":"rs","encrypted_content":"h"})");
}

TEST_F(ItemStoreTest, FindsTheItemsOfConversations) {
  conversations_.save("me", "c", {.items = R"([{"id":"a"},{"id":"b","x":1.50}])"});
  ASSERT_TRUE(conversations_.add("me", "c", *json::parse(R"([{"id":"d"},"text"])")));
  conversations_.add_response("me", "c",
                              items_.read_input("me", R"([{"type":"x","id":"q"}])", Ids(3)),
                              R"({"output":[{"id":"said"}]})", Ids(3));
  EXPECT_EQ(resolved("me", "b"), R"({"id":"b","x":1.50})");
  for (const char* id : {"a", "d", "q", "said"}) EXPECT_TRUE(knows(id)) << id;
  EXPECT_TRUE(resolved("you", "a").starts_with("Item with id 'a' not found."));
  ASSERT_TRUE(conversations_.erase_item("me", "c", "a"));
  EXPECT_FALSE(knows("a"));
  EXPECT_TRUE(conversations_.erase("me", "c"));
  for (const char* id : {"b", "d", "q", "said"}) EXPECT_FALSE(knows(id)) << id;
}

// A stored response in a conversation: each keeps its items when the other is deleted.
TEST_F(ItemStoreTest, KeepsItemsForTheResponseAndTheConversation) {
  for (const bool response_first : {true, false}) {
    conversations_.save("me", "c", {});
    conversations_.add_response("me", "c", {.text = "[]"}, R"({"output":[{"id":"said"}]})", Ids(3));
    save("r", "[]", R"([{"id":"said"}])");
    EXPECT_TRUE(response_first ? responses_.erase("me", "r") : conversations_.erase("me", "c"));
    EXPECT_TRUE(knows("said"));
    EXPECT_TRUE(response_first ? conversations_.erase("me", "c") : responses_.erase("me", "r"));
    EXPECT_FALSE(knows("said"));
  }
}

TEST_F(ItemStoreTest, BoundsWhatItKeepsAndWhatIsReferredTo) {
  Json many = Json::array();
  for (int i = 0; i < 1001; ++i) many.push_back({{"id", fmt::format("i{}", i)}});
  many[1]["text"] = std::string(1 << 20, 'x');
  items_.keep(ItemOwner::response, "me", "r", items_.fresh("me", many));
  EXPECT_EQ(items_.fresh("me", many).size(), 0U);
  EXPECT_FALSE(knows("i0"));
  EXPECT_TRUE(knows("i1"));
  Json input = Json::array();
  for (int i = 0; i < 17; ++i) input.push_back({{"type", "item_reference"}, {"id", "i1"}});
  Json fewer = input;
  fewer.erase(0);
  fewer.erase(0);
  EXPECT_TRUE(items_.resolve("me", fewer, "input"));
  const auto refused = items_.resolve("me", input, "input");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, FailureKind::invalid_request);
  EXPECT_EQ(refused.error().param, "input");
  Json nameless = *json::parse(R"([{"type":"item_reference","id":7}])");
  EXPECT_EQ(items_.resolve("me", nameless, "input").error().message, "input[0] has no id");
}

TEST_F(ItemStoreTest, GivesWhatHasNoneATypeAndAName) {
  const Ids ids(3);
  const auto name = [&](const char* prefix, uint64_t i) {
    return ids.make(prefix, (uint64_t{1} << 32) + i);
  };
  const InputItems read = items_.read_input(
      "me", R"([{"role":"user"},{"type":"x","id":""},{"type":"y","id":"z"},"Hi",7])", ids);
  EXPECT_EQ(read.text,
            fmt::format(R"([{{"role":"user","type":"message","id":"{}"}},{{"type":"x","id":"{}"}},)"
                        R"({{"type":"y","id":"z"}},{{"type":"message","role":"user","content":[)"
                        R"({{"type":"input_text","text":"Hi"}}],"id":"{}"}},7])",
                        name("msg_", 0), name("item_", 1), name("msg_", 3)));
  ASSERT_EQ(read.fresh.size(), 4U);
  EXPECT_EQ(read.fresh[2].id, "z");
  EXPECT_EQ(read.fresh[2].text, R"({"type":"y","id":"z"})");
  EXPECT_EQ(items_.read_input("me", "{", ids).text, "[]");
}

}  // namespace
}  // namespace stride::api
