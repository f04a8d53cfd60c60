// SPDX-License-Identifier: Apache-2.0
#include "api/store.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "api/response_store.h"
#include "json/json.h"

namespace stride::api {
namespace {

class StoreTest : public ::testing::Test {
 protected:
  StoreTest() {
    const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
    folder_ = std::filesystem::temp_directory_path() /
              ("stride_store_" + std::string(test->name()) + std::to_string(::getpid()));
  }
  ~StoreTest() override { std::filesystem::remove_all(folder_); }

  std::unique_ptr<Store> open(uint64_t quota = 1 << 20) {
    auto store = Store::open({.file = folder_ / "store.sqlite", .quota_bytes = quota});
    EXPECT_TRUE(store) << store.error().message;
    return *std::move(store);
  }

  std::filesystem::path folder_;
};

TEST_F(StoreTest, FindsWhatWasPutAlsoAfterARestart) {
  const std::string bytes("a\0b\xff", 4);
  {
    const auto store = open();
    store->put(RecordKind::turn, "key", bytes);
    store->put(RecordKind::call, "key", "other");
    EXPECT_EQ(store->get(RecordKind::turn, "key"), bytes);
    store->put(RecordKind::turn, "gone", "x");
    store->erase(RecordKind::turn, "gone");
    EXPECT_EQ(store->get(RecordKind::turn, "gone"), std::nullopt);
    store->flush();
    EXPECT_EQ(store->get(RecordKind::turn, "key"), bytes);
    store->put(RecordKind::turn, "late", "still queued when the store goes");
  }
  const auto store = open();
  EXPECT_EQ(store->get(RecordKind::turn, "key"), bytes);
  EXPECT_EQ(store->get(RecordKind::call, "key"), "other");
  EXPECT_EQ(store->get(RecordKind::turn, "gone"), std::nullopt);
  EXPECT_TRUE(store->get(RecordKind::turn, "late"));
  EXPECT_EQ(store->problem(), "");
}

TEST_F(StoreTest, StaysWithinItsQuota) {
  const auto store = open(10'000);
  for (int i = 0; i < 100; ++i)
    store->put(RecordKind::turn, std::to_string(i), std::string(500, 'x'));
  store->flush();
  int n = 0;
  for (int i = 0; i < 100; ++i) n += store->get(RecordKind::turn, std::to_string(i)) ? 1 : 0;
  EXPECT_LE(n, 20);
  EXPECT_GE(n, 1);
  EXPECT_TRUE(store->get(RecordKind::turn, "99"));
  store->put(RecordKind::turn, "huge", std::string(9'000, 'x'));
  EXPECT_EQ(store->get(RecordKind::turn, "huge"), std::nullopt);
}

TEST_F(StoreTest, SaysWhyItCannotBeOpened) {
  std::filesystem::create_directories(folder_);
  std::ofstream(folder_ / "store.sqlite") << std::string(4096, 'x');
  const auto store = Store::open({.file = folder_ / "store.sqlite"});
  ASSERT_FALSE(store);
  EXPECT_NE(store.error().message.find("store.sqlite"), std::string::npos);
  EXPECT_FALSE(Store::open({.file = "/proc/none/store.sqlite"}));
}

TEST_F(StoreTest, ResponsesMakeAConversation) {
  const auto store = open();
  ResponseStore responses(*store);
  responses.save("me", "a",
                 {.input = R"([{"role":"user","content":"1"}])",
                  .response = R"({"output":[{"type":"reasoning"}]})",
                  .handle = "h"});
  responses.save("me", "b",
                 {.previous = "a",
                  .input = R"([{"role":"user","content":"2"}])",
                  .response = R"({"output":[{"type":"message"}]})"});
  const auto history = responses.history("me", "b");
  ASSERT_TRUE(history);
  EXPECT_EQ(json::dump(*history),
            R"([{"role":"user","content":"1"},{"type":"reasoning","encrypted_content":"h"},)"
            R"({"role":"user","content":"2"},{"type":"message"}])");
  EXPECT_FALSE(responses.history("you", "b"));
  EXPECT_TRUE(responses.erase("me", "a"));
  EXPECT_FALSE(responses.erase("me", "a"));
  EXPECT_FALSE(responses.history("me", "b"));
  EXPECT_TRUE(responses.history("me", ""));
  // A circle cannot be made by the server, but files can be damaged.
  responses.save("me", "c", {.previous = "c", .input = "[]", .response = "{}"});
  EXPECT_FALSE(responses.history("me", "c"));
}

}  // namespace
}  // namespace stride::api
