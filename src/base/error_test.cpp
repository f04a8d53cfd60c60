// SPDX-License-Identifier: Apache-2.0
#include "base/error.h"

#include <gtest/gtest.h>

#include <memory>

namespace stride {
namespace {

Result<int> parse(int n) {
  if (n < 0) return fail(Errc::invalid_argument, "{} is negative", n);
  return n;
}

Result<std::unique_ptr<int>> boxed(int n) {
  return std::make_unique<int>(STRIDE_TRY(parse(n)));
}

Result<> check_both(int a, int b) {
  STRIDE_TRY(parse(a));
  const int sum = STRIDE_TRY(parse(STRIDE_TRY(parse(a)) + b));
  EXPECT_EQ(sum, a + b);
  STRIDE_TRY_AT("second", parse(b));
  return {};
}

TEST(Error, TryGivesTheValueOrReturnsTheError) {
  EXPECT_EQ(**boxed(3), 3);
  const auto bad = boxed(-1);
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().code, Errc::invalid_argument);
  EXPECT_EQ(bad.error().message, "-1 is negative");
}

TEST(Error, TryAtNamesThePlace) {
  EXPECT_TRUE(check_both(1, 2));
  const auto bad = check_both(5, -2);
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().message, "second: -2 is negative");
}

}  // namespace
}  // namespace stride
