// SPDX-License-Identifier: Apache-2.0
#include "gauntlet/knowledge_boundary.h"

#include <gmock/gmock.h>

namespace stride::gauntlet {
namespace {

using enum Knows;

std::vector<DatedFact> facts_of(std::initializer_list<std::pair<int, int>> months) {
  std::vector<DatedFact> out;
  for (const auto& [year, month] : months)
    out.push_back({.year = year, .month = month, .question = "Who?", .accepted = {"Ada Holm"}});
  return out;
}

TEST(KnowledgeBoundary, ReadsFactsAndNamesTheWrongOne) {
  const auto facts = read_dated_facts(
      R"([{"date":"2024-05","question":"Who won?","accepted":["Ada Holm"]},
          {"date":"2024-06-30","question":"How many?","accepted":["12"]}])");
  ASSERT_TRUE(facts) << facts.error().message;
  EXPECT_EQ((*facts)[1].month, 6);
  for (const char* text :
       {"{}", "[]", R"([{"date":"2024","question":"Q","accepted":["a"]}])",
        R"([{"date":"2024-13","question":"Q","accepted":["a"]}])",
        R"([{"date":"2024-05","question":"","accepted":["a"]}])",
        R"([{"date":"2024-05","question":"Q","accepted":["."]}])", R"([{"date":"2024-05x"}])"})
    EXPECT_FALSE(read_dated_facts(text)) << text;
  EXPECT_THAT(read_dated_facts(R"([{"date":"x"}])").error().message, testing::HasSubstr("fact 1"));
}

TEST(KnowledgeBoundary, JudgesAnAnswer) {
  const DatedFact fact{.year = 2024, .month = 5, .question = "?", .accepted = {"Ada Holm", "12"}};
  EXPECT_EQ(judge_fact(fact, "It was **Ada Holm**."), right);
  EXPECT_EQ(judge_fact(fact, "Twelve."), right);
  EXPECT_EQ(judge_fact(fact, "Ada Holmes"), wrong);
  EXPECT_EQ(judge_fact(fact, "UNKNOWN"), unknown);
  EXPECT_EQ(judge_fact(fact, " \n"), failed);
}

TEST(KnowledgeBoundary, FindsWhereKnowledgeEnds) {
  const auto facts = facts_of({{2024, 8}, {2023, 1}, {2023, 12}, {2024, 2}, {2024, 5}, {2024, 11}});
  const std::vector<Knows> answers = {unknown, right, right, right, wrong, unknown};
  const KnowledgeCurve curve = knowledge_curve(facts, answers);
  ASSERT_EQ(curve.quarters.size(), 6U);
  ASSERT_TRUE(curve.boundary);
  EXPECT_EQ(curve.quarters[*curve.boundary].year, 2024);
  EXPECT_EQ(curve.quarters[*curve.boundary].quarter, 2);
  EXPECT_EQ(curve.quarters[*curve.boundary].n_wrong, 1U);
}

TEST(KnowledgeBoundary, SaysNothingWhereThereIsNone) {
  const auto facts = facts_of({{2023, 1}, {2024, 1}});
  EXPECT_FALSE(knowledge_curve(facts, std::vector{right, right}).boundary);
  EXPECT_FALSE(knowledge_curve(facts, std::vector{wrong, unknown}).boundary);
  EXPECT_FALSE(knowledge_curve(facts, std::vector{failed, failed}).boundary);
  EXPECT_FALSE(knowledge_curve(facts, std::vector{unknown, right}).boundary);
}

}  // namespace
}  // namespace stride::gauntlet
