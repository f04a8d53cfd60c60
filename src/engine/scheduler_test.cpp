// SPDX-License-Identifier: Apache-2.0
// What happens to many requests at once, on a scripted model. scheduler_company_test.cpp has what
// they are told.
#include "engine/scheduler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "decode/testing/scripted_model.h"
#include "engine/test_asked.h"
#include "engine/test_turns.h"

namespace stride::engine {
namespace {

using decode::testing::ScriptedModel;
using decode::testing::TokenScript;

// A model that says what a script tells it, and waits before each of its runs when it is asked to.
class SchedulerTest : public ::testing::Test {
 protected:
  void make(const Script& script, SchedulerOptions options = {}) {
    text::Tokenizer tokenizer = make_tokenizer();
    auto reader = std::make_shared<text::Tokenizer>(make_tokenizer());
    const auto n_vocab = static_cast<uint32_t>(tokenizer.size());
    auto model = std::make_unique<ScriptedModel>(
        n_vocab, 16, TokenScript([reader, script](std::span<const Token> tokens) {
          return reader->encode(script(reader->decode(tokens)), text::Special::allow).at(0);
        }));
    model_ = model.get();
    engine_ = std::make_unique<Engine>(std::move(model), std::move(tokenizer));
    scheduler_ = *Scheduler::start(*engine_, options);
  }

  ServiceRequest ask(const std::string& text) const {
    chat::Conversation c;
    c.messages = {chat::text_message(chat::Role::user, text)};
    ServiceRequest request{.input = *engine_->encode(*chat::render(c))};
    request.options.sampling.temperature = 0;
    return request;
  }

  // Holds the model before its next run until release() is called.
  void hold() {
    gate_ = std::make_shared<std::promise<void>>();
    model_->on_forward = [opened = gate_->get_future().share()] { opened.wait(); };
  }
  void release() { gate_->set_value(); }

  ScriptedModel* model_ = nullptr;
  std::unique_ptr<Engine> engine_;
  std::shared_ptr<std::promise<void>> gate_;
  std::unique_ptr<Scheduler> scheduler_;
};

TEST_F(SchedulerTest, AnswersAndTellsWhatHappens) {
  make(follow("Hm.\n</think>\nFour."));
  std::string streamed;
  PrefillProgress progress;
  size_t n_token = 0;
  ServiceRequest request = ask("2+2?");
  const auto n_prompt = static_cast<uint32_t>(request.input.prompt.size());
  auto asked = submit(*scheduler_, std::move(request),
                      {.on_prefill = [&](const PrefillProgress& p) { progress = p; },
                       .on_delta = [&](const chat::Delta& d) { streamed += d.text; },
                       .on_token = [&](const GeneratedToken&) { ++n_token; }});
  const Generated g = *asked.end.get();
  EXPECT_EQ(g.output.reasoning, "Hm.");
  EXPECT_EQ(g.output.content, "Four.");
  EXPECT_EQ(streamed, "Hm.Four.");
  EXPECT_EQ(n_token, g.tokens.size());
  EXPECT_EQ(progress.total, n_prompt);
  EXPECT_EQ(progress.processed, n_prompt);
  EXPECT_EQ(g.finish_cause, FinishCause::end_of_turn);
  EXPECT_EQ(g.usage.prompt_tokens, n_prompt);
}

TEST_F(SchedulerTest, WhatIsAskedTwiceIsReadOnce) {
  make(follow("\n</think>\nYes."));
  const std::string long_text(2000, 'x');
  EXPECT_EQ(submit(*scheduler_, ask(long_text)).end.get()->usage.reused_tokens, 0U);
  const Generated again = *submit(*scheduler_, ask(long_text)).end.get();
  EXPECT_GE(again.usage.reused_tokens + 64, again.usage.prompt_tokens);
  const Generated other = *submit(*scheduler_, ask(long_text + " or not")).end.get();
  EXPECT_GE(other.usage.matched_tokens, 2000U);
  EXPECT_GE(other.usage.reused_tokens + 512 + 64, other.usage.matched_tokens);
  EXPECT_EQ(other.output.content, "Yes.");
}

TEST_F(SchedulerTest, CachesOfDifferentSaltsAreApart) {
  make(follow("\n</think>\nYes."));
  const std::string long_text(2000, 'x');
  for (const std::string salt : {"a", "b"}) {
    ServiceRequest request = ask(long_text);
    request.cache_salt = salt;
    EXPECT_EQ(submit(*scheduler_, std::move(request)).end.get()->usage.matched_tokens, 0U);
  }
}

// The second waits for the first to have read what both begin with.
TEST_F(SchedulerTest, WhatTwoAskAtOnceIsReadOnce) {
  make(follow("\n</think>\nYes."));
  hold();
  const std::string long_text(3000, 'x');
  std::vector<Asked> asked;
  for (int i = 0; i < 4; ++i) asked.push_back(submit(*scheduler_, ask(long_text)));
  release();
  uint32_t n_read = 0;
  for (Asked& a : asked) {
    const Generated g = *a.end.get();
    EXPECT_EQ(g.output.content, "Yes.");
    n_read += g.usage.prompt_tokens - g.usage.reused_tokens;
  }
  EXPECT_LE(n_read, 3100U + 3 * 64);
}

TEST_F(SchedulerTest, ManyShareASteps) {
  make(follow("I think so, all things considered.\n</think>\nYes, certainly."));
  hold();
  std::vector<Asked> asked;
  for (int i = 0; i < 8; ++i)
    asked.push_back(submit(*scheduler_, ask(std::string(1, static_cast<char>('a' + i)))));
  release();
  size_t n_token = 0;
  for (Asked& a : asked) n_token += a.end.get()->tokens.size();
  const ServiceStats stats = scheduler_->stats();
  EXPECT_LE(stats.n_step, n_token / 4);
  EXPECT_EQ(stats.generated_tokens, n_token);
}

TEST_F(SchedulerTest, CancelEndsARequestWhereverItIs) {
  make(follow(std::string(500, 'r')), {.max_running = 2});
  hold();
  auto running = submit(*scheduler_, ask("one"));
  auto reading = submit(*scheduler_, ask(std::string(3000, 'x')));
  auto waiting = submit(*scheduler_, ask("three"));
  auto left = submit(*scheduler_, ask("four"));
  for (const Asked* a : {&running, &reading, &waiting}) scheduler_->cancel(a->id);
  release();
  for (Asked* a : {&running, &reading, &waiting}) {
    const auto g = a->end.get();
    ASSERT_TRUE(g) << g.error().message;
    EXPECT_EQ(g->finish_cause, FinishCause::cancelled);
  }
  EXPECT_EQ(left.end.get()->finish_cause, FinishCause::end_of_turn);
  scheduler_->cancel(running.id);  // long gone
}

TEST_F(SchedulerTest, AFullQueueRefuses) {
  make(follow("\n</think>\nYes."), {.max_running = 1, .max_waiting = 2});
  hold();
  std::vector<Asked> asked;
  for (int i = 0; i < 3; ++i) asked.push_back(submit(*scheduler_, ask("x")));
  const auto refused = scheduler_->submit(ask("x"), {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::exhausted);
  EXPECT_THAT(refused.error().message, testing::HasSubstr("queue is full"));
  release();
  for (Asked& a : asked) EXPECT_TRUE(a.end.get());
}

TEST_F(SchedulerTest, BadRequestsAreRefusedAtOnce) {
  make(follow("\n</think>\nYes."), {.context = 100});
  ServiceRequest empty = ask("x");
  empty.input.prompt.clear();
  EXPECT_EQ(scheduler_->submit(std::move(empty), {}).error().code, Errc::invalid_argument);
  EXPECT_EQ(scheduler_->submit(ask(std::string(200, 'x')), {}).error().code, Errc::exhausted);
  ServiceRequest bad = ask("x");
  bad.options.max_tokens = 0;
  EXPECT_EQ(scheduler_->submit(std::move(bad), {}).error().code, Errc::invalid_argument);
  bad = ask("x");
  bad.options.mtp_depth = 7;
  EXPECT_EQ(scheduler_->submit(std::move(bad), {}).error().code, Errc::invalid_argument);
  EXPECT_EQ(scheduler_->stats().n_waiting, 0U);
}

// One client's many requests do not keep another one's single request waiting until their end.
TEST_F(SchedulerTest, ClientsTakeTurns) {
  make(follow("\n</think>\nYes."), {.max_running = 1});
  hold();
  std::mutex mutex;
  std::vector<std::string> order;
  std::vector<Asked> asked;
  const auto add = [&](const std::string& client) {
    ServiceRequest request = ask("x" + std::to_string(asked.size()));
    request.client = client;
    asked.push_back(submit(*scheduler_, std::move(request), {.on_prefill = [&, client](auto&) {
      const std::lock_guard lock(mutex);
      if (order.empty() || order.back() != client) order.push_back(client);
    }}));
  };
  for (int i = 0; i < 6; ++i) add("many");
  add("one");
  release();
  for (Asked& a : asked) EXPECT_TRUE(a.end.get());
  EXPECT_EQ(order, (std::vector<std::string>{"many", "one", "many"}));
}

TEST_F(SchedulerTest, TheBackgroundWaits) {
  make(follow("\n</think>\nYes."), {.max_running = 1});
  hold();
  std::vector<std::string> order;
  std::vector<Asked> asked;
  const auto add = [&](const std::string& name, Lane lane) {
    ServiceRequest request = ask(name);
    request.lane = lane;
    asked.push_back(submit(*scheduler_, std::move(request), {.on_prefill = [&, name](auto&) {
      if (order.empty() || order.back() != name) order.push_back(name);
    }}));
  };
  add("first", Lane::interactive);
  add("title", Lane::background);
  add("second", Lane::interactive);
  release();
  for (Asked& a : asked) EXPECT_TRUE(a.end.get());
  EXPECT_EQ(order, (std::vector<std::string>{"first", "second", "title"}));
}

TEST_F(SchedulerTest, TellsPlacesInTheQueue) {
  make(follow("\n</think>\nYes."), {.max_running = 1});
  hold();
  auto first = submit(*scheduler_, ask("a"));
  std::vector<uint32_t> places;
  auto second = submit(*scheduler_, ask("b"));
  auto third =
      submit(*scheduler_, ask("c"), {.on_queued = [&](uint32_t n) { places.push_back(n); }});
  release();
  for (Asked* a : {&first, &second, &third}) EXPECT_TRUE(a->end.get());
  EXPECT_TRUE(std::ranges::is_sorted(places, std::greater()));
  EXPECT_FALSE(places.empty());
}

TEST_F(SchedulerTest, DeadlinesAreKept) {
  make(follow(std::string(3000, 'r')), {.max_running = 1});
  hold();
  auto running = submit(*scheduler_, ask("a"));
  ServiceRequest late = ask("b");
  late.deadline = std::chrono::milliseconds(0);
  auto waiting = submit(*scheduler_, std::move(late));
  release();
  const auto end = waiting.end.get();
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().code, Errc::timeout);
  EXPECT_TRUE(running.end.get());
}

TEST_F(SchedulerTest, ReasoningEndsWhenItIsAskedTo) {
  make(follow(std::string(200, 'r')));
  std::promise<void> thinking;
  std::shared_future<void> go = thinking.get_future().share();
  std::promise<void> asked_for;
  std::shared_future<void> done = asked_for.get_future().share();
  size_t n = 0;
  auto asked = submit(*scheduler_, ask("a"), {.on_token = [&](const GeneratedToken&) {
    if (++n == 3) thinking.set_value();
    if (n == 3) done.wait();
  }});
  go.wait();
  EXPECT_TRUE(scheduler_->end_reasoning(asked.id));
  EXPECT_FALSE(scheduler_->end_reasoning(asked.id + 1));
  asked_for.set_value();
  const Generated g = *asked.end.get();
  ASSERT_EQ(g.interventions.size(), 1U);
  EXPECT_EQ(g.interventions[0].guard, decode::Guard::request);
  EXPECT_LT(g.usage.reasoning_tokens, 20U);
}

TEST_F(SchedulerTest, ShuttingDownLetsRunningOnesEnd) {
  make(follow("\n</think>\nYes."));
  hold();
  auto asked = submit(*scheduler_, ask("a"));
  std::jthread closer(
      [&] { scheduler_->shut_down(std::chrono::steady_clock::now() + std::chrono::minutes(5)); });
  while (true) {
    const auto refused = scheduler_->submit(ask("b"), {});
    if (!refused && refused.error().code == Errc::cancelled) break;
  }
  release();
  EXPECT_EQ(asked.end.get()->output.content, "Yes.");
}

TEST_F(SchedulerTest, ShuttingDownInTimeCutsTheRest) {
  make(follow(std::string(2000, 'r')));
  auto asked = submit(*scheduler_, ask("a"));
  scheduler_->shut_down(std::chrono::steady_clock::now());
  EXPECT_EQ(asked.end.get()->finish_cause, FinishCause::cancelled);
}

TEST_F(SchedulerTest, ShuttingDownReturnsAfterTheLastWord) {
  make(follow("\n</think>\nYes."));
  std::future<void> closed;
  std::promise<bool> early;
  ServiceListener listener;
  listener.on_finish = [&](const auto&) {
    closed = std::async(std::launch::async,
                        [&] { scheduler_->shut_down(std::chrono::steady_clock::now()); });
    early.set_value(closed.wait_for(std::chrono::milliseconds(20)) == std::future_status::ready);
  };
  ASSERT_TRUE(scheduler_->submit(ask("a"), std::move(listener)));
  EXPECT_FALSE(early.get_future().get());
  closed.get();
}

// With room for few pages, requests are set back and read again, and nothing is lost.
TEST_F(SchedulerTest, ABudgetIsKeptAndNothingIsLost) {
  const std::string said(700, 'r');
  SchedulerOptions options{.context = 2048, .max_running = 4};
  options.cache_bytes = 4 * 1000 + 20 * 4 * cache::kPageTokens;
  make(follow(said + "\n</think>\nYes."), options);
  std::vector<Asked> asked;
  for (int i = 0; i < 6; ++i) {
    ServiceRequest request = ask(std::string(1000, static_cast<char>('a' + i)));
    request.options.loop_guard = decode::LoopGuard::off;
    request.options.answer_reserve = 0;
    asked.push_back(submit(*scheduler_, std::move(request)));
  }
  for (Asked& a : asked) {
    const auto g = a.end.get();
    ASSERT_TRUE(g) << g.error().message;
    EXPECT_EQ(g->output.reasoning, said);
    EXPECT_EQ(g->output.content, "Yes.");
  }
  EXPECT_LE(scheduler_->stats().cache_bytes, options.cache_bytes);
}

// However little there is, those that have begun come to an end before others take their room.
TEST_F(SchedulerTest, AnyBudgetLetsAllEnd) {
  const std::string said(60, 'r');
  for (uint64_t n_page = 3; n_page < 10; ++n_page) {
    SchedulerOptions options{.context = 700, .max_running = 3, .mark_spacing = 64};
    options.cache_bytes = 3 * 1000 + n_page * 4 * cache::kPageTokens;
    make(follow(said + "\n</think>\nYes."), options);
    hold();
    std::vector<Asked> asked;
    for (int i = 0; i < 4; ++i) {
      ServiceRequest request = ask(std::string(170 + 20 * i, static_cast<char>('a' + i / 2)));
      request.options.loop_guard = decode::LoopGuard::off;
      request.deadline = std::chrono::minutes(1);
      asked.push_back(submit(*scheduler_, std::move(request)));
    }
    release();
    for (Asked& a : asked) {
      const auto g = a.end.get();
      ASSERT_TRUE(g) << g.error().message;
      EXPECT_EQ(g->output.content, "Yes.") << n_page;
    }
    scheduler_.reset();  // before its engine
  }
}

// Room for a rewind point is made before it is taken, and none is taken where there is none.
TEST_F(SchedulerTest, RewindPointsKeepTheBudgetAtAnyTime) {
  SchedulerOptions options{.context = 2048, .max_running = 1, .mark_spacing = 64};
  options.cache_bytes = 1000 + 8 * 4 * cache::kPageTokens + 6000;
  make(follow(std::string(100, 'r') + "\n</think>\nYes."), options);
  for (int i = 0; i < 4; ++i) {
    ServiceRequest request = ask(std::string(1500, static_cast<char>('a' + i)));
    EXPECT_EQ(submit(*scheduler_, std::move(request)).end.get()->output.content, "Yes.");
  }
  scheduler_->shut_down(std::chrono::steady_clock::now());
  EXPECT_GT(model_->point_bytes().most, 6 * 4 * cache::kPageTokens);
  EXPECT_LE(model_->point_bytes().most, options.cache_bytes - 1000);
}

TEST_F(SchedulerTest, ABudgetForNothingIsRefused) {
  make(follow(""));
  const auto refused = Scheduler::start(*engine_, {.cache_bytes = 1500});
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, testing::HasSubstr("budget"));
}

}  // namespace
}  // namespace stride::engine
