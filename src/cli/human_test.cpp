// SPDX-License-Identifier: Apache-2.0
#include "cli/human.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/progress.h"

namespace stride::cli {
namespace {

TEST(Human, Bytes) {
  EXPECT_EQ(human_bytes(0), "0 B");
  EXPECT_EQ(human_bytes(999), "999 B");
  EXPECT_EQ(human_bytes(1000), "1.00 kB");
  EXPECT_EQ(human_bytes(720'500'000), "720.5 MB");
  EXPECT_EQ(human_bytes(999'999'999), "1.00 GB");
  EXPECT_EQ(human_bytes(10'650'000'000), "10.65 GB");
  EXPECT_EQ(human_bytes(UINT64_MAX), "18446.7 PB");
}

TEST(Human, CountsAndTimes) {
  EXPECT_EQ(human_count(5), "5");
  EXPECT_EQ(human_count(199'384'301'376), "199.4 B");
  EXPECT_EQ(human_time(7.9), "0:07");
  EXPECT_EQ(human_time(760), "12:40");
  EXPECT_EQ(human_time(3723), "1:02:03");
  EXPECT_EQ(human_time(-1), "0:00");
}

TEST(Human, PrintableKeepsATerminalSafe) {
  EXPECT_EQ(printable("caf\xc3\xa9"), "caf\xc3\xa9");
  EXPECT_EQ(printable("a\x1b[31mb\n"), "a [31mb ");
  EXPECT_EQ(printable("\xc2\x9b"
                      "31m"),
            "  31m");
  EXPECT_EQ(printable("\xff"), "\xef\xbf\xbd");
  EXPECT_EQ(printable("abcdef", 3), "abc...");
}

TEST(Progress, LineFitsTheTerminal) {
  const std::string line =
      progress_line("convert", 5'000'000'000, 10'000'000'000, 10, "blk.3", 120);
  EXPECT_EQ(line,
            "convert [############............]  50 %  5.00 GB of 10.00 GB  500.0 MB/s  0:10 left  "
            "blk.3");
  EXPECT_EQ(progress_line("convert", 5, 10, 10, "x", 30).size(), 29U);
  EXPECT_THAT(progress_line("x", 0, 0, 0, "", 100), testing::HasSubstr("100 %"));
}

TEST(Human, CountsTakeAnSButForOne) {
  EXPECT_EQ(counted(0, "layer"), "0 layers");
  EXPECT_EQ(counted(1, "layer"), "1 layer");
  EXPECT_EQ(counted(12, "kv head"), "12 kv heads");
}

}  // namespace
}  // namespace stride::cli
