// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "base/cpu.h"
#include "kernels/kernels.h"

namespace stride::kernels {
namespace {

TEST(Registry, KnowsTablesByName) {
  ASSERT_NE(kernels_by_name("scalar"), nullptr);
  EXPECT_EQ(kernels_by_name("scalar")->name, "scalar");
  EXPECT_EQ(kernels_by_name("Scalar"), nullptr);
  EXPECT_EQ(kernels_by_name(""), nullptr);
  for (const Kernels* k : available_kernels()) EXPECT_EQ(kernels_by_name(k->name), k);
}

TEST(Registry, OffersWhatTheProcessorRuns) {
  const CpuFeatures cpu = cpu_features();
  EXPECT_EQ(kernels_by_name("avx2") != nullptr, cpu.avx2);
  EXPECT_EQ(kernels_by_name("avx512vnni") != nullptr, cpu.avx512vnni);
}

TEST(Registry, BestIsOneOfThem) {
  EXPECT_EQ(kernels_by_name(best_kernels().name), &best_kernels());
  EXPECT_EQ(&best_kernels(), &best_kernels());
}

}  // namespace
}  // namespace stride::kernels
