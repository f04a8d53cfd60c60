// SPDX-License-Identifier: Apache-2.0
// That the probes run and that their sizes follow the machine; what they measure is no matter of
// tests.
#include "bench/limits.h"

#include <gtest/gtest.h>

#include "bench/machine.h"

namespace stride::bench {
namespace {

constexpr uint64_t kMiB = uint64_t{1} << 20;

TEST(RegionBytes, ExceedTheCachesAndSpareTheMemory) {
  EXPECT_EQ(choose_region_bytes(0, std::nullopt), 512 * kMiB);
  EXPECT_EQ(choose_region_bytes(32 * kMiB, MemoryInfo{64000 * kMiB, 32000 * kMiB}), 512 * kMiB);
  EXPECT_EQ(choose_region_bytes(256 * kMiB, MemoryInfo{64000 * kMiB, 32000 * kMiB}), 2048 * kMiB);
  EXPECT_EQ(choose_region_bytes(256 * kMiB, MemoryInfo{8000 * kMiB, 400 * kMiB}), 100 * kMiB);
}

TEST(LimitProbe, FindsPositiveLimits) {
  auto probe = LimitProbe::create(2, 8 * kMiB).value();
  EXPECT_GT(probe.region_bytes(), 5 * kMiB);
  EXPECT_LE(probe.region_bytes(), 8 * kMiB);
  EXPECT_GE(probe.n_threads(), 1U);
  const Limits limits = probe.measure();
  EXPECT_GT(limits.read_bytes, 0);
  EXPECT_GT(limits.int8_ops, 0);
  EXPECT_GT(limits.float_ops, 0);
}

TEST(LimitProbe, HasAtLeastOneChunk) {
  EXPECT_GT(LimitProbe::create(1, 0).value().region_bytes(), 0U);
}

TEST(Machine, ReadsTheProcessorsName) {
  EXPECT_EQ(processor_name("processor\t: 0\nmodel name\t: Some CPU @ 2 GHz\nmodel name\t: other\n"),
            "Some CPU @ 2 GHz");
  EXPECT_EQ(processor_name("model name\t:\nx: y\n"), "");
  EXPECT_EQ(processor_name("model name"), "");
  EXPECT_EQ(processor_name("BogoMIPS: 5\n"), "");
  EXPECT_FALSE(this_machine().processor.empty());
  EXPECT_GE(this_machine().n_core, 1U);
}

}  // namespace
}  // namespace stride::bench
