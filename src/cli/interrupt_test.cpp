// SPDX-License-Identifier: Apache-2.0
#include "cli/interrupt.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace stride::cli {
namespace {

TEST(Interrupt, SetsTheFlagInsteadOfEnding) {
  const Interrupt interrupt;
  EXPECT_FALSE(interrupt.requested());
  ::raise(SIGINT);
  EXPECT_TRUE(interrupt.requested());
}

TEST(Interrupt, StartsAnewAndRestores) {
  struct sigaction before{}, after{};
  ::sigaction(SIGTERM, nullptr, &before);
  {
    const Interrupt interrupt;
    EXPECT_FALSE(interrupt.requested());
    ::raise(SIGTERM);
    EXPECT_TRUE(interrupt.requested());
  }
  ::sigaction(SIGTERM, nullptr, &after);
  EXPECT_EQ(before.sa_handler, after.sa_handler);
}

TEST(InterruptDeathTest, TheSecondSignalEnds) {
  EXPECT_EXIT(
      {
        const Interrupt interrupt;
        ::raise(SIGINT);
        ::raise(SIGINT);
        std::exit(0);
      },
      testing::KilledBySignal(SIGINT), "");
}

}  // namespace
}  // namespace stride::cli
