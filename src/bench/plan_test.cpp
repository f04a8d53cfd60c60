// SPDX-License-Identifier: Apache-2.0
#include "bench/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "bench/statistics.h"

namespace stride::bench {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string error_of(std::string_view text, uint32_t least = 0, uint32_t most = 1000) {
  const auto list = parse_list("-npp", text, least, most);
  return list ? std::string("no error") : list.error().message;
}

TEST(ParseList, SortsAndDropsRepetitions) {
  EXPECT_THAT(parse_list("-d", "7", 0, 9).value(), ElementsAre(7));
  EXPECT_THAT(parse_list("-d", "8,0,4,0,8", 0, 9).value(), ElementsAre(0, 4, 8));
}

TEST(ParseList, NamesWhatIsWrong) {
  EXPECT_THAT(error_of(""), HasSubstr("-npp is no list"));
  EXPECT_THAT(error_of("1,,2"), HasSubstr("character 3"));
  EXPECT_THAT(error_of("1,2,"), HasSubstr("character 5"));
  EXPECT_THAT(error_of("1;2"), HasSubstr("character 1"));
  EXPECT_THAT(error_of("-1"), HasSubstr("character 1"));
  EXPECT_THAT(error_of("1,1001"), HasSubstr("1001 is more than 1000"));
  EXPECT_THAT(error_of("99999999999999999999"), HasSubstr("more than 1000"));
  EXPECT_THAT(error_of("4,0", 1), HasSubstr("0 is less than 1"));
  std::string many = "1";
  for (int i = 0; i < 64; ++i) many += ",1";
  EXPECT_THAT(error_of(many), HasSubstr("more than 64 entries"));
}

TEST(Plan, ChecksWhatCannotBeMeasured) {
  Plan plan;
  EXPECT_TRUE(check(plan, 512));
  plan.rows = {1, 513};
  EXPECT_THAT(check(plan, 512).error().message, HasSubstr("513 rows"));
  plan = {.prompts = {0}, .n_gen = 0};
  EXPECT_THAT(check(plan, 512).error().message, HasSubstr("nothing to measure"));
  plan = {.repetitions = 0};
  EXPECT_THAT(check(plan, 512).error().message, HasSubstr("0 repetitions"));
  plan = {.depths = {0, 0xffffffff}, .rows = {1}, .n_gen = 0xffffffff};
  EXPECT_THAT(check(plan, 512).error().message, HasSubstr("more than a sequence can"));
}

TEST(Plan, CapacityIsThatOfTheLongestCombination) {
  EXPECT_EQ(capacity_of({.prompts = {0, 2048}, .depths = {0, 4096}, .rows = {1, 8}, .n_gen = 100}),
            2048U + 4096 + 100);
}

TEST(Spread, MedianAndEnds) {
  EXPECT_EQ(spread_of({}).n, 0U);
  const Spread odd = spread_of({5, 1, 3});
  EXPECT_EQ(odd.median, 3);
  EXPECT_EQ(odd.min, 1);
  EXPECT_EQ(odd.max, 5);
  EXPECT_EQ(odd.n, 3U);
  EXPECT_EQ(spread_of({4, 1, 2, 3}).median, 2.5);
}

}  // namespace
}  // namespace stride::bench
