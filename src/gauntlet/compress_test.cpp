// SPDX-License-Identifier: Apache-2.0
#include "gauntlet/compress.h"

#include <gtest/gtest.h>

namespace stride::gauntlet {
namespace {

TEST(Compress, RoundTrip) {
  for (const std::string& text : {std::string(), std::string("a\0b", 3), std::string(100'000, 'x')})
    EXPECT_EQ(decompress(compress(text)), text);
  EXPECT_LT(compress(std::string(100'000, 'x')).size(), 200);
}

TEST(Compress, RefusesWhatIsDamagedOrTooLarge) {
  EXPECT_FALSE(decompress(""));
  EXPECT_FALSE(decompress("not a frame"));
  std::string frame = compress("some text that is long enough to be cut somewhere");
  EXPECT_FALSE(decompress(frame.substr(0, frame.size() - 3)));
  EXPECT_FALSE(decompress(compress(std::string(1000, 'x')), 999));
  EXPECT_TRUE(decompress(compress(std::string(1000, 'x')), 1000));
}

}  // namespace
}  // namespace stride::gauntlet
