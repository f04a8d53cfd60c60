// SPDX-License-Identifier: Apache-2.0
// The guards, token by token, on what a scripted model chooses.
#include "decode/reasoning_guard.h"

#include <gtest/gtest.h>

#include <deque>

namespace stride::decode {
namespace {

constexpr Token kClose = 90, kCall = 91, kEnd = 92, kOtherEnd = 93, kNewline = 10, kNote = 77;

GuardTokens tokens() {
  return {.think_close = kClose,
          .tool_call = kCall,
          .end = {kEnd, kOtherEnd},
          .close = {kNewline, kClose, kNewline},
          .loop_note = {kNote}};
}

struct Ran {
  std::vector<Token> text;
  Verdict last = Verdict::keep;
  std::vector<Guard> guards;
  uint32_t n_reasoning = 0, n_content = 0;
};

// Runs until the budget is used, the turn ends or the script does.
Ran run(GuardOptions options, std::deque<Token> script, GuardTokens special = tokens()) {
  ReasoningGuard guard(special, options);
  Ran out;
  while (guard.remaining() > 0) {
    if (const auto token = guard.forced()) {
      out.text.push_back(*token);
      continue;
    }
    if (script.empty()) break;
    const Token chosen = script.front();
    script.pop_front();
    out.last = guard.offer(chosen);
    if (out.last == Verdict::keep || out.last == Verdict::loop) out.text.push_back(chosen);
    if (out.last == Verdict::end_of_turn || out.last == Verdict::loop) break;
  }
  for (const Intervention& i : guard.interventions()) out.guards.push_back(i.guard);
  out.n_reasoning = guard.n_reasoning();
  out.n_content = guard.n_content();
  return out;
}

std::vector<Token> list(std::initializer_list<Token> t) {
  return t;
}

TEST(ReasoningGuard, LeavesAGoodTurnAlone) {
  const Ran ran = run({.token_budget = 1000}, {1, 2, kClose, 3, 4, kEnd});
  EXPECT_EQ(ran.text, list({1, 2, kClose, 3, 4}));
  EXPECT_EQ(ran.last, Verdict::end_of_turn);
  EXPECT_TRUE(ran.guards.empty());
  EXPECT_EQ(ran.n_reasoning, 3U);
  EXPECT_EQ(ran.n_content, 2U);
}

TEST(ReasoningGuard, EndOfTurnInReasoningClosesIt) {
  for (const Token end : {kEnd, kOtherEnd}) {
    const Ran ran = run({.token_budget = 1000}, {1, end, 3, end});
    EXPECT_EQ(ran.text, list({1, kNewline, kClose, kNewline, 3}));
    EXPECT_EQ(ran.last, Verdict::end_of_turn);
    EXPECT_EQ(ran.guards, std::vector{Guard::end_in_reasoning});
  }
}

TEST(ReasoningGuard, CallInReasoningIsOpenedAgainBehindTheClosing) {
  const Ran ran = run({.token_budget = 1000}, {1, kCall, 5, 6, kEnd});
  EXPECT_EQ(ran.text, list({1, kNewline, kClose, kNewline, kCall, 5, 6}));
  EXPECT_EQ(ran.guards, std::vector{Guard::call_in_reasoning});
  const Ran left = run({.token_budget = 1000, .close_before_call = false}, {1, kCall, 5, kClose});
  EXPECT_EQ(left.text, list({1, kCall, 5, kClose}));
  EXPECT_TRUE(left.guards.empty());
}

TEST(ReasoningGuard, ThinkingBudgetIsExact) {
  for (const uint32_t budget : {0U, 1U, 5U}) {
    const Ran ran = run({.token_budget = 1000, .thinking_budget = budget},
                        {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, kEnd});
    std::vector<Token> expected(budget, 1);
    expected.insert(expected.end(), {kNewline, kClose, kNewline});
    expected.resize(expected.size() + 10 - budget, 1);
    EXPECT_EQ(ran.text, expected);
    EXPECT_EQ(ran.guards, std::vector{Guard::thinking_budget});
    EXPECT_EQ(ran.n_reasoning, budget + 2);
  }
}

TEST(ReasoningGuard, ReserveIsKeptForTheAnswer) {
  const std::deque<Token> endless(5000, 1);
  for (const uint32_t n : {4U, 5U, 10U, 100U, 600U, 2000U}) {
    const Ran ran = run({.token_budget = n, .loop = LoopGuard::off}, endless);
    EXPECT_EQ(ran.text.size(), n);
    EXPECT_EQ(ran.guards, std::vector{Guard::answer_reserve}) << n;
    // The closing newline counts as content.
    const uint32_t reserve = default_answer_reserve(n);
    EXPECT_EQ(ran.n_content, std::min(reserve + 1, n - 2)) << n;
  }
}

TEST(ReasoningGuard, ReserveWinsOverALargeBudget) {
  const Ran ran = run({.token_budget = 40, .thinking_budget = 39, .answer_reserve = 20},
                      std::deque<Token>(100, 1));
  EXPECT_EQ(ran.guards, std::vector{Guard::answer_reserve});
  EXPECT_EQ(ran.n_content, 21U);
}

TEST(ReasoningGuard, BudgetTooSmallForTheClosingJustRunsOut) {
  const Ran ran = run({.token_budget = 3}, {1, 2, 3, 4});
  EXPECT_EQ(ran.text, list({1, 2, 3}));
  EXPECT_TRUE(ran.guards.empty());
}

TEST(ReasoningGuard, DefaultReserve) {
  EXPECT_EQ(default_answer_reserve(1), 0U);
  EXPECT_EQ(default_answer_reserve(100), 50U);
  EXPECT_EQ(default_answer_reserve(512), 256U);
  EXPECT_EQ(default_answer_reserve(1000), 256U);
  EXPECT_EQ(default_answer_reserve(4000), 1000U);
}

TEST(ReasoningGuard, LoopClosesTheReasoningWithANote) {
  std::deque<Token> script(LoopDetector::kMinRun + 1, 1);
  script.insert(script.end(), {2, 3, kEnd});
  const Ran ran = run({.token_budget = 100'000}, script);
  std::vector<Token> expected(LoopDetector::kMinRun + 1, 1);
  expected.insert(expected.end(), {kNote, kNewline, kClose, kNewline, 2, 3});
  EXPECT_EQ(ran.text, expected);
  EXPECT_EQ(ran.guards, (std::vector{Guard::repetition, Guard::loop}));
}

TEST(ReasoningGuard, ALoopThatBeginsIsDiscouragedForAWhile) {
  ReasoningGuard guard(tokens(), {.token_budget = 100'000});
  const auto offer = [&](Token token) {
    EXPECT_EQ(guard.forced(), std::nullopt);
    EXPECT_EQ(guard.offer(token), Verdict::keep);
  };
  for (uint32_t i = 0; i < LoopDetector::kMinRun / 2; ++i) {
    EXPECT_FALSE(guard.discourages());
    offer(1);
  }
  offer(1);
  EXPECT_TRUE(guard.discourages());
  Token next = 1000;
  for (; guard.discourages() && next < 2000; ++next) offer(next);
  EXPECT_EQ(next, 1064);
  EXPECT_FALSE(guard.closed_by_force());
  ASSERT_EQ(guard.interventions().size(), 1U);
  EXPECT_EQ(guard.interventions()[0].guard, Guard::repetition);
}

TEST(ReasoningGuard, AThinkingBudgetSaysWhatIsLeftForTheAnswer) {
  const std::deque<Token> endless(2000, 5);
  const Ran ran =
      run({.token_budget = 1000, .thinking_budget = 900, .loop = LoopGuard::off}, endless);
  EXPECT_EQ(ran.n_content, 101U) << "with the newline behind </think>";
  const Ran vain =
      run({.token_budget = 1000, .thinking_budget = 5000, .loop = LoopGuard::off}, endless);
  EXPECT_EQ(vain.n_content, 257U) << "a budget beyond all tokens leaves the usual reserve";
}

TEST(ReasoningGuard, CanBeToldThatTheTextReasonsAfterAll) {
  ReasoningGuard guard(tokens(), {.start = Channel::content, .token_budget = 1000});
  guard.enter_reasoning();
  EXPECT_EQ(guard.offer(kEnd), Verdict::drop);
  EXPECT_EQ(guard.forced(), kNewline);
  EXPECT_TRUE(guard.closed_by_force());
}

TEST(ReasoningGuard, LoopInContentEndsTheTextOnlyIfAsked) {
  const std::deque<Token> script(1000, 1);
  const Ran free = run({.start = Channel::content, .token_budget = 900}, script);
  EXPECT_EQ(free.text.size(), 900U);
  const Ran guarded =
      run({.start = Channel::content, .token_budget = 900, .loop = LoopGuard::everywhere}, script);
  EXPECT_EQ(guarded.text.size(), LoopDetector::kMinRun + 1);
  EXPECT_EQ(guarded.last, Verdict::loop);
}

TEST(ReasoningGuard, CanBeToldThatTheReasoningIsOver) {
  ReasoningGuard guard(tokens(), {.token_budget = 1000, .thinking_budget = 2});
  EXPECT_EQ(guard.offer(1), Verdict::keep);
  guard.leave_reasoning();
  EXPECT_EQ(guard.offer(2), Verdict::keep);
  EXPECT_EQ(guard.offer(3), Verdict::keep);
  EXPECT_FALSE(guard.forced());
  EXPECT_EQ(guard.offer(kEnd), Verdict::end_of_turn);
  EXPECT_TRUE(guard.interventions().empty());
}

TEST(ReasoningGuard, NothingIsGuardedInContent) {
  const Ran ran = run({.start = Channel::content, .token_budget = 1000, .thinking_budget = 0},
                      {1, kCall, 2, kEnd, 3});
  EXPECT_EQ(ran.text, list({1, kCall, 2}));
  EXPECT_TRUE(ran.guards.empty());
  EXPECT_EQ(ran.n_reasoning, 0U);
}

TEST(ReasoningGuard, WithoutAThinkTokenEverythingIsContent) {
  GuardTokens special = tokens();
  special.think_close = -1;
  const Ran ran = run({.token_budget = 20}, {1, 2, kEnd}, special);
  EXPECT_EQ(ran.text, list({1, 2}));
  EXPECT_EQ(ran.n_content, 2U);
  EXPECT_TRUE(ran.guards.empty());
}

}  // namespace
}  // namespace stride::decode
