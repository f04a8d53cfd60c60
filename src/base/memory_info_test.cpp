// SPDX-License-Identifier: Apache-2.0
#include "base/memory_info.h"

#include <gtest/gtest.h>

#include <vector>

namespace stride {
namespace {

constexpr std::string_view kText =
    "MemTotal:       16291664 kB\nMemFree:          240 kB\nMemAvailable:   12058624 kB\n";

TEST(MemoryInfo, ReadsTheKernelsTable) {
  const auto info = parse_meminfo(kText);
  ASSERT_TRUE(info);
  EXPECT_EQ(info->total, 16291664ULL * 1024);
  EXPECT_EQ(info->available, 12058624ULL * 1024);
}

TEST(MemoryInfo, RefusesDamagedTables) {
  EXPECT_FALSE(parse_meminfo(""));
  EXPECT_FALSE(parse_meminfo("MemTotal: 5 kB\n"));
  EXPECT_FALSE(parse_meminfo("MemTotal: x\nMemAvailable: 5\n"));
  EXPECT_FALSE(parse_meminfo("MemTotal: 18446744073709551615 kB\nMemAvailable: 5 kB\n"));
  EXPECT_FALSE(parse_meminfo("MemTotal: 99999999999999999999 kB\nMemAvailable: 5 kB\n"));
}

TEST(MemoryInfo, AGroupNarrowsIt) {
  const MemoryInfo info{1000, 800};
  EXPECT_EQ(apply_group_limit(info, "max\n", "5\n", "").available, 800U);
  EXPECT_EQ(apply_group_limit(info, "", "", "").available, 800U);
  const MemoryInfo narrowed =
      apply_group_limit(info, "500\n", "400\n", "anon 250\ninactive_file 100\nactive_file 50\n");
  EXPECT_EQ(narrowed.total, 500U);
  EXPECT_EQ(narrowed.available, 250U);
  EXPECT_EQ(apply_group_limit(info, "500\n", "900\n", "").available, 0U);
}

TEST(MemoryInfo, ThisMachineHasSome) {
  const auto info = memory_info();
  ASSERT_TRUE(info);
  EXPECT_GT(info->available, 0U);
  EXPECT_LE(info->available, info->total);
}

TEST(PeakMemory, ReadsTheStatusOfAProcess) {
  EXPECT_EQ(parse_peak_memory("Name:\tstride\nVmPeak:\t  20 kB\nVmHWM:\t    12 kB\n"), 12U * 1024);
  EXPECT_FALSE(parse_peak_memory(""));
  EXPECT_FALSE(parse_peak_memory("VmPeak: 20 kB\n"));
  EXPECT_FALSE(parse_peak_memory("VmHWM: 18446744073709551615 kB\n"));
}

TEST(PeakMemory, GrowsWithWhatIsTouchedAndFallsWhenReset) {
  constexpr size_t kBytes = size_t{64} << 20;
  const auto before = peak_memory();
  if (!before) GTEST_SKIP() << "this system does not tell";
  {
    const std::vector<char> block(kBytes, 1);
    EXPECT_GE(peak_memory().value(), kBytes + block[5]);
  }
  if (!reset_peak_memory()) GTEST_SKIP() << "this system does not reset it";
  EXPECT_LT(peak_memory().value(), *before + kBytes);
}

}  // namespace
}  // namespace stride
