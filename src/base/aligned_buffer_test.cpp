// SPDX-License-Identifier: Apache-2.0
#include "base/aligned_buffer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <limits>

namespace stride {
namespace {

TEST(AlignedBuffer, IsZeroedAndAligned) {
  for (const size_t n : {size_t{1}, size_t{1000}, size_t{1} << 20, (size_t{3} << 20) + 1}) {
    auto buffer = AlignedBuffer<float>::allocate(n);
    ASSERT_TRUE(buffer) << buffer.error().message;
    EXPECT_EQ(buffer->size(), n);
    const size_t alignment = n * sizeof(float) >= AlignedBytes::kHugeBytes ? size_t{2} << 20 : 64;
    EXPECT_EQ(reinterpret_cast<uintptr_t>(buffer->data()) % alignment, 0U);
    EXPECT_TRUE(std::ranges::all_of(buffer->span(), [](float x) { return x == 0; }));
    std::ranges::fill(buffer->span(), 1.0F);
  }
}

TEST(AlignedBuffer, MovesItsMemory) {
  auto a = *AlignedBuffer<int>::allocate(10);
  a[3] = 7;
  const int* data = a.data();
  AlignedBuffer<int> b = std::move(a);
  EXPECT_EQ(b.data(), data);
  a = *AlignedBuffer<int>::allocate(5);
  a = std::move(b);
  EXPECT_EQ(a.size(), 10U);
  EXPECT_EQ(a[3], 7);
}

TEST(AlignedBuffer, EmptyHoldsNothing) {
  EXPECT_TRUE(AlignedBuffer<int>::allocate(0)->empty());
}

TEST(AlignedBuffer, RefusesWhatCannotBe) {
  const size_t huge = std::numeric_limits<size_t>::max();
  for (const size_t n : {huge, huge / 4 + 1, huge / 8, huge / 64}) {
    const auto buffer = AlignedBuffer<uint32_t>::allocate(n);
    ASSERT_FALSE(buffer);
    EXPECT_EQ(buffer.error().code, Errc::exhausted);
  }
}

}  // namespace
}  // namespace stride
