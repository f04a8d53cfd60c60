// SPDX-License-Identifier: Apache-2.0
#include "gauntlet/runner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <barrier>
#include <filesystem>
#include <latch>
#include <map>
#include <set>

namespace stride::gauntlet {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

// By value, so that loops may range over it.
std::vector<CellRecord> cells_of(RunStore& store, int64_t run) {
  return store.cells(run).value();
}
std::vector<AttemptRecord> attempts_of(RunStore& store, int64_t run) {
  return store.attempts_of_run(run).value();
}

// Asks for the word "good"; `tool_use` first wants a call, and then the word.
class FakeCase : public Case {
 public:
  explicit FakeCase(std::string test, uint32_t index) : test_(std::move(test)), index_(index) {}

  Question question() const override {
    return {.turns = {{.text = fmt::format("{} {}", test_, index_)}}};
  }
  std::vector<ChatTurn> reply(std::span<const Attempt> attempts) const override {
    if (test_ != "tool_use" || attempts.size() > 1) return {};
    return {{.role = ChatTurn::Role::tool, .text = "result"}};
  }
  Grade grade(std::span<const Attempt> attempts, Sandbox&) const override {
    return judge(attempts);
  }
  static Grade judge(std::span<const Attempt> attempts) {
    const bool good = attempts.back().answer == "good";
    Grade grade{.score = good ? 1.0 : 0.0, .passed = good, .clean = good};
    grade.failure = attempts.back().failure;
    if (grade.failure == FailureClass::ok && !good) grade.failure = FailureClass::wrong;
    return grade;
  }
  std::vector<PseudoAnswer> certification() const override { return {}; }

 private:
  std::string test_;
  uint32_t index_;
};

class Silent : public RunListener {
 public:
  void on_worker(size_t, std::string_view) override {}
  void on_cell(const CellNews&, const Standing& standing) override {
    last = standing;
    if (each) each(standing);
  }
  void on_note(std::string_view line) override { notes.emplace_back(line); }

  Standing last{};
  std::vector<std::string> notes{};
  std::function<void(const Standing&)> each{};
};

Attempt answer(std::string text) {
  Attempt attempt;
  attempt.http_status = 200;
  attempt.answer = std::move(text);
  attempt.timing = {.ttft = 0.1, .ttfa = 0.2, .total = 0.5};
  return attempt;
}

Attempt failed(FailureClass failure) {
  Attempt attempt;
  attempt.failure = failure;
  attempt.message = "went wrong";
  return attempt;
}

class Runner : public testing::Test {
 protected:
  Runner() {
    plan.tests = {"basic_reasoning", "debugging"};
    plan.n_variants = 3;
    setup.owner = "me";
    setup.prime = false;
    setup.examiner = {
        .supported = [](const TestInfo&) { return true; },
        .draw =
            [](const CellKey& cell) { return std::make_unique<FakeCase>(cell.test, cell.variant); },
        .grade = [](const TestInfo&, const Case&,
                    std::span<const Attempt> all) { return FakeCase::judge(all); },
        .recovered = [](const TestInfo&, const Case&, std::span<const Attempt>) { return 0.5; }};
    setup.clock = {.now = [this] { return now.load(); },
                   .sleep =
                       [this](double seconds, std::stop_token token) {
                         if (token.stop_requested()) return false;
                         const std::lock_guard lock(mutex);
                         slept.push_back(seconds);
                         now = now + seconds;
                         return true;
                       }};
    setup.ask = [](const Question&, const AskOptions&) { return answer("good"); };
  }
  ~Runner() override { std::filesystem::remove(path); }

  int64_t begin() {
    const int64_t id = store.create({}).value();
    EXPECT_TRUE(store.add_cells(id, planned_cells(plan)));
    return id;
  }
  RunOutcome run(int64_t id, std::string_view env = "warm") {
    return run_cells(store, id, plan, env, setup, listener, stop.get_token()).value();
  }
  std::map<CellState, int> states(int64_t id) {
    std::map<CellState, int> out;
    for (const CellRecord& cell : cells_of(store, id)) ++out[cell.state];
    return out;
  }

  std::string path = (std::filesystem::path(testing::TempDir()) /
                      fmt::format("runner{}_{}.db", ::getpid(),
                                  testing::UnitTest::GetInstance()->current_test_info()->name()))
                         .string();
  RunStore store = RunStore::open(path, false).value();
  RunPlan plan;
  RunnerSetup setup;
  Silent listener;
  std::stop_source stop;
  std::atomic<double> now = 1000;
  std::mutex mutex;
  std::vector<double> slept;
};

TEST_F(Runner, EveryCellIsAskedOnce) {
  plan.concurrency = 3;
  std::map<std::string, int> asked;
  setup.ask = [&](const Question& question, const AskOptions& options) {
    const std::lock_guard lock(mutex);
    ++asked[question.turns[0].text];
    EXPECT_TRUE(options.seed);
    return answer("good");
  };
  const int64_t id = begin();
  EXPECT_EQ(run(id).end, RunEnd::complete);
  EXPECT_THAT(asked, SizeIs(6));
  for (const auto& [question, n] : asked) EXPECT_EQ(n, 1) << question;
  EXPECT_EQ(listener.last.n_done, 6);
  EXPECT_DOUBLE_EQ(listener.last.score.value, 1);
  EXPECT_EQ(run(id).end, RunEnd::complete);  // nothing left to ask
  for (const auto& [question, n] : asked) EXPECT_EQ(n, 1) << question;
}

TEST_F(Runner, TransportIsTriedAgainAndAnswersAreNot) {
  plan.n_variants = 1;
  std::map<std::string, int> asked;
  setup.ask = [&](const Question& question, const AskOptions&) {
    const int n = ++asked[question.turns[0].text];
    if (question.turns[0].text == "debugging 0") return answer("bad");
    if (n == 1) return failed(FailureClass::http_5xx);
    if (n == 2) {
      Attempt attempt = failed(FailureClass::rate_limited);
      attempt.retry_after_s = 30;
      return attempt;
    }
    return answer("good");
  };
  const int64_t id = begin();
  EXPECT_EQ(run(id).end, RunEnd::complete);
  EXPECT_EQ(asked["basic_reasoning 0"], 3);
  EXPECT_EQ(asked["debugging 0"], 1);
  ASSERT_THAT(slept, SizeIs(2));
  EXPECT_LT(slept[0], 1);
  EXPECT_EQ(slept[1], 30);
  const auto cells = store.cells(id).value();
  EXPECT_TRUE(cells[0].grade.passed);
  EXPECT_EQ(cells[0].tries, 3);
  EXPECT_EQ(cells[1].grade.failure, FailureClass::wrong);
  const auto attempts = store.attempts(cells[0].id, Texts::leave).value();
  EXPECT_EQ(attempts[0].attempt.failure, FailureClass::http_5xx);
  EXPECT_EQ(attempts[2].attempt.failure, FailureClass::ok);
}

TEST_F(Runner, AfterFourRetriesTheCellHasFailed) {
  plan.tests = {"debugging"};
  plan.n_variants = 1;
  int n = 0;
  setup.ask = [&](const Question&, const AskOptions&) {
    ++n;
    return failed(FailureClass::http_5xx);
  };
  const int64_t id = begin();
  EXPECT_EQ(run(id).end, RunEnd::complete);
  EXPECT_EQ(n, 5);
  EXPECT_EQ(store.cells(id).value()[0].grade.failure, FailureClass::http_5xx);
  EXPECT_DOUBLE_EQ(store.cells(id).value()[0].grade.score, 0);
}

TEST_F(Runner, AStopDrainsAndTheRestIsResumed) {
  const int64_t id = begin();
  int n = 0;
  setup.ask = [&](const Question&, const AskOptions&) {
    if (++n == 2) stop.request_stop();  // while the second cell is being asked
    return answer("good");
  };
  EXPECT_EQ(run(id).end, RunEnd::stopped);
  EXPECT_EQ(states(id)[CellState::done], 2);
  EXPECT_EQ(states(id)[CellState::pending], 4);
  stop = std::stop_source();
  EXPECT_EQ(run(id).end, RunEnd::complete);
  EXPECT_EQ(n, 6);
}

TEST_F(Runner, ACellThatWaitsForAnotherTryIsGivenBack) {
  const int64_t id = begin();
  setup.ask = [&](const Question&, const AskOptions&) {
    stop.request_stop();
    return failed(FailureClass::rate_limited);
  };
  EXPECT_EQ(run(id).end, RunEnd::stopped);
  EXPECT_EQ(states(id)[CellState::pending], 6);
}

TEST_F(Runner, CostStopsBeforeTheLimitIsPassed) {
  plan.max_cost = 0.25;
  setup.ask = [](const Question&, const AskOptions&) {
    Attempt attempt = answer("good");
    attempt.usage.cost_usd = 0.1;
    return attempt;
  };
  const int64_t id = begin();
  const RunOutcome outcome = run(id);
  EXPECT_EQ(outcome.end, RunEnd::budget);
  EXPECT_THAT(outcome.note, HasSubstr("--max-cost"));
  EXPECT_EQ(states(id)[CellState::done], 2);
  EXPECT_NEAR(store.cost(id).value(), 0.2, 1e-9);
  plan.max_cost = 10;
  EXPECT_EQ(run(id).end, RunEnd::complete);
}

TEST_F(Runner, ALimitThatCannotBeKeptEndsTheRun) {
  plan.max_cost = 1;
  const int64_t id = begin();
  EXPECT_EQ(run(id).end, RunEnd::budget);
  EXPECT_EQ(states(id)[CellState::done], 5);
}

TEST_F(Runner, AnEndpointThatIsNotThereCostsNoCells) {
  setup.prime = true;
  setup.ask = [](const Question&, const AskOptions&) {
    return failed(FailureClass::connect_timeout);
  };
  const int64_t id = begin();
  const RunOutcome outcome = run(id);
  EXPECT_EQ(outcome.end, RunEnd::unusable);
  EXPECT_THAT(outcome.note, HasSubstr("went wrong"));
  EXPECT_EQ(states(id)[CellState::pending], 6);
}

TEST_F(Runner, AnEndpointThatGoesAwayLeavesItsCellsPending) {
  int n = 0;
  setup.ask = [&](const Question&, const AskOptions&) {
    return ++n == 1 ? answer("good") : failed(FailureClass::connect_timeout);
  };
  const int64_t id = begin();
  EXPECT_EQ(run(id).end, RunEnd::unusable);
  EXPECT_EQ(states(id)[CellState::done], 1);
  EXPECT_EQ(states(id)[CellState::pending], 5);
}

TEST_F(Runner, ADialogueHasATurnForEachReply) {
  plan.tests = {"tool_use"};
  plan.n_variants = 1;
  std::vector<size_t> n_turns;
  setup.ask = [&](const Question& question, const AskOptions&) {
    n_turns.push_back(question.turns.size());
    return answer("good");
  };
  const int64_t id = begin();
  EXPECT_EQ(run(id).end, RunEnd::complete);
  EXPECT_THAT(n_turns, testing::ElementsAre(1, 2));
  const auto attempts = store.attempts(store.cells(id).value()[0].id, Texts::load).value();
  ASSERT_THAT(attempts, SizeIs(2));
  EXPECT_EQ(attempts[1].turn, 1);
  EXPECT_THAT(final_attempts(attempts), SizeIs(2));
}

TEST_F(Runner, AGraderThatThrowsVoidsTheCell) {
  setup.examiner.grade = [](const TestInfo& test, const Case&, std::span<const Attempt> attempts) {
    if (test.id == "debugging") throw std::runtime_error("no such thing");
    return FakeCase::judge(attempts);
  };
  const int64_t id = begin();
  const RunOutcome outcome = run(id);
  EXPECT_EQ(outcome.end, RunEnd::complete);
  EXPECT_EQ(outcome.n_void, 3);
  EXPECT_EQ(states(id)[CellState::void_cell], 3);
  EXPECT_DOUBLE_EQ(listener.last.score.value, 1);  // void is no result
}

TEST_F(Runner, WhatCannotBeGradedIsNotAsked) {
  setup.examiner.supported = [](const TestInfo& test) { return test.id != "debugging"; };
  int n = 0;
  setup.ask = [&](const Question&, const AskOptions&) {
    ++n;
    return answer("good");
  };
  const int64_t id = begin();
  EXPECT_EQ(run(id).end, RunEnd::complete);
  EXPECT_EQ(n, 3);
  EXPECT_EQ(states(id)[CellState::unsupported], 3);
  EXPECT_EQ(states(id)[CellState::done], 3);
}

TEST_F(Runner, ColdCellsAreCold) {
  plan.envs = {"cold"};
  std::set<std::string> nonces;
  int n_commands = 0;
  setup.cold_command = [&]() -> Result<> {
    ++n_commands;
    return {};
  };
  setup.ask = [&](const Question&, const AskOptions& options) {
    EXPECT_TRUE(options.new_connection);
    nonces.insert(options.nonce);
    return answer("good");
  };
  const int64_t id = begin();
  EXPECT_EQ(run(id, "cold").end, RunEnd::complete);
  EXPECT_THAT(nonces, SizeIs(6));
  EXPECT_EQ(n_commands, 6);
  EXPECT_THAT(slept, SizeIs(6));
  for (const double seconds : slept) EXPECT_GE(seconds, kLeastColdIdle);
}

TEST_F(Runner, RequestModesAreAskedForApart) {
  plan.tests = {"structured_output", "debugging"};
  plan.envs = {"warm", "json_object", "json_schema"};
  std::map<AnswerFormat, int> formats;
  setup.ask = [&](const Question&, const AskOptions& options) {
    ++formats[options.format];
    return answer("good");
  };
  const int64_t id = begin();
  for (const std::string& env : plan.envs) EXPECT_EQ(run(id, env).end, RunEnd::complete);
  EXPECT_EQ(formats[AnswerFormat::text], 6);
  EXPECT_EQ(formats[AnswerFormat::json_object], 3);
  EXPECT_EQ(formats[AnswerFormat::json_schema], 3);
}

TEST_F(Runner, CellsWithCompanyAreFlagged) {
  plan.tests = {"debugging"};
  plan.n_variants = 2;
  plan.concurrency = 2;
  std::barrier together(2);
  setup.ask = [&](const Question&, const AskOptions&) {
    together.arrive_and_wait();
    return answer("good");
  };
  int64_t id = begin();
  EXPECT_EQ(run(id).end, RunEnd::complete);
  for (const AttemptRecord& attempt : attempts_of(store, id)) EXPECT_TRUE(attempt.contended);
  plan.concurrency = 1;
  setup.ask = [](const Question&, const AskOptions&) { return answer("good"); };
  id = begin();
  EXPECT_EQ(run(id).end, RunEnd::complete);
  for (const AttemptRecord& attempt : attempts_of(store, id)) EXPECT_FALSE(attempt.contended);
}

TEST_F(Runner, RequestsPerMinuteAreKept) {
  plan.rpm = 6;  // one at once, then one every ten seconds
  const double begin_at = now;
  const int64_t id = begin();
  EXPECT_EQ(run(id).end, RunEnd::complete);
  EXPECT_GE(now - begin_at, 49.9);
}

TEST_F(Runner, RepeatsExtendARun) {
  const int64_t id = begin();
  EXPECT_EQ(run(id).end, RunEnd::complete);
  plan.repeats = 2;
  ASSERT_TRUE(store.add_cells(id, planned_cells(plan)));
  int n = 0;
  setup.ask = [&](const Question&, const AskOptions&) {
    ++n;
    return answer("good");
  };
  EXPECT_EQ(run(id).end, RunEnd::complete);
  EXPECT_EQ(n, 6);
  EXPECT_EQ(states(id)[CellState::done], 12);
}

TEST_F(Runner, RegradesOffline) {
  setup.ask = [](const Question&, const AskOptions&) {
    Attempt attempt = answer("good");
    attempt.reasoning = "thought";
    return attempt;
  };
  const int64_t id = begin();
  EXPECT_EQ(run(id).end, RunEnd::complete);
  Examiner strict = setup.examiner;
  strict.grade = [](const TestInfo&, const Case&, std::span<const Attempt> attempts) {
    EXPECT_EQ(attempts.back().answer, "good");
    EXPECT_EQ(attempts.back().reasoning, "thought");
    return Grade{.score = 0.25, .failure = FailureClass::wrong};
  };
  EXPECT_EQ(regrade(store, id, strict), 6);
  for (const CellRecord& cell : cells_of(store, id)) {
    EXPECT_DOUBLE_EQ(cell.grade.score, 0.25);
    EXPECT_EQ(cell.recovered_score, 0.5);
  }
}

}  // namespace
}  // namespace stride::gauntlet
