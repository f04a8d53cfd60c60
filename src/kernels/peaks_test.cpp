// SPDX-License-Identifier: Apache-2.0
// The probes do all of the work that they count; how fast is not a matter of tests.
#include "kernels/peaks.h"

#include <gtest/gtest.h>

#include "kernels/testing.h"

namespace stride::kernels {
namespace {

TEST(Peaks, CountGrowsWithTheRounds) {
  for (const Peaks* peaks : available_peaks()) {
    SCOPED_TRACE(peaks->int8_instruction);
    EXPECT_EQ(peaks->int8(0), 0U);
    EXPECT_GT(peaks->int8(1), 0U);
    EXPECT_EQ(peaks->int8(10), 10 * peaks->int8(1));
    EXPECT_EQ(peaks->fma(0), 0U);
    EXPECT_GT(peaks->fma(1), 0U);
    EXPECT_EQ(peaks->fma(10), 10 * peaks->fma(1));
  }
}

// A changed byte changes the sum, wherever it stands: every byte is read. The sums run over 64-bit
// words, so one byte cannot be lost.
TEST(Peaks, ReadsEveryByteAndNoneBeyond) {
  constexpr size_t kBytes = 4096;
  GuardedBytes bytes(kBytes);
  std::memset(bytes.data(), 0, kBytes);
  for (const Peaks* peaks : available_peaks()) {
    SCOPED_TRACE(peaks->int8_instruction);
    EXPECT_EQ(peaks->read(bytes.data(), kBytes, 0), 0U);
    for (size_t i = 0; i < kBytes; ++i) {
      bytes.data()[i] = std::byte{1};
      EXPECT_EQ(peaks->read(bytes.data(), kBytes, i % 2 * 4096), uint64_t{1} << (i % 8 * 8)) << i;
      bytes.data()[i] = std::byte{0};
    }
  }
}

TEST(Peaks, ThereIsOneForEachTableOfKernels) {
  EXPECT_EQ(available_peaks().size(), available_kernels().size());
  EXPECT_EQ(&best_peaks(), available_peaks().back());
}

}  // namespace
}  // namespace stride::kernels
