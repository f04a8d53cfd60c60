// SPDX-License-Identifier: Apache-2.0
#include "bench/mtp.h"

#include <gtest/gtest.h>

#include "bench/mtp_report.h"
#include "decode/testing/scripted_model.h"
#include "engine/test_turns.h"

namespace stride::bench {
namespace {

using decode::testing::ScriptedModel;
using decode::testing::TokenScript;
using model::Token;

constexpr uint32_t kLetters = 23;

// Says a letter that depends on how much was said; its heads say 'a'.
std::unique_ptr<ScriptedModel> make_model(uint32_t n_head) {
  const auto n_vocab = static_cast<uint32_t>(engine::make_tokenizer().size());
  auto model = std::make_unique<ScriptedModel>(
      n_vocab, 16, TokenScript([](std::span<const Token> tokens) {
        return static_cast<Token>('b' + tokens.size() * tokens.size() % kLetters);
      }));
  if (n_head > 0)
    model->add_heads(n_head, [](uint32_t, std::span<const Token>) { return Token{'a'}; });
  return model;
}

PromptClass make_class(const engine::Engine& engine, std::string name,
                       const std::vector<std::string>& texts) {
  PromptClass c{std::move(name), {}};
  for (const std::string& text : texts) c.prompts.push_back(engine.encode_raw(text));
  return c;
}

bool go_on(const Progress&) {
  return true;
}

class Mtp : public ::testing::Test {
 protected:
  void simulate(std::vector<double> acceptance) {
    inner_ = make_model(3);
    auto heads = *SimulatedHeads::create(*inner_, std::move(acceptance));
    heads_ = heads.get();
    engine_ = std::make_unique<engine::Engine>(std::move(heads), engine::make_tokenizer());
  }

  std::unique_ptr<ScriptedModel> inner_;
  SimulatedHeads* heads_ = nullptr;
  std::unique_ptr<engine::Engine> engine_;
};

TEST_F(Mtp, CountsWhatWasSimulated) {
  simulate({0.89, 0.76, 0.69});
  const MtpPlan plan{.n_pair = 4, .n_gen = 600, .depth = 3, .ignore_end = true};
  const std::vector classes = {make_class(*engine_, "letters", {"abc", "another prompt"})};
  const auto outcome = run_mtp(*engine_, heads_, plan, classes, go_on);
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_TRUE(outcome->complete);
  ASSERT_EQ(outcome->classes.size(), 1U);
  const MtpMeasurement& m = outcome->classes[0];
  EXPECT_EQ(m.n_prompt, 2U);
  EXPECT_EQ(m.n_token, 2U * 599);
  ASSERT_EQ(m.pairs.size(), 4U);
  for (const MtpPair& pair : m.pairs) {
    EXPECT_GT(pair.plain_seconds, 0);
    EXPECT_GT(pair.drafting_seconds, 0);
    // What the last pass of an answer read, beside its drafts, may not be asked about.
    EXPECT_NEAR(pair.stats.n_token, 2 * 599, 2 * 4);
  }
  EXPECT_NE(m.pairs[0].stats.n_pass, m.pairs[1].stats.n_pass) << "another luck in each pair";
  const MtpFigures f = figures_of(m);
  ASSERT_EQ(f.acceptance.size(), 3U);
  EXPECT_NEAR(f.acceptance[0], 0.89, 0.03);
  EXPECT_NEAR(f.acceptance[1], 0.76, 0.04);
  EXPECT_NEAR(f.acceptance[2], 0.69, 0.05);
  EXPECT_NEAR(f.tokens_per_pass, 1 + 0.89 + 0.89 * 0.76 + 0.89 * 0.76 * 0.69, 0.1);

  const auto again = run_mtp(*engine_, heads_, plan, classes, go_on);
  for (size_t i = 0; i < m.pairs.size(); ++i)
    EXPECT_EQ(again->classes[0].pairs[i].stats.n_pass, m.pairs[i].stats.n_pass);
}

TEST_F(Mtp, HeadsThatAreNeverRightAreMeasuredToo) {
  engine_ = std::make_unique<engine::Engine>(make_model(2), engine::make_tokenizer());
  const MtpPlan plan{.n_pair = 1, .n_gen = 40};
  const auto outcome =
      run_mtp(*engine_, nullptr, plan,
              {make_class(*engine_, "a", {"x"}), make_class(*engine_, "b", {"y", "z"})}, go_on);
  ASSERT_TRUE(outcome);
  ASSERT_EQ(outcome->classes.size(), 2U);
  for (const double a : figures_of(outcome->classes[1]).acceptance) EXPECT_EQ(a, 0);
}

TEST_F(Mtp, CanBeStopped) {
  simulate({1, 1, 1});
  uint32_t n_left = 1 + 2 + 1;  // without a clock, a pair, half of the next
  const auto outcome = run_mtp(*engine_, heads_, {.n_gen = 8},
                               {make_class(*engine_, "a", {"x"}), make_class(*engine_, "b", {"y"})},
                               [&](const Progress&) { return --n_left > 0; });
  ASSERT_TRUE(outcome);
  EXPECT_FALSE(outcome->complete);
  ASSERT_EQ(outcome->classes.size(), 1U);
  EXPECT_EQ(outcome->classes[0].pairs.size(), 1U);
}

TEST_F(Mtp, RefusesWhatMeasuresNothing) {
  simulate({1, 1, 1});
  const std::vector classes = {make_class(*engine_, "a", {"x"})};
  const auto says = [&](const MtpPlan& plan, const std::vector<PromptClass>& some) {
    const auto outcome = run_mtp(*engine_, heads_, plan, some, go_on);
    return outcome ? std::string() : outcome.error().message;
  };
  EXPECT_EQ(says({.n_pair = 0}, classes), "0 pairs; there must be at least 1");
  EXPECT_EQ(says({.n_gen = 1}, classes), "answers of 1 tokens have no room for drafts");
  EXPECT_NE(says({.depth = 4}, classes).find("3 MTP heads"), std::string::npos);
  EXPECT_NE(says({.depth = 0}, classes).find("nothing to compare"), std::string::npos);
  EXPECT_EQ(says({}, {{"empty", {}}}), "class empty has no prompts");
  engine_ = std::make_unique<engine::Engine>(make_model(0), engine::make_tokenizer());
  heads_ = nullptr;
  EXPECT_NE(says({}, classes).find("no MTP heads"), std::string::npos);
}

}  // namespace
}  // namespace stride::bench
