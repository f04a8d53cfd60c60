// SPDX-License-Identifier: Apache-2.0
// Several clients at once do all that a service lets them do, at moments that no test chooses. Each
// request is told of its end once, and what is not cut off is what it always was. ThreadSanitizer
// watches in CI.
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <map>
#include <thread>

#include "base/random.h"
#include "engine/scheduler.h"

namespace stride::engine {
namespace {

constexpr uint32_t kContext = 700, kClients = 4, kRequests = 24, kKinds = 5;

// One of a few requests that clients ask again and again. They share a beginning, so that the pages
// and marks of one are taken up by others.
ServiceRequest request(uint32_t kind) {
  ServiceRequest r;
  Random random(1);
  for (uint32_t i = 0; i < 300; ++i)
    r.input.prompt.push_back(static_cast<Token>(random.below(256)));
  r.input.prompt.resize(60 + 60 * kind);
  for (uint32_t i = 0; i < kind * 23; ++i)
    r.input.prompt.push_back(static_cast<Token>((i * 7 + kind) % 256));
  r.marks = {30, 150, static_cast<uint32_t>(r.input.prompt.size())};
  r.input.start = chat::OutputStart::reasoning;
  r.options.max_tokens = 20 + 5 * kind;
  r.options.ignore_end = true;
  r.options.n_logprobs = 1;
  r.options.loop_guard = decode::LoopGuard::off;
  r.options.sampling.temperature = kind % 2 == 0 ? 0 : 1;
  r.options.sampling.seed = kind;
  if (kind == 1) r.options.n_prompt_logprobs = 1;
  if (kind == 2) r.input.grammar = *grammar::compile_regex("[a-z]{1,30}");
  if (kind > 2) r.options.mtp_depth = kind - 2;
  return r;
}

struct Ends {
  std::atomic<uint32_t> n_taken = 0, n_told = 0, n_whole = 0, n_cut = 0, n_late = 0;
};

class Client {
 public:
  Client(uint32_t number, Scheduler& scheduler, const std::vector<std::vector<Token>>& expected,
         Ends& ends)
      : number_(number), scheduler_(scheduler), expected_(expected), ends_(ends) {}

  void run() {
    Random random(number_ + 100);
    std::vector<RequestId> open;
    for (uint32_t i = 0; i < kRequests; ++i) {
      if (const auto id = ask(static_cast<uint32_t>(random.below(kKinds)), random))
        open.push_back(*id);
      // Something to somebody, while some of them wait, some read and some answer.
      const RequestId any = open.empty() ? 1 : open[random.below(open.size())];
      switch (random.below(6)) {
        case 0:
          scheduler_.cancel(any);
          break;
        case 1:
          scheduler_.end_reasoning(any);
          break;
        case 2:
          EXPECT_LE(scheduler_.stats().n_running, 3U);
          break;
        case 3:
          scheduler_.cancel(random.below(kClients * kRequests));  // of another one, perhaps
          break;
        default:
          if (last_.valid()) last_.wait();
      }
    }
  }

 private:
  std::optional<RequestId> ask(uint32_t kind, Random& random) {
    ServiceRequest r = request(kind);
    r.client = std::to_string(number_ % 3);
    r.lane = random.below(3) == 0 ? Lane::background : Lane::interactive;
    if (random.below(4) == 0) r.cache_salt = r.client;
    if (random.below(8) == 0) r.deadline = std::chrono::milliseconds(random.below(40));
    auto told = std::make_shared<std::promise<void>>();
    auto future = told->get_future();
    ServiceListener listener;
    listener.on_prefill = [n = 0U](const PrefillProgress& p) mutable {
      EXPECT_GE(p.processed, n);
      n = p.processed;
    };
    listener.on_finish = [this, kind, told](Result<Generated> g) {
      judge(kind, g);
      told->set_value();
    };
    const auto id = scheduler_.submit(std::move(r), std::move(listener));
    if (!id) {
      EXPECT_EQ(id.error().code, Errc::exhausted) << id.error().message;
      return {};
    }
    ++ends_.n_taken;
    last_ = std::move(future);
    return *id;
  }

  void judge(uint32_t kind, const Result<Generated>& g) {
    ++ends_.n_told;
    if (!g) {
      EXPECT_EQ(g.error().code, Errc::timeout) << g.error().message;
      ++ends_.n_late;
      return;
    }
    const bool cut =
        g->finish_cause == FinishCause::cancelled || g->finish_cause == FinishCause::deadline;
    ++(cut ? ends_.n_cut : ends_.n_whole);
    // As far as it goes, and until somebody ended its thinking.
    for (size_t i = 0; i < g->tokens.size() && g->interventions.empty(); ++i)
      ASSERT_EQ(g->tokens[i].id, expected_[kind][i]) << kind << " " << i;
    if (!cut && g->interventions.empty()) {
      EXPECT_EQ(g->tokens.size(), expected_[kind].size());
    }
  }

  const uint32_t number_;
  Scheduler& scheduler_;
  const std::vector<std::vector<Token>>& expected_;
  Ends& ends_;
  std::future<void> last_;
};

TEST(SchedulerStress, EveryRequestIsToldOfItsEndOnce) {
  std::vector<std::string> warnings;
  const auto engine = *Engine::load(
      {.model = STRIDE_GOLDEN "/tiny/tiny-q8_0.gguf", .options = {.n_threads = 2, .max_rows = 48}},
      warnings);
  std::vector<std::vector<Token>> expected(kKinds);
  for (uint32_t kind = 0; kind < kKinds; ++kind) {
    const ServiceRequest r = request(kind);
    Session session = *Session::make(engine->model(), kContext);
    const auto alone = generate(*engine, session, r.input, r.options, {}, {});
    ASSERT_TRUE(alone) << alone.error().message;
    for (const GeneratedToken& token : alone->tokens) expected[kind].push_back(token.id);
  }
  SchedulerOptions options{.context = kContext, .max_running = 3, .max_waiting = 6};
  options.step_rows = 48;
  options.mark_spacing = 64;
  options.cache_bytes =
      3 * engine->model().window_bytes(kContext) + 5 * engine->model().page_bytes();
  Ends ends;
  const auto scheduler = *Scheduler::start(*engine, options);
  std::vector<Client> clients;
  for (uint32_t i = 0; i < kClients; ++i) clients.emplace_back(i, *scheduler, expected, ends);
  {
    std::vector<std::jthread> threads;
    for (Client& client : clients) threads.emplace_back([&] { client.run(); });
  }
  // Some still run.
  scheduler->shut_down(std::chrono::steady_clock::now());
  EXPECT_EQ(ends.n_told, ends.n_taken);
  EXPECT_GT(ends.n_whole, 0U);
  EXPECT_GT(ends.n_cut, 0U);
  EXPECT_EQ(scheduler->submit(request(0), {}).error().code, Errc::cancelled);
}

}  // namespace
}  // namespace stride::engine
