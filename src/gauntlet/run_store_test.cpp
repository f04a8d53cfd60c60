// SPDX-License-Identifier: Apache-2.0
#include "gauntlet/run_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <map>
#include <thread>

#include "base/random.h"
#include "gauntlet/database.h"
#include "gauntlet/lease_owner.h"

namespace stride::gauntlet {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// By value, so that loops may range over it.
std::vector<CellRecord> cells_of(RunStore& store, int64_t run) {
  return store.cells(run).value();
}

class Store : public testing::Test {
 protected:
  Store() { std::filesystem::create_directories(folder_); }
  ~Store() override { std::filesystem::remove_all(folder_); }

  std::string path() const { return (folder_ / "runs.db").string(); }
  RunStore open() const { return std::move(RunStore::open(path(), false)).value(); }

  static std::vector<CellKey> some_cells(uint32_t n) {
    std::vector<CellKey> cells;
    for (uint32_t i = 0; i < n; ++i) cells.push_back({"basic_reasoning", i % 5, i / 5, "warm"});
    return cells;
  }

 private:
  std::filesystem::path folder_ =
      std::filesystem::path(testing::TempDir()) /
      fmt::format("store{}_{}", ::getpid(),
                  testing::UnitTest::GetInstance()->current_test_info()->name());
};

FinishedCell finished(double score) {
  AttemptRecord record{.turn = 0, .n = 0, .t_start = 12.5, .contended = true, .cost_usd = 0.25};
  record.request_sha = "abc";
  Attempt& attempt = record.attempt;
  attempt.http_status = 200;
  attempt.answer = "the answer\n";
  attempt.reasoning = "because";
  attempt.calls = {{"1", "search", "{\"a\":1}"}};
  attempt.finish_reason = "stop";
  attempt.notes = {"odd"};
  attempt.tag_leak = true;
  attempt.timing = {.ttft = 0.5, .ttfa = 1.5, .total = 3, .itl = {0.1, 0.2}};
  attempt.usage = {.input = 10, .output = 7, .reasoning = 4, .source = TokenSource::usage};
  FinishedCell cell{.recovered_score = 1, .attempts = {record}};
  cell.grade = {.score = score,
                .passed = true,
                .failure = FailureClass::ok,
                .criteria = {{"answer", 0.6, 1, true, "42"}, {"steps", 0.4, 0.5, false, ""}},
                .flags = {"hallucinated"}};
  return cell;
}

TEST_F(Store, KeepsWhatAFinishedCellHolds) {
  RunStore store = open();
  const int64_t run = store.create({.created = 5, .pack = "core15@1", .model = "m"}).value();
  ASSERT_TRUE(store.add_cells(run, some_cells(1)));
  const auto cell = store.claim(run, "warm", "me", 100).value();
  ASSERT_TRUE(cell);
  EXPECT_EQ(cell->key, (CellKey{"basic_reasoning", 0, 0, "warm"}));
  ASSERT_TRUE(store.finish(cell->id, "me", finished(0.8)).value());

  const auto cells = store.cells(run).value();
  ASSERT_EQ(cells.size(), 1);
  EXPECT_EQ(cells[0].state, CellState::done);
  EXPECT_DOUBLE_EQ(cells[0].grade.score, 0.8);
  EXPECT_EQ(cells[0].recovered_score, 1);
  EXPECT_THAT(cells[0].grade.flags, ElementsAre("hallucinated"));
  EXPECT_EQ(cells[0].grader_version, kGraderVersion);
  const auto attempts = store.attempts(cell->id, Texts::load).value();
  ASSERT_EQ(attempts.size(), 1);
  const Attempt& attempt = attempts[0].attempt;
  EXPECT_EQ(attempt.answer, "the answer\n");
  EXPECT_EQ(attempt.reasoning, "because");
  EXPECT_THAT(attempt.calls, ElementsAre(CapturedCall{"1", "search", "{\"a\":1}"}));
  EXPECT_EQ(attempt.timing.ttfa, 1.5);
  EXPECT_EQ(attempt.timing.ttfr, std::nullopt);
  EXPECT_THAT(attempt.timing.itl, ElementsAre(0.1, 0.2));
  EXPECT_EQ(attempt.usage.reasoning, 4);
  EXPECT_EQ(attempt.usage.source, TokenSource::usage);
  EXPECT_THAT(attempt.notes, ElementsAre("odd"));
  EXPECT_TRUE(attempt.tag_leak);
  EXPECT_TRUE(attempts[0].contended);
  const auto criteria = store.criteria(cell->id).value();
  ASSERT_EQ(criteria.size(), 2);
  EXPECT_EQ(criteria[0].name, "answer");
  EXPECT_EQ(criteria[0].evidence, "42");
  EXPECT_TRUE(criteria[0].gate);
  EXPECT_DOUBLE_EQ(store.cost(run).value(), 0.25);
}

TEST_F(Store, WorkIsOrderedByRepeatThenVariantThenTest) {
  RunStore store = open();
  const int64_t run = store.create({}).value();
  const std::vector<CellKey> cells = {{"b", 0, 0}, {"b", 1, 0}, {"b", 0, 1}, {"a", 0, 0}};
  ASSERT_TRUE(store.add_cells(run, cells));
  ASSERT_TRUE(store.add_cells(run, cells));  // nothing twice
  std::vector<CellKey> order;
  while (const auto cell = store.claim(run, "warm", "me", 0).value()) order.push_back(cell->key);
  EXPECT_THAT(order, ElementsAre(cells[0], cells[3], cells[1], cells[2]));
}

TEST_F(Store, OnlyTheHolderOfTheLeaseFinishes) {
  RunStore store = open();
  const int64_t run = store.create({}).value();
  ASSERT_TRUE(store.add_cells(run, some_cells(1)));
  const int64_t cell = store.claim(run, "warm", "first", 0).value()->id;
  EXPECT_FALSE(store.claim(run, "warm", "second", 0).value());
  const auto alive = [](std::string_view) { return true; };
  EXPECT_EQ(store.return_leases(run, kLeaseSeconds - 1, alive), 0);
  ASSERT_TRUE(store.renew("first", 30));
  EXPECT_EQ(store.return_leases(run, kLeaseSeconds + 1, alive), 0);
  EXPECT_EQ(store.return_leases(run, kLeaseSeconds + 31, alive), 1);
  ASSERT_TRUE(store.claim(run, "warm", "second", 100).value());
  EXPECT_FALSE(store.finish(cell, "first", finished(1)).value());
  EXPECT_TRUE(store.attempts(cell, Texts::leave).value().empty());
  EXPECT_TRUE(store.finish(cell, "second", finished(0.5)).value());
  EXPECT_FALSE(store.finish(cell, "second", finished(1)).value());
  EXPECT_DOUBLE_EQ(store.cells(run).value()[0].grade.score, 0.5);
}

TEST_F(Store, LeasesOfTheDeadAreReturnedAtOnce) {
  RunStore store = open();
  const int64_t run = store.create({}).value();
  ASSERT_TRUE(store.add_cells(run, some_cells(1)));
  ASSERT_TRUE(store.claim(run, "warm", "gone", 0).value());
  EXPECT_EQ(store.return_leases(run, 1, [](std::string_view) { return false; }), 1);
  EXPECT_TRUE(store.claim(run, "warm", "me", 1).value());
}

TEST_F(Store, ReopenTakesWhatTransportLost) {
  RunStore store = open();
  const int64_t run = store.create({}).value();
  ASSERT_TRUE(store.add_cells(run, some_cells(3)));
  FinishedCell lost = finished(0);
  lost.grade.failure = FailureClass::http_5xx;
  FinishedCell broken = finished(0);
  broken.state = CellState::void_cell;
  for (const FinishedCell& cell : {finished(1), lost, broken})
    ASSERT_TRUE(store.finish(store.claim(run, "warm", "me", 0).value()->id, "me", cell).value());
  EXPECT_EQ(store.reopen(run, {}), 1);
  const FailureClass classes[] = {FailureClass::http_5xx};
  EXPECT_EQ(store.reopen(run, classes), 1);
  const auto cells = store.cells(run).value();
  EXPECT_EQ(cells[0].state, CellState::done);
  EXPECT_EQ(cells[1].state, CellState::pending);
  EXPECT_EQ(cells[2].state, CellState::pending);
  EXPECT_TRUE(store.attempts(cells[1].id, Texts::leave).value().empty());
}

TEST_F(Store, RegradeReplacesTheCriteria) {
  RunStore store = open();
  const int64_t run = store.create({}).value();
  ASSERT_TRUE(store.add_cells(run, some_cells(2)));
  const int64_t cell = store.claim(run, "warm", "me", 0).value()->id;
  ASSERT_TRUE(store.finish(cell, "me", finished(0.8)).value());
  ASSERT_TRUE(store.regrade(cell, {.score = 0.3, .criteria = {{"other", 1, 0.3}}}, std::nullopt));
  EXPECT_DOUBLE_EQ(store.cells(run).value()[0].grade.score, 0.3);
  EXPECT_EQ(store.criteria(cell).value().size(), 1);
  EXPECT_EQ(store.attempts(cell, Texts::leave).value().size(), 1);
  EXPECT_FALSE(store.regrade(store.cells(run).value()[1].id, {}, std::nullopt));
}

TEST_F(Store, RefusesFilesThatAreNotItsOwn) {
  EXPECT_FALSE(RunStore::open(path(), true));
  EXPECT_FALSE(std::filesystem::exists(path()));
  std::ofstream(path()) << "This is a text and not a database, which is told by its beginning.";
  const auto text = RunStore::open(path(), false);
  ASSERT_FALSE(text);
  EXPECT_THAT(text.error().message, HasSubstr("not a database"));
  std::filesystem::remove(path());
  {
    auto other = Database::open(path(), Database::Mode::create).value();
    ASSERT_TRUE(other.execute("CREATE TABLE t(x)"));
  }
  const auto foreign = RunStore::open(path(), false);
  ASSERT_FALSE(foreign);
  EXPECT_THAT(foreign.error().message, HasSubstr("not one of `stride gauntlet`"));
}

TEST_F(Store, ManyThreadsFinishEveryCellOnce) {
  RunStore store = open();
  const int64_t run = store.create({}).value();
  ASSERT_TRUE(store.add_cells(run, some_cells(60)));
  std::atomic<int> n_done = 0;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([&] {
        while (const auto cell = store.claim(run, "warm", "me", 0).value())
          n_done += store.finish(cell->id, "me", finished(1)).value() ? 1 : 0;
      });
  }
  EXPECT_EQ(n_done, 60);
  for (const CellRecord& cell : cells_of(store, run)) EXPECT_EQ(cell.tries, 1);
}

// The child claims and finishes cells, and notes each step in a file, until it is killed.
void work_until_killed(const std::string& path, int64_t run, const std::string& log) {
  auto store = RunStore::open(path, true).value();
  std::ofstream out(log, std::ios::app);
  const std::string owner = lease_owner();
  static_cast<void>(store.return_leases(run, 0, owner_alive));
  while (const auto cell = store.claim(run, "warm", owner, 0).value()) {
    out << "claimed " << cell->id << std::endl;
    if (store.finish(cell->id, owner, finished(1)).value())
      out << "finished " << cell->id << std::endl;
  }
}

TEST_F(Store, KilledAtAnyMomentLosesOnlyWhatIsInFlight) {
  constexpr uint32_t kCells = 150;
  const std::string log = path() + ".log";
  int64_t run = 0;
  {
    RunStore store = open();
    run = store.create({}).value();
    ASSERT_TRUE(store.add_cells(run, some_cells(kCells)));
  }
  Random random(5);
  int n_kills = 0;
  bool complete = false;
  while (!complete) {
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      work_until_killed(path(), run, log);
      ::_exit(0);
    }
    ::usleep(static_cast<useconds_t>(3000 + random.below(40'000)));
    ::kill(child, SIGKILL);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    complete = WIFEXITED(status);
    n_kills += complete ? 0 : 1;
  }
  std::map<std::string, int> claimed, done;
  std::ifstream in(log);
  for (std::string what, cell; in >> what >> cell;) ++(what == "claimed" ? claimed : done)[cell];
  int n_claims = 0;
  for (const auto& [cell, count] : claimed) n_claims += count;
  for (const auto& [cell, count] : done) EXPECT_EQ(count, 1) << cell;
  EXPECT_LE(n_claims, static_cast<int>(kCells) + n_kills);
  RunStore store = open();
  for (const CellRecord& cell : cells_of(store, run)) {
    EXPECT_EQ(cell.state, CellState::done);
    EXPECT_EQ(cell.tries, 1);
  }
}

TEST(LeaseOwner, KnowsWhoLives) {
  EXPECT_TRUE(owner_alive(lease_owner()));
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) ::_exit(0);
  const std::string mine = lease_owner();
  const std::string boot = mine.substr(0, mine.find('/'));
  ::waitpid(child, nullptr, 0);
  EXPECT_FALSE(owner_alive(fmt::format("{}/{}/123", boot, child)));
  EXPECT_FALSE(owner_alive(fmt::format("{}/{}/1", boot, ::getpid())));  // another of that number
  EXPECT_TRUE(owner_alive("another-boot/1/1"));
  EXPECT_TRUE(owner_alive("nonsense"));
}

}  // namespace
}  // namespace stride::gauntlet
