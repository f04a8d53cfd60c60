// SPDX-License-Identifier: Apache-2.0
#include "cli/terminal.h"

#include <gtest/gtest.h>

#include <fstream>

#include "cli/text_file.h"

namespace stride::cli {
namespace {

TEST(SafeText, KeepsTextAndDropsWhatDrivesATerminal) {
  EXPECT_EQ(safe_text("a\n\tb \xc3\xa9 \xe6\x97\xa5"), "a\n\tb \xc3\xa9 \xe6\x97\xa5");
  EXPECT_EQ(safe_text("\x1b[2J"), "\xef\xbf\xbd[2J");
  EXPECT_EQ(safe_text("a\rb\x07\x7f"),
            "a\xef\xbf\xbd"
            "b\xef\xbf\xbd\xef\xbf\xbd");
  EXPECT_EQ(safe_text("\xc2\x9b"
                      "2J"),
            "\xef\xbf\xbd"
            "2J");
  EXPECT_EQ(safe_text("\xc2\xa0"), "\xc2\xa0");
}

TEST(Figures, AreReadable) {
  EXPECT_EQ(duration_text(0.0123), "12 ms");
  EXPECT_EQ(duration_text(0.99999), "1.0 s");
  EXPECT_EQ(duration_text(3.21), "3.2 s");
  EXPECT_EQ(duration_text(42.4), "42 s");
  EXPECT_EQ(duration_text(59.7), "1 min 0 s");
  EXPECT_EQ(duration_text(250), "4 min 10 s");
  EXPECT_EQ(duration_text(7500), "2 h 5 min");
}

TEST(TextFile, IsBounded) {
  const std::string path = ::testing::TempDir() + "stride_text_file_test";
  std::ofstream(path) << "0123456789";
  EXPECT_EQ(read_text(path, 10).value_or("failed"), "0123456789");
  const auto long_one = read_text(path, 9);
  ASSERT_FALSE(long_one);
  EXPECT_EQ(long_one.error().code, Errc::exhausted);
  EXPECT_EQ(read_text("/dev/zero", 1000).error().code, Errc::exhausted);
  EXPECT_EQ(read_text(path + "x").error().code, Errc::not_found);
  EXPECT_FALSE(read_text(::testing::TempDir()));
  EXPECT_EQ(read_regular_file(path, 10).value_or("failed"), "0123456789");
  EXPECT_EQ(read_regular_file("/dev/zero", 10).error().code, Errc::invalid_argument);
  EXPECT_EQ(read_regular_file(path + "x", 10).error().code, Errc::not_found);
}

}  // namespace
}  // namespace stride::cli
