// SPDX-License-Identifier: Apache-2.0
// Many requests at once on real (tiny, random) models: each is told what it would be told alone.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.h"
#include "engine/scheduler.h"
#include "engine/test_asked.h"

namespace stride::engine {
namespace {

double chosen_logprob(const decode::Logprobs& logprobs) {
  return logprobs.chosen.logprob;
}

// Prompts that share beginnings, with every kind of sampling, in whatever company.
class SchedulerCompany : public ::testing::TestWithParam<std::tuple<const char*, uint32_t>> {};

TEST_P(SchedulerCompany, ChangesNothing) {
  const auto [name, n_running] = GetParam();
  std::vector<std::string> warnings;
  const auto engine = *Engine::load({.model = std::string(STRIDE_GOLDEN "/tiny/") + name + ".gguf",
                                     .options = {.n_threads = 2, .max_rows = 48}},
                                    warnings);
  Random random(11);
  const auto ids = [&](size_t n) {
    std::vector<Token> out(n);
    for (Token& id : out) id = static_cast<Token>(random.below(320));
    return out;
  };
  const std::vector<Token> trunk = ids(900);
  SchedulerOptions options{.context = 1400, .max_running = n_running, .max_waiting = 100};
  options.step_rows = 48;
  options.cache_bytes =
      n_running * engine->model().window_bytes(1400) + 30 * engine->model().page_bytes();
  const auto scheduler = *Scheduler::start(*engine, options);
  std::vector<ServiceRequest> requests;
  for (int i = 0; i < 14; ++i) {
    ServiceRequest& r = requests.emplace_back();
    r.input.prompt.assign(trunk.begin(), trunk.begin() + 1 + random.below(trunk.size()));
    const auto tail = ids(random.below(200));
    r.input.prompt.insert(r.input.prompt.end(), tail.begin(), tail.end());
    r.client = std::string(1, static_cast<char>('a' + i % 3));
    r.options.max_tokens = 1 + random.below(40);
    r.options.ignore_end = true;
    r.options.n_logprobs = 3;
    r.options.sampling.temperature = random.below(2) == 0 ? 0.0F : 1.0F;
    r.options.sampling.seed = i;
    if (random.below(3) > 0) r.options.mtp_depth = random.below(4);
    if (i % 4 == 0) r.options.n_prompt_logprobs = 2;
  }
  std::vector<Asked> asked;
  std::vector<std::vector<decode::Logprobs>> scores(requests.size());
  for (size_t i = 0; i < requests.size(); ++i)
    asked.push_back(submit(*scheduler, requests[i], {.on_prompt_logprobs = [&, i](const auto& all) {
      scores[i].assign(all.begin(), all.end());
    }}));
  std::vector<Generated> together;
  for (Asked& a : asked) {
    auto g = a.end.get();
    ASSERT_TRUE(g) << g.error().message;
    together.push_back(std::move(*g));
  }
  EXPECT_GT(scheduler->stats().reused_tokens, 0U);
  EXPECT_LE(scheduler->stats().cache_bytes, options.cache_bytes);
  scheduler->shut_down(std::chrono::steady_clock::now());
  for (size_t i = 0; i < requests.size(); ++i) {
    Session session = *Session::make(engine->model(), 1400);
    const auto check_scores = [&](const auto& all) {
      ASSERT_EQ(all.size() + 1, requests[i].input.prompt.size());
      ASSERT_TRUE(std::ranges::equal(all, scores[i], {}, chosen_logprob, chosen_logprob)) << i;
      scores[i].clear();
    };
    const Generated alone = *generate(*engine, session, requests[i].input, requests[i].options,
                                      {.on_prompt_logprobs = check_scores}, {});
    ASSERT_TRUE(scores[i].empty());
    ASSERT_EQ(alone.tokens.size(), together[i].tokens.size()) << i;
    for (size_t t = 0; t < alone.tokens.size(); ++t) {
      ASSERT_EQ(alone.tokens[t].id, together[i].tokens[t].id) << i << " " << t;
      ASSERT_EQ(alone.tokens[t].logprobs->chosen.logprob,
                together[i].tokens[t].logprobs->chosen.logprob);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Models, SchedulerCompany,
                         ::testing::Combine(::testing::Values("tiny-f32", "tiny-q4_k_s"),
                                            ::testing::Values(1U, 3U, 8U)));

// A request that had to make room for another one in the middle of its answer goes on as if nothing
// had been.
TEST(SchedulerSetBack, ChangesNothing) {
  constexpr uint32_t kContext = 1000;
  std::vector<std::string> warnings;
  const auto engine = *Engine::load(
      {.model = STRIDE_GOLDEN "/tiny/tiny-q8_0.gguf", .options = {.n_threads = 1, .max_rows = 128}},
      warnings);
  SchedulerOptions options{.context = kContext, .max_running = 2, .step_rows = 128};
  options.cache_bytes =
      2 * engine->model().window_bytes(kContext) + 4 * engine->model().page_bytes();
  const auto scheduler = *Scheduler::start(*engine, options);
  std::vector<ServiceRequest> requests(2);
  std::vector<Asked> asked;
  for (size_t i = 0; i < requests.size(); ++i) {
    requests[i].input.prompt = {1, 2, static_cast<Token>(3 + i)};
    requests[i].options.max_tokens = 600;
    requests[i].options.ignore_end = true;
    requests[i].options.sampling.seed = i;
    asked.push_back(submit(*scheduler, requests[i]));
  }
  std::vector<Generated> together;
  for (Asked& a : asked) together.push_back(*a.end.get());
  EXPECT_GT(scheduler->stats().n_set_back, 0U);
  scheduler->shut_down(std::chrono::steady_clock::now());  // the engine is its own until then
  for (size_t i = 0; i < requests.size(); ++i) {
    Session session = *Session::make(engine->model(), kContext);
    const Generated alone =
        *generate(*engine, session, requests[i].input, requests[i].options, {}, {});
    EXPECT_EQ(together[i].tokens.size(), 600U);
    EXPECT_TRUE(std::ranges::equal(together[i].tokens, alone.tokens, {}, &GeneratedToken::id,
                                   &GeneratedToken::id));
  }
}

// An id that the vocabulary lacks is its own request's failure.
TEST(SchedulerFailure, ConcernsOneRequest) {
  std::vector<std::string> warnings;
  const auto engine = *Engine::load(
      {.model = STRIDE_GOLDEN "/tiny/tiny-f32.gguf", .options = {.n_threads = 1}}, warnings);
  const auto scheduler = *Scheduler::start(*engine, {.context = 512, .max_running = 4});
  std::vector<Asked> asked;
  for (int i = 0; i < 6; ++i) {
    ServiceRequest r;
    r.input.prompt = {1, 2, 3, i % 2 == 0 ? 4 : 100000, 5, static_cast<Token>(i)};
    r.options.max_tokens = 20;
    r.options.ignore_end = true;
    asked.push_back(submit(*scheduler, std::move(r)));
  }
  for (int i = 0; i < 6; ++i) {
    const auto g = asked[i].end.get();
    EXPECT_EQ(g.has_value(), i % 2 == 0);
    if (!g) {
      EXPECT_THAT(g.error().message, testing::HasSubstr("not in the vocabulary"));
    }
  }
}

}  // namespace
}  // namespace stride::engine
