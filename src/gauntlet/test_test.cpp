// SPDX-License-Identifier: Apache-2.0
// The fifteen tests as a whole: their table, their variants, the guards and the selftest.
#include "gauntlet/test.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "gauntlet/answers_testing.h"
#include "gauntlet/cases.h"
#include "gauntlet/code_references.h"
#include "gauntlet/content_texts.h"
#include "gauntlet/handbook.h"
#include "gauntlet/json_tasks.h"
#include "gauntlet/pattern.h"
#include "gauntlet/prose.h"
#include "gauntlet/rules.h"
#include "gauntlet/seating_puzzle.h"
#include "gauntlet/selftest.h"
#include "gauntlet/summary_articles.h"

namespace stride::gauntlet {
namespace {

constexpr std::string_view kToday = "2026-11-26";

TEST(Tests, TheOrderOfThePublishedSeries) {
  ASSERT_EQ(tests().size(), 15u);
  EXPECT_EQ(tests()[0].id, "basic_reasoning");
  EXPECT_EQ(tests()[8].id, "structured_output");
  EXPECT_EQ(tests()[8].pass_score, 0.70);
  EXPECT_EQ(tests()[14].id, "recent_knowledge");
  EXPECT_EQ(find_test("tool_use")->max_turns, 6u);
  EXPECT_EQ(find_test("nothing"), nullptr);
}

TEST(Tests, VariantsDifferAndRepeat) {
  for (const TestInfo& test : tests()) {
    std::set<std::string> prompts;
    for (uint32_t i = 0; i < kFrozenVariants; ++i) {
      const auto once = make_case(test.id, {.index = i}, kToday)->question();
      const auto again = make_case(test.id, {.index = i}, kToday)->question();
      ASSERT_FALSE(once.turns.empty());
      EXPECT_EQ(once.turns.back().text, again.turns.back().text);
      prompts.insert(once.turns.back().text);
    }
    EXPECT_EQ(prompts.size(), kFrozenVariants) << test.id;
    const auto fresh = make_case(test.id, {.seed = 99}, kToday)->question();
    EXPECT_EQ(fresh.turns.back().text,
              make_case(test.id, {.seed = 99}, kToday)->question().turns.back().text);
  }
}

// Everything that needs no sandbox, also over many drawn variants.
TEST(Selftest, EveryCheckHolds) {
  Sandbox none = Sandbox::unavailable("not in this test");
  const SelftestReport report = selftest(none, {.fresh = 25});
  for (const SelftestRow& row : report.rows) {
    EXPECT_TRUE(row.holds) << row.test << ' ' << row.variant.index << ' '
                           << row.variant.seed.value_or(0) << ' ' << row.check << " wanted "
                           << row.wanted << ", got " << row.score << '\n'
                           << row.detail;
  }
  EXPECT_GT(report.rows.size(), 5000u);
  EXPECT_THAT(report.unsupported, testing::ElementsAre("code_generation", "debugging"));
}

// Of the tests that run code one variant here; `stride gauntlet selftest` runs them all.
TEST(Selftest, TheKeysOfTheTracedProgramsAreWhatPythonPrints) {
  if (!shared_sandbox().available()) GTEST_SKIP() << shared_sandbox().unavailable_reason();
  const SelftestReport report =
      selftest(shared_sandbox(), {.fresh = 10, .only = "code_execution_reasoning"});
  size_t n = 0;
  for (const SelftestRow& row : report.rows) {
    EXPECT_TRUE(row.holds) << row.check << '\n' << row.detail;
    n += row.check == "the key is what Python prints" ? 1 : 0;
  }
  EXPECT_EQ(n, 15u);
}

TEST(Guards, WhatIsNotDeliveredIsZero) {
  const TestInfo& test = *find_test("basic_reasoning");
  const auto drawn = make_case(test.id, {}, kToday);
  std::vector<Attempt> attempts(1);
  const auto graded = [&] { return grade(test, *drawn, attempts, shared_sandbox()); };
  EXPECT_EQ(graded().failure, FailureClass::empty_answer);
  attempts[0].reasoning = drawn->certification()[7].attempts[0].answer;
  EXPECT_EQ(graded().failure, FailureClass::reasoning_only);
  EXPECT_EQ(graded().score, 0);
  EXPECT_NEAR(recovered_score(test, *drawn, attempts, shared_sandbox()), 1, 1e-9);
  attempts[0].failure = FailureClass::truncated_in_reasoning;
  EXPECT_EQ(graded().failure, FailureClass::truncated_in_reasoning);
  EXPECT_NEAR(recovered_score(test, *drawn, attempts, shared_sandbox()), 1, 1e-9);
  attempts[0] = {};
  attempts[0].failure = FailureClass::http_5xx;
  EXPECT_EQ(graded().failure, FailureClass::http_5xx);
  attempts[0] = {};
  attempts[0].answer = drawn->question().turns[0].text + " Yes.";
  EXPECT_EQ(graded().failure, FailureClass::echo);
  attempts[0].answer = "I'm sorry, I cannot assist with that.";
  EXPECT_EQ(graded().failure, FailureClass::refused);
  // A call is no answer where no tools were offered.
  attempts[0] = {};
  attempts[0].calls = {{"c", "submit", "{\"answer\":42}"}};
  EXPECT_EQ(graded().score, 0);
  EXPECT_EQ(graded().failure, FailureClass::empty_answer);
  attempts.clear();
  EXPECT_EQ(graded().failure, FailureClass::harness_error);
}

TEST(Guards, ALeakedTagIsNotClean) {
  const TestInfo& test = *find_test("basic_reasoning");
  const auto drawn = make_case(test.id, {}, kToday);
  std::vector<Attempt> attempts = drawn->certification()[7].attempts;
  EXPECT_TRUE(grade(test, *drawn, attempts, shared_sandbox()).clean);
  attempts[0].tag_leak = true;
  EXPECT_TRUE(grade(test, *drawn, attempts, shared_sandbox()).passed);
  EXPECT_FALSE(grade(test, *drawn, attempts, shared_sandbox()).clean);
}

TEST(Guards, TheRecoveredTailIsTheLastEightThousandCharacters) {
  const TestInfo& test = *find_test("basic_reasoning");
  const auto drawn = make_case(test.id, {}, kToday);
  std::vector<Attempt> attempts(1);
  attempts[0].reasoning =
      drawn->certification()[7].attempts[0].answer + std::string(9000, '\n') + "hm";
  EXPECT_LE(recovered_score(test, *drawn, attempts, shared_sandbox()), 0.4);
}

TEST(CodeReferences, KnownValues) {
  EXPECT_EQ(lucas_mod(0, 10), 2u);
  EXPECT_EQ(lucas_mod(1, 10), 1u);
  EXPECT_EQ(lucas_mod(2, 10), 3u);
  EXPECT_EQ(lucas_mod(10, 1000), 123u);
  EXPECT_EQ(lucas_mod(0, 1), 0u);
  EXPECT_EQ(lucas_mod(5, 1), 0u);
  EXPECT_EQ(lucas_mod(0, 2), 0u);
  EXPECT_EQ(lucas_mod(987654321, 65537), 62411u);
  EXPECT_EQ(lucas_mod(1'000'000'000'000, 97), 62u);
  EXPECT_EQ(lucas_mod(1'000'000'000'000, 1'000'000'007), 687187671u);
  EXPECT_EQ(recurrence({2}, {1}, 10, 1'000'000), 1024u);
  EXPECT_EQ(recurrence({0, 0, 1}, {4, 5, 6}, 7, 100), 5u);
  EXPECT_EQ(to_roman(1994), "MCMXCIV");
  EXPECT_EQ(to_roman(3999), "MMMCMXCIX");
  EXPECT_EQ(csv_split("\"x\"\"y\",,z"), (std::vector<std::string>{"x\"y", "", "z"}));
  EXPECT_EQ(csv_split("a\"b"), std::nullopt);
  EXPECT_EQ(weight_profile({{0, 5, 1}, {5, 9, 1}}), (std::vector<Weighted>{{0, 9, 1}}));
  ExpiringCache cache(1, 10);
  cache.put("a", 1, 0);
  EXPECT_EQ(cache.get("a", 9), 1);
  EXPECT_EQ(cache.get("a", 10), std::nullopt);
}

TEST(SeatingPuzzle, OneSolutionAndNoIdleClue) {
  const SeatingPuzzle first = puzzle_for({.index = 0});
  EXPECT_EQ(first.names[first.solution[0]], "Bram");
  for (uint64_t seed = 0; seed < 40; ++seed) {
    EXPECT_EQ(puzzle_fault(puzzle_for({.seed = seed})), "") << seed;
  }
  SeatingPuzzle loose = first;
  loose.clues.pop_back();
  EXPECT_NE(puzzle_fault(loose), "");
}

TEST(Witnesses, EveryRuleSetCanBeObeyed) {
  std::set<Rule::Kind> kinds;
  for (uint64_t seed = 0; seed < 200; ++seed) {
    Random random(seed);
    for (const Witness& witness : witnesses()) {
      const std::vector<Rule> rules = draw_rules(witness, random);
      ASSERT_EQ(rules.size(), 8u);
      for (size_t i = 0; i < rules.size(); ++i) {
        kinds.insert(rules[i].kind);
        EXPECT_TRUE(rules[i].holds(witness.text)) << rules[i].text();
        for (size_t k = 0; k < i; ++k)
          EXPECT_FALSE(conflict(rules[i], rules[k])) << rules[i].text() << rules[k].text();
      }
    }
  }
  EXPECT_EQ(kinds.size(), kRuleKinds);
}

TEST(ReferenceTexts, HaveTheirLengths) {
  for (const ContentTopic& topic : content_topics())
    EXPECT_EQ(words(topic.reference).size(), 200u) << topic.subject;
  for (const SummaryArticle& article : summary_articles()) {
    EXPECT_EQ(words(filled(article.reference, article.slots)).size(), 100u) << article.reference;
    EXPECT_GT(words(article.text).size(), 120u);
    EXPECT_EQ(article.facts.size(), 12u);
  }
  EXPECT_EQ(words(witnesses()[0].text).size(), 63u);
}

TEST(JsonTasks, EighteenAssertionsEach) {
  for (size_t i = 0; i < kJsonTasks; ++i) {
    EXPECT_EQ(json_task(i, nullptr).assertions.size(), kJsonAssertions);
  }
}

TEST(Handbook, LengthDepthAndDistractors) {
  for (const size_t n : {2000u, 8000u, 32'000u}) {
    const Handbook book = make_handbook(7, n);
    const auto length = static_cast<double>(words(book.text).size());
    EXPECT_NEAR(length / static_cast<double>(n), 1.1, 0.3) << n;
    ASSERT_EQ(book.questions.size(), 6u);
    const Tokens all = tokens(book.text);
    for (size_t i = 0; i < 4; ++i) {
      EXPECT_TRUE(matches(all, book.questions[i].accepted[0]));
      for (const std::string& other : book.questions[i].distractors)
        EXPECT_TRUE(matches(all, other));
    }
  }
  const auto small = make_long_context_case({}, 2000);
  EXPECT_LT(small->question().turns[0].text.size(),
            make_case("long_context_rag", {}, kToday)->question().turns[0].text.size());
}

}  // namespace
}  // namespace stride::gauntlet
