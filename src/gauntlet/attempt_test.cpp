// SPDX-License-Identifier: Apache-2.0
#include "gauntlet/attempt.h"

#include <gtest/gtest.h>

#include <utility>

namespace stride::gauntlet {
namespace {

TEST(Attempt, NamesReadBackAsWhatTheyName) {
  for (int i = 0; i <= std::to_underlying(FailureClass::harness_error); ++i)
    EXPECT_EQ(parse_failure_class(name(static_cast<FailureClass>(i))),
              static_cast<FailureClass>(i));
  for (int i = 0; i <= std::to_underlying(Api::stride); ++i)
    EXPECT_EQ(parse_api(name(static_cast<Api>(i))), static_cast<Api>(i));
  for (int i = 0; i <= std::to_underlying(TokenSource::estimate); ++i)
    EXPECT_EQ(parse_token_source(name(static_cast<TokenSource>(i))), static_cast<TokenSource>(i));
  EXPECT_EQ(name(FailureClass::http_4xx), "http_4xx");
  EXPECT_EQ(name(FailureClass::truncated_in_reasoning), "truncated_in_reasoning");
  EXPECT_EQ(name(FailureClass::stream_cut), "stream_cut");
  EXPECT_FALSE(parse_failure_class("OK"));
  EXPECT_FALSE(parse_api(""));
}

}  // namespace
}  // namespace stride::gauntlet
