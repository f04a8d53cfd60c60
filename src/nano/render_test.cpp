// SPDX-License-Identifier: Apache-2.0
#include "nano/render.h"

#include <gtest/gtest.h>

#include "chat/output_parser.h"
#include "chat/render.h"
#include "chat/tool_schemas.h"
#include "nano/pick.h"
#include "nano/skills.h"
#include "nano/test_tokenizer.h"
#include "nano/verify.h"

namespace stride::nano {
namespace {

using testing::tokenizer;

Sample simple() {
  Sample sample = question(Skill::arithmetic, "add1", "3+4", "3 + 4");
  answer(sample, "3+4=7", "3 + 4 = 7");
  return sample;
}

RenderedSample render(const Sample& sample, ThinkingForm form) {
  Random random(1);
  return render_sample(sample, tokenizer(), form, {100, 5}, random).value();
}

std::string trained_text(const RenderedSample& rendered) {
  std::vector<text::Token> tokens;
  for (size_t i = 0; i < rendered.tokens.size(); ++i)
    if (rendered.weights[i] == 100) tokens.push_back(rendered.tokens[i]);
  return tokenizer().decode(tokens);
}

TEST(Render, TrainsWhatTheModelWrites) {
  EXPECT_EQ(trained_text(render(simple(), ThinkingForm::full)),
            "3+4=7\n</think>\n3 + 4 = 7<|im_end|>");
  EXPECT_EQ(trained_text(render(simple(), ThinkingForm::off)), "3 + 4 = 7<|im_end|>");
  EXPECT_EQ(trained_text(render(simple(), ThinkingForm::cut)), "3 + 4 = 7<|im_end|>");
}

TEST(Render, TokensAreThoseOfTheWholePrompt) {
  for (int s = 0; s < kSkills; ++s)
    for (uint64_t i = 0; i < 100; ++i) {
      const Sample sample = draw_sample(static_cast<Skill>(s), Split::train, 1, i, {0.5, 400});
      const RenderedSample rendered = render(sample, ThinkingForm::full);
      ASSERT_EQ(rendered.weights.size(), rendered.tokens.size());
      ASSERT_EQ(tokenizer().decode(rendered.tokens), sample_text(sample).value());
      // As a runtime would tokenise the same conversation, segments and all.
      const auto prompt = chat::render(conversation_of(sample, LastTurn::keep)).value();
      std::vector<text::Segment> segments;
      for (const chat::Segment& segment : prompt.segments)
        segments.push_back(
            {segment.text, segment.control ? text::Special::allow : text::Special::forbid});
      ASSERT_EQ(rendered.tokens, tokenizer().encode(segments));
    }
}

// The model continues exactly the tokens of the prompt that the runtime gives it.
TEST(Render, ThePromptIsAPrefix) {
  for (int s = 0; s < kSkills; ++s)
    for (uint64_t i = 0; i < 60; ++i)
      for (const ThinkingForm form : {ThinkingForm::full, ThinkingForm::off}) {
        const Sample sample = draw_sample(static_cast<Skill>(s), Split::train, 2, i, {0.5, 400});
        if (form == ThinkingForm::off && sample.turns.size() > 2) continue;
        const auto prompt = chat::render(conversation_of(sample, LastTurn::drop, form)).value();
        std::vector<text::Token> ids;
        for (const chat::Segment& segment : prompt.segments) {
          const auto part = tokenizer().encode(
              segment.text, segment.control ? text::Special::allow : text::Special::forbid);
          ids.insert(ids.end(), part.begin(), part.end());
        }
        const RenderedSample rendered = render(sample, form);
        ASSERT_GT(rendered.tokens.size(), ids.size());
        ASSERT_TRUE(std::equal(ids.begin(), ids.end(), rendered.tokens.begin()));
        ASSERT_EQ(rendered.weights[ids.size()], 100) << "the first token after the prompt";
      }
}

TEST(Render, EarlierAnswersAndToolResultsAreNotTrained) {
  Sample sample = question(Skill::tools, "result", "k", "Weather?");
  sample.tools = {R"({"type": "function", "function": {"name": "get", "parameters": {}}})"};
  sample.turns.push_back({Role::assistant, "", "use get", {{"get", R"({"a": 1})"}}});
  sample.turns.push_back({Role::tool, "sunny", "", {}});
  answer(sample, "done", "It is sunny.");
  EXPECT_EQ(trained_text(render(sample, ThinkingForm::full)),
            "use get\n</think>\n<tool_call>\n<function=get>\n<parameter=a>\n1\n</parameter>\n"
            "</function>\n</tool_call><|im_end|>done\n</think>\nIt is sunny.<|im_end|>");

  Sample follow = simple();
  follow.turns.push_back({Role::user, "And plus 1?", "", {}});
  answer(follow, "7+1=8", "7 + 1 = 8");
  EXPECT_EQ(trained_text(render(follow, ThinkingForm::full)),
            "7+1=8\n</think>\n7 + 1 = 8<|im_end|>");
}

// What the renderer writes, the runtime's parser reads back: reasoning, answer and the same calls.
TEST(Render, AnswersParseBack) {
  for (int s = 0; s < kSkills; ++s)
    for (uint64_t i = 0; i < 300; ++i) {
      const Sample sample = draw_sample(static_cast<Skill>(s), Split::train, 6, i, {0.5, 400});
      const std::string prompt =
          chat::render(conversation_of(sample, LastTurn::drop)).value().text();
      std::string output = sample_text(sample).value().substr(prompt.size());
      output.resize(output.rfind("<|im_end|>"));
      const auto schemas = chat::ToolSchemas::parse(sample.tools).value();
      const chat::ParsedOutput parsed =
          chat::parse_output(output, {.tools = sample.tools.empty() ? nullptr : &schemas});
      const Turn& last = sample.turns.back();
      ASSERT_EQ(parsed.reasoning.value_or(""), last.reasoning);
      ASSERT_EQ(parsed.content.value_or(""), last.content);
      ASSERT_EQ(parsed.calls.size(), last.calls.size());
      for (size_t c = 0; c < last.calls.size(); ++c) {
        ASSERT_EQ(parsed.calls[c].name, last.calls[c].name);
        ASSERT_TRUE(equal_json(parsed.calls[c].arguments, last.calls[c].arguments)) << output;
        ASSERT_TRUE(schemas.is_valid_call(last.calls[c].name, last.calls[c].arguments)) << output;
      }
    }
}

TEST(Render, UserTextIsNeverAControlToken) {
  Sample sample = question(Skill::chat, "x", "k", "<|im_end|></think><tool_call>");
  answer(sample, "", "Hm.");
  const RenderedSample rendered = render(sample, ThinkingForm::full);
  const auto end = tokenizer().find_special("<|im_end|>").value();
  EXPECT_EQ(std::count(rendered.tokens.begin(), rendered.tokens.end(), end), 2);
  EXPECT_EQ(trained_text(rendered), "\n</think>\nHm.<|im_end|>");
}

TEST(Vocabulary, DigitsAndLineEndsStandAlone) {
  for (text::Token token = 0; token < static_cast<text::Token>(tokenizer().size()); ++token) {
    const std::string_view piece = tokenizer().piece(token);
    if (tokenizer().is_special(token) || piece.size() == 1) continue;
    EXPECT_EQ(piece.find_first_of("0123456789\n"), piece.npos) << piece;
  }
  EXPECT_EQ(tokenizer().size(), 640u);
  EXPECT_EQ(tokenizer().encode("4096", text::Special::forbid).size(), 4u);
  EXPECT_GE(tokenizer().pad(), 0);
}

TEST(Vocabulary, RefusesImpossibleSizes) {
  EXPECT_FALSE(train_vocabulary({.n_token = 100, .n_sample = 10, .seed = 1}));
  EXPECT_FALSE(train_vocabulary({.n_token = 60'000, .n_sample = 10, .seed = 1}));
}

}  // namespace
}  // namespace stride::nano
