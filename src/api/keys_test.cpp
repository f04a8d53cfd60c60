// SPDX-License-Identifier: Apache-2.0
#include "api/keys.h"

#include <gtest/gtest.h>

namespace stride::api {
namespace {

TEST(Keys, FileHasAKeyOnEachLine) {
  const auto keys = parse_keys("# team\n\nsk-one alice of ops\r\n  sk-two\n#x\nsk-three\tbob");
  ASSERT_TRUE(keys);
  ASSERT_EQ(keys->size(), 3U);
  EXPECT_EQ((*keys)[0].secret, "sk-one");
  EXPECT_EQ((*keys)[0].name, "alice of ops");
  EXPECT_EQ((*keys)[1].secret, "sk-two");
  EXPECT_EQ((*keys)[1].name, "key-2");
  EXPECT_EQ((*keys)[2].name, "bob");
  EXPECT_TRUE(parse_keys("")->empty());
  EXPECT_FALSE(parse_keys(std::string(5000, 'k')));
}

TEST(Keys, AreFoundInEitherHeader) {
  const KeyRing ring({{.secret = "one", .name = "a"}, {.secret = "two", .name = "b"}});
  const auto with = [&](const char* name, const char* value) {
    const Key* key = ring.find({.headers = {{name, value}}});
    return key != nullptr ? key->name : "";
  };
  EXPECT_EQ(with("Authorization", "Bearer one"), "a");
  EXPECT_EQ(with("authorization", "BEARER  two "), "b");
  EXPECT_EQ(with("X-Api-Key", "two"), "b");
  for (const char* wrong : {"Bearer on", "Bearer onee", "Basic one", "one", "Bearer", ""})
    EXPECT_EQ(with("Authorization", wrong), "") << wrong;
  EXPECT_FALSE(ring.open());
  EXPECT_TRUE(KeyRing().open());
}

}  // namespace
}  // namespace stride::api
