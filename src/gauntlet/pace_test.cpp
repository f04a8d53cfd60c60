// SPDX-License-Identifier: Apache-2.0
#include "gauntlet/pace.h"

#include <gtest/gtest.h>

namespace stride::gauntlet {
namespace {

TEST(TokenBucket, LetsThroughWhatTheMinuteAllows) {
  TokenBucket bucket(60);  // one a second, ten at once
  for (int i = 0; i < 10; ++i) EXPECT_EQ(bucket.take(100, 1), 0);
  EXPECT_DOUBLE_EQ(bucket.take(100, 1), 1);
  EXPECT_DOUBLE_EQ(bucket.take(100, 1), 2);
  EXPECT_DOUBLE_EQ(bucket.take(103, 1), 0);
  EXPECT_DOUBLE_EQ(bucket.take(1000, 10), 0);  // never more than it holds
  EXPECT_DOUBLE_EQ(bucket.take(1000, 1), 1);
}

TEST(TokenBucket, ALargeAmountWaitsForAFullBucket) {
  TokenBucket bucket(6000);  // 100 a second, 1000 at once
  EXPECT_DOUBLE_EQ(bucket.take(0, 5000), 0);
  EXPECT_DOUBLE_EQ(bucket.take(0, 100), 41);  // 4000 below zero and its own 100
}

TEST(TokenBucket, WhatWasNotUsedComesBack) {
  TokenBucket bucket(60);
  EXPECT_EQ(bucket.take(0, 10), 0);
  bucket.give(5);
  EXPECT_EQ(bucket.take(0, 5), 0);
}

TEST(AdaptiveLimit, GrowsByOneForEveryRound) {
  AdaptiveLimit limit(2, 4);
  limit.on_success(0);
  EXPECT_EQ(limit.limit(), 2);
  limit.on_success(0);
  EXPECT_EQ(limit.limit(), 3);
  for (int i = 0; i < 20; ++i) limit.on_success(0);
  EXPECT_EQ(limit.limit(), 4);
}

TEST(AdaptiveLimit, ShrinksOnceForABurstOfRefusals) {
  AdaptiveLimit limit(10, 20);
  for (int i = 0; i < 10; ++i) limit.on_rate_limited(5);
  EXPECT_EQ(limit.limit(), 8);
  for (int i = 0; i < 50; ++i) limit.on_success(19);  // still cooling
  EXPECT_EQ(limit.limit(), 8);
  limit.on_rate_limited(20);
  EXPECT_EQ(limit.limit(), 6);
  for (int i = 0; i < 100; ++i) limit.on_rate_limited(100.0 * (i + 1));
  EXPECT_EQ(limit.limit(), 1);
  limit.on_success(1e6);
  EXPECT_EQ(limit.limit(), 2);
}

Attempt failed(FailureClass failure) {
  Attempt attempt;
  attempt.failure = failure;
  return attempt;
}

TEST(Retry, OnlyTheTransportIsTriedAgain) {
  for (const FailureClass failure : {FailureClass::connect_timeout, FailureClass::rate_limited,
                                     FailureClass::http_5xx, FailureClass::stream_cut})
    EXPECT_TRUE(may_retry(failed(failure))) << name(failure);
  for (const FailureClass failure :
       {FailureClass::ok, FailureClass::wrong, FailureClass::empty_answer,
        FailureClass::reasoning_only, FailureClass::truncated_in_reasoning, FailureClass::http_4xx,
        FailureClass::protocol_error, FailureClass::idle_timeout, FailureClass::total_timeout})
    EXPECT_FALSE(may_retry(failed(failure))) << name(failure);
  Attempt cut = failed(FailureClass::stream_cut);
  cut.timing.ttft = 0.5;
  EXPECT_FALSE(may_retry(cut));
}

TEST(Retry, FullJitterUpToACeilingThatDoubles) {
  Pcg64 random(1);
  const Attempt attempt = failed(FailureClass::http_5xx);
  for (uint32_t n = 1; n <= kMaxRetries; ++n) {
    double longest = 0;
    for (int i = 0; i < 300; ++i) longest = std::max(longest, *retry_delay(n, attempt, random));
    EXPECT_LT(longest, 1 << (n - 1));
    EXPECT_GT(longest, 0.9 * (1 << (n - 1)));
  }
  EXPECT_FALSE(retry_delay(kMaxRetries + 1, attempt, random));
}

TEST(Retry, RetryAfterIsHonoured) {
  Pcg64 random(1);
  Attempt attempt = failed(FailureClass::rate_limited);
  attempt.retry_after_s = 17;
  EXPECT_EQ(retry_delay(1, attempt, random), 17);
  attempt.retry_after_s = 3600;
  EXPECT_FALSE(retry_delay(1, attempt, random));
}

}  // namespace
}  // namespace stride::gauntlet
