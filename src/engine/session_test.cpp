// SPDX-License-Identifier: Apache-2.0
#include "engine/session.h"

#include <gtest/gtest.h>

#include <numeric>

#include "decode/testing/scripted_model.h"
#include "engine/prefill.h"

namespace stride::engine {
namespace {

using decode::testing::ScriptedModel;
using decode::testing::TokenScript;

constexpr uint32_t kLookBack = 8;

// Says the sum of the tokens, so that a cache with other tokens in it is noticed.
Token sum(std::span<const Token> tokens) {
  return std::accumulate(tokens.begin(), tokens.end(), 0) % 100;
}

std::vector<Token> counting(Token from, size_t n) {
  std::vector<Token> out(n);
  std::iota(out.begin(), out.end(), from);
  return out;
}

class SessionTest : public ::testing::Test {
 protected:
  SessionTest() : session_(*Session::make(model_, 100)) {}

  // Reads the prompt and checks that the logits are those of exactly this prompt.
  PrefillProgress read(const std::vector<Token>& prompt, PrefillOptions options = {}) {
    auto result = prefill(session_, prompt, options, {}, out_);
    EXPECT_TRUE(result) << result.error().message;
    EXPECT_TRUE(std::equal(prompt.begin(), prompt.end(), session_.tokens().begin(),
                           session_.tokens().end()));
    EXPECT_EQ(out_.logits[sum(prompt)], 1);
    return result.value_or(PrefillProgress{});
  }

  ScriptedModel model_{100, kLookBack, TokenScript(sum)};
  Session session_;
  model::Output out_;
};

TEST_F(SessionTest, AContinuationReadsOnlyWhatIsNew) {
  EXPECT_EQ(read(counting(1, 20)).reused, 0U);
  const PrefillProgress second = read(counting(1, 30));
  EXPECT_EQ(second.reused, 20U);
  EXPECT_EQ(second.processed, 10U);
  EXPECT_EQ(model_.n_row(), 30U);
}

TEST_F(SessionTest, TheSamePromptRunsItsLastTokenAgain) {
  read(counting(1, 20));
  EXPECT_EQ(read(counting(1, 20)).reused, 19U);
}

TEST_F(SessionTest, ADifferenceWithinTheWindowIsCutAway) {
  read(counting(1, 20));
  std::vector<Token> other = counting(1, 20);
  other[15] = 77;
  EXPECT_EQ(read(other).reused, 15U);
}

TEST_F(SessionTest, ADifferenceBeforeTheWindowReturnsToTheLastMark) {
  read(counting(1, 60), {.marks = {5, 10, 60}});
  std::vector<Token> other = counting(1, 60);
  other[12] = 77;
  EXPECT_EQ(read(other, {.marks = {10, 60}}).reused, 10U);
  other[12] = 78;
  EXPECT_EQ(read(other, {.marks = {10}}).reused, 10U) << "the mark survives its use";
  other[9] = 79;
  EXPECT_EQ(read(other).reused, 0U) << "the mark at 5 was dropped, as it was not asked for again";
}

TEST_F(SessionTest, MarksOfAnotherTextAreForgotten) {
  read(counting(1, 60), {.marks = {30}});
  std::vector<Token> other = counting(1, 60);
  other[3] = 77;
  EXPECT_EQ(read(other, {.marks = {30}}).reused, 0U);
  other[40] = 78;
  EXPECT_EQ(read(other, {.marks = {30}}).reused, 30U) << "the new text's mark";
}

TEST_F(SessionTest, AMarkInTheCachedPartStays) {
  read(counting(1, 60), {.marks = {30}});
  EXPECT_GT(session_.mark_bytes(), 0U);
  read(counting(1, 80), {.marks = {30}});
  std::vector<Token> other = counting(1, 40);
  other[35] = 0;
  EXPECT_EQ(read(other).reused, 30U);
}

TEST_F(SessionTest, ClearForgets) {
  read(counting(1, 20));
  ASSERT_TRUE(session_.clear());
  EXPECT_EQ(session_.size(), 0U);
  EXPECT_EQ(read(counting(1, 20)).reused, 0U);
}

TEST_F(SessionTest, PromptsAreReadInChunksThatEndAtMarks) {
  std::vector<uint32_t> ends;
  const auto note = [&](const PrefillProgress& p) { ends.push_back(p.reused + p.processed); };
  read(counting(1, 50), {.chunk = 20, .marks = {7, 33}, .on_progress = note});
  EXPECT_EQ(ends, (std::vector<uint32_t>{7, 27, 33, 50}));
}

TEST_F(SessionTest, ProgressEstimatesTheTimeLeft) {
  double last_eta = -1;
  read(counting(1, 90), {.chunk = 30, .on_progress = [&](const PrefillProgress& p) {
                           EXPECT_EQ(p.total, 90U);
                           EXPECT_GE(p.eta_seconds, 0);
                           last_eta = p.eta_seconds;
                         }});
  EXPECT_EQ(last_eta, 0);
}

TEST_F(SessionTest, RefusesAPromptLongerThanTheContextWithBothNumbers) {
  for (const size_t n : {size_t{100}, size_t{2345}}) {
    const auto result = prefill(session_, std::vector<Token>(n, 1), {}, {}, out_);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, Errc::exhausted);
    EXPECT_NE(result.error().message.find(std::to_string(n)), std::string::npos);
    EXPECT_NE(result.error().message.find("100"), std::string::npos);
  }
  EXPECT_FALSE(prefill(session_, {}, {}, {}, out_));
  read(counting(1, 99));
}

TEST_F(SessionTest, StoppingBetweenChunksKeepsWhatWasRead) {
  std::stop_source source;
  PrefillOptions options{.chunk = 10};
  options.on_progress = [&](const PrefillProgress& p) {
    if (p.processed >= 30) source.request_stop();
  };
  const auto result = prefill(session_, counting(1, 90), options, source.get_token(), out_);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Errc::cancelled);
  EXPECT_EQ(session_.size(), 30U);
  EXPECT_EQ(read(counting(1, 90)).reused, 30U);
}

}  // namespace
}  // namespace stride::engine
