// SPDX-License-Identifier: Apache-2.0
#include "nano/skills.h"

#include <gtest/gtest.h>

#include <set>

#include "json/json.h"
#include "nano/column_work.h"
#include "nano/verify.h"

namespace stride::nano {
namespace {

// Sanitizers make the generators twenty times slower; a tenth of the samples visits the same code.
#ifdef __SANITIZE_ADDRESS__
constexpr uint64_t kFewer = 10;
#else
constexpr uint64_t kFewer = 1;
#endif

Difficulty difficulty_of(uint64_t index) {
  return {static_cast<double>(index % 11) / 10, index % 7 == 0 ? 1500u : 256u};
}

class EachSkill : public testing::TestWithParam<int> {
 protected:
  Skill skill() const { return static_cast<Skill>(GetParam()); }
};

TEST_P(EachSkill, ReferenceAnswersAreAccepted) {
  for (uint64_t i = 0; i < 2000 / kFewer; ++i) {
    const Sample sample = draw_sample(skill(), Split::train, 1, i, difficulty_of(i));
    ASSERT_EQ(sample.skill, skill());
    ASSERT_FALSE(sample.key.empty());
    ASSERT_EQ(sample.turns.front().role, Role::user);
    ASSERT_EQ(sample.turns.back().role, Role::assistant);
    const Verdict verdict = verify_reference(sample);
    ASSERT_TRUE(verdict.correct) << sample.kind << ": " << sample.turns.front().content << "\n"
                                 << verdict.why;
    ASSERT_TRUE(verdict.well_formed);
  }
}

// The answer of another sample of the same kind is nearly always wrong; a verifier that accepts
// everything is caught.
TEST_P(EachSkill, OtherAnswersAreRejected) {
  int n_other = 0, n_accepted = 0;
  for (uint64_t i = 0; i < 1000; ++i) {
    const Sample sample = draw_sample(skill(), Split::train, 2, i, difficulty_of(i));
    const Sample other = draw_sample(skill(), Split::train, 3, i, difficulty_of(i + 1));
    if (other.turns.back().content == sample.turns.back().content &&
        other.turns.back().calls.empty())
      continue;
    ++n_other;
    n_accepted +=
        verify(sample, other.turns.back().content, other.turns.back().calls).correct ? 1 : 0;
  }
  EXPECT_GT(n_other, 500);
  EXPECT_LT(n_accepted, n_other / 10);
}

TEST_P(EachSkill, SameIndexGivesTheSameSample) {
  for (uint64_t i = 0; i < 50; ++i) {
    const Sample a = draw_sample(skill(), Split::eval, 5, i, difficulty_of(i));
    const Sample b = draw_sample(skill(), Split::eval, 5, i, difficulty_of(i));
    ASSERT_EQ(a.key, b.key);
    ASSERT_EQ(a.turns.back().content, b.turns.back().content);
    ASSERT_EQ(a.turns.back().reasoning, b.turns.back().reasoning);
    ASSERT_EQ(a.tools, b.tools);
  }
}

INSTANTIATE_TEST_SUITE_P(Skills, EachSkill, testing::Range(0, kSkills), [](const auto& tested) {
  return std::string(skill_name(static_cast<Skill>(tested.param)));
});

TEST(Split, NoEvaluationItemOccursInTraining) {
  std::set<std::string> held_out;
  for (int s = 0; s < kSkills; ++s)
    for (uint64_t i = 0; i < 400; ++i) {
      const Sample sample = draw_sample(static_cast<Skill>(s), Split::eval, 7, i, difficulty_of(i));
      ASSERT_EQ(split_of(sample), Split::eval);
      held_out.insert(sample.key);
    }
  for (uint64_t i = 0; i < 100'000 / kFewer; ++i) {
    const Sample sample = draw_sample(static_cast<Skill>(i % kSkills), Split::train, 11, i,
                                      {static_cast<double>(i % 11) / 10, 256});
    ASSERT_FALSE(held_out.contains(sample.key)) << sample.key;
  }
}

TEST(ColumnWork, HasItsFixedNotation) {
  EXPECT_EQ(work_add(347, 285, Effort::low), "7+5=12, 4+8+1=13, 3+2+1=6");
  EXPECT_EQ(work_add(347, 285, Effort::medium), "7+5=12, 4+8+1=13, 3+2+1=6 = 632");
  EXPECT_EQ(work_add(347, 285, Effort::high),
            "7+5=12, write 2, carry 1\n4+8+1=13, write 3, carry 1\n3+2+1=6, write 6\nResult: 632");
  EXPECT_EQ(work_add(3, 4, Effort::medium), "3+4=7");
  EXPECT_EQ(work_subtract(302, 105, Effort::medium),
            "2<5, 12-5=7, 10-1=9, 9-0=9, 3-1=2, 2-1=1 = 197");
  EXPECT_EQ(work_multiply(47, 6, Effort::low), "7*6=42, 4*6=24, 24+4=28");
  EXPECT_EQ(work_divide(347, 6, Effort::medium), "34=6*5+4, 47=6*7+5");
  EXPECT_EQ(work_compare(347, 352, Effort::medium), "3=3, 4<5");
  EXPECT_EQ(work_compare(347, 352, Effort::low), "4<5");
}

// Reads the digits that the high form says to write, from the right, and compares them with the
// true result.
TEST(ColumnWork, WrittenDigitsGiveTheResult) {
  Random random(3);
  for (int i = 0; i < 5000; ++i) {
    const auto a = static_cast<int64_t>(random.below(10'000)),
               b = static_cast<int64_t>(random.below(10'000));
    const std::string work = work_add(a, b, Effort::high);
    std::string digits;
    for (size_t at = work.find("write "); at != work.npos; at = work.find("write ", at + 1)) {
      const size_t end = work.find_first_of(",\n", at);
      digits.insert(0, work.substr(at + 6, end - at - 6));
    }
    while (digits.size() > 1 && digits.front() == '0') digits.erase(0, 1);
    ASSERT_EQ(digits, std::to_string(a + b)) << work;
  }
}

TEST(Skills, NamesAreFoundAgain) {
  for (int s = 0; s < kSkills; ++s)
    EXPECT_EQ(skill_from_name(skill_name(static_cast<Skill>(s))), static_cast<Skill>(s));
  EXPECT_FALSE(skill_from_name("nothing"));
}

TEST(Effort, ChangesTheLengthOfTheReasoning) {
  size_t size[4] = {}, n[4] = {};
  for (int s = 0; s < kSkills; ++s)
    for (uint64_t i = 0; i < 300; ++i) {
      const Sample sample =
          draw_sample(static_cast<Skill>(s), Split::train, 9, i, difficulty_of(i));
      size[static_cast<int>(sample.effort)] += sample.turns.back().reasoning.size();
      ++n[static_cast<int>(sample.effort)];
    }
  const auto mean = [&](Effort effort) {
    return static_cast<double>(size[static_cast<int>(effort)]) /
           static_cast<double>(n[static_cast<int>(effort)]);
  };
  EXPECT_LT(mean(Effort::low) * 2, mean(Effort::medium));
  EXPECT_LT(mean(Effort::medium) * 1.5, mean(Effort::high));
  EXPECT_NEAR(mean(Effort::medium), mean(Effort::unset), mean(Effort::medium) * 0.25);
}

TEST(Skills, DeclaredToolsAndJsonAnswersParse) {
  for (uint64_t i = 0; i < 2000 / kFewer; ++i) {
    const Sample tools = draw_sample(Skill::tools, Split::train, 4, i, difficulty_of(i));
    ASSERT_FALSE(tools.tools.empty());
    ASSERT_LE(tools.tools.size(), 3u);
    for (const std::string& tool : tools.tools) ASSERT_TRUE(json::parse(tool)) << tool;
    for (const Turn& turn : tools.turns)
      for (const Call& call : turn.calls)
        ASSERT_TRUE(json::parse(call.arguments)) << call.arguments;
    const Sample sample = draw_sample(Skill::json, Split::train, 4, i, difficulty_of(i));
    if (const auto* check = std::get_if<JsonCheck>(&sample.check)) {
      ASSERT_TRUE(json::parse(check->expected));
      const std::string schema = check->schema.empty() ? "{}" : check->schema;
      ASSERT_TRUE(json::parse(schema)) << schema;
    }
  }
}

}  // namespace
}  // namespace stride::nano
