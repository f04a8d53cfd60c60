// SPDX-License-Identifier: Apache-2.0
#include "gauntlet/published_pack.h"

#include <gmock/gmock.h>

#include "gauntlet/sandbox.h"

namespace stride::gauntlet {
namespace {

std::string prompts_file(std::string_view without = "") {
  std::string out = "{";
  for (const PublishedTest& test : published_tests()) {
    if (test.id == without) continue;
    if (out.size() > 1) out += ',';
    out += '"' + std::string(test.id) + "\":";
    out += test.id == "code_execution_reasoning"
               ? R"({"prompt":"What is printed?","expected":["[1, 2]","[1, 2]","[3]"]})"
           : test.id == "long_context_rag" ? R"({"prompt":"Who?","context":"A document."})"
                                           : R"("Answer this.")";
  }
  return out + '}';
}

size_t index_of(std::string_view id) {
  for (size_t i = 0; i < kPublishedTests; ++i)
    if (published_tests()[i].id == id) return i;
  return kPublishedTests;
}

double score(std::string_view id, std::string_view answer) {
  static Sandbox sandbox = Sandbox::open();
  const PublishedPrompts prompts = read_published_prompts(prompts_file()).value();
  const size_t i = index_of(id);
  return published_score(i, prompts[i], answer, sandbox).value();
}

TEST(PublishedPack, AnEmptyAnswerGetsWhatTheTableSays) {
  double sum = 0;
  for (const PublishedTest& test : published_tests()) {
    EXPECT_NEAR(score(test.id, ""), test.empty, 1e-9) << test.id;
    sum += score(test.id, "");
  }
  EXPECT_NEAR(sum / kPublishedTests, kPublishedFloor, 0.001);
}

TEST(PublishedPack, ComputesTheFormulas) {
  EXPECT_NEAR(score("basic_reasoning", "It is 36 or 40."), 0.7, 1e-9);
  EXPECT_NEAR(score("algorithm_explanation", "One. Two. Three."), 0.65, 1e-9);
  EXPECT_NEAR(score("algorithm_explanation", "One. Two. Three. O(log n)."), 0.5, 1e-9);
  EXPECT_NEAR(score("complex_reasoning", "Not Dave."), 0.75, 1e-9);
  EXPECT_NEAR(score("long_context_rag", "72% and Sarah Chen, MIT CSAIL"), 0.83, 1e-9);
  EXPECT_NEAR(score("instruction_following", "A. B. C. D. E FUTURE."), 0.7, 1e-9);
  EXPECT_NEAR(score("instruction_following", "words in lower case"), 0.3, 1e-9);
  EXPECT_NEAR(score("adversarial", "95 minutes"), 0.75, 1e-9);
  EXPECT_NEAR(score("code_execution_reasoning", "[1, 2] and [3]"), 0.875, 1e-9);
  EXPECT_NEAR(score("debugging", "anything"), 0.5, 1e-9);
  EXPECT_NEAR(score("structured_output",
                    "Here:\n```json\n{\"analysis\": {\"topic\": \"API Design\", "
                    "\"confidence\": 1, \"tags\": []}, \"recommendations\": "
                    "[]}\n```"),
              1.0, 1e-9);
  EXPECT_NEAR(
      score("structured_output", R"({"topic": "API Design", "confidence": 0.9, "tags": ["rest"]})"),
      0.3, 1e-9);
  EXPECT_NEAR(score("structured_output", "no JSON"), 0, 1e-9);
}

TEST(PublishedPack, CodeCountsWhereItCompiles) {
  if (!Sandbox::open().available()) GTEST_SKIP() << "no sandbox";
  EXPECT_NEAR(
      score("code_generation", "```python\ndef calculate_fibonacci(n):\n    return 42\n```"), 0.6,
      1e-9);
  EXPECT_NEAR(score("code_generation", "```python\ndef calculate_fibonacci(n:\n```"), 0.1, 1e-9);
}

TEST(PublishedPack, AddsUpAsTheSeriesDoes) {
  std::array<PublishedCell, kPublishedTests> cells;
  for (size_t i = 0; i < kPublishedTests; ++i)
    cells[i] = {.score = published_tests()[i].empty, .total_s = 0.01};
  // An endpoint that returns nothing at all at once: the figure printed for a real model.
  EXPECT_NEAR(published_result(cells).overall, 0.665, 0.001);
  EXPECT_EQ(published_result(cells).n_passed, 0U);
  for (PublishedCell& cell : cells) cell.total_s = 45;
  EXPECT_NEAR(published_result(cells).overall, 0.59, 0.001);
  cells[0] = {.failed = true};
  EXPECT_EQ(published_result(cells).n_failed, 1U);
  EXPECT_LT(published_result(cells).overall, 0.59);
}

TEST(PublishedPack, NamesWhatThePromptsLack) {
  const auto message = [](const std::string& text) {
    const auto prompts = read_published_prompts(text);
    return prompts ? std::string() : prompts.error().message;
  };
  EXPECT_EQ(message(prompts_file()), "");
  EXPECT_THAT(message(prompts_file("tool_use")), testing::HasSubstr("tool_use"));
  EXPECT_THAT(message("[]"), testing::HasSubstr("JSON object"));
  EXPECT_THAT(message("{\"basic_reasoning\": 5}"), testing::HasSubstr("basic_reasoning"));
  const auto prompts = read_published_prompts(prompts_file()).value();
  EXPECT_EQ(prompts[index_of("long_context_rag")].text, "Context:\nA document.\n\nWho?");
}

TEST(PublishedPack, TheGaugeShowsFloorAndCeiling) {
  EXPECT_EQ(published_gauge(0.5, 21), "|------F--#--C------|");
  EXPECT_EQ(published_gauge(0, 21), "#------F-----C------|");
}

}  // namespace
}  // namespace stride::gauntlet
