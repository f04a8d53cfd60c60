// SPDX-License-Identifier: Apache-2.0
// Answers within a grammar, whatever the model would rather say.
#include "engine/constraint.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <limits>

#include "base/random.h"
#include "chat/tool_schemas.h"
#include "decode/testing/scripted_model.h"
#include "engine/generate.h"
#include "engine/scheduler.h"
#include "engine/test_turns.h"
#include "json/json.h"

namespace stride::engine {
namespace {

using decode::testing::LogitScript;
using decode::testing::ScriptedModel;

constexpr const char* kSchema =
    R"({"type":"object","properties":{"city":{"enum":["Oslo","Bergen"]},"days":{"type":"integer",)"
    R"("minimum":1,"maximum":9}},"required":["city","days"],"additionalProperties":false})";
constexpr const char* kTool =
    R"({"type":"function","function":{"name":"look","parameters":{"type":"object",)"
    R"("properties":{"city":{"type":"string","enum":["Oslo"]},"days":{"type":"integer"}},)"
    R"("required":["city","days"]}}})";

// A model that babbles, with a liking for printable characters and for what ends things.
class ConstraintTest : public ::testing::TestWithParam<std::optional<uint32_t>> {
 protected:
  ConstraintTest() {
    text::Tokenizer tokenizer = make_tokenizer();
    const auto n_vocab = static_cast<uint32_t>(tokenizer.size());
    const Token close = *tokenizer.find_special("</think>");
    const auto babble = [n_vocab, close](std::span<const Token> tokens) {
      uint64_t seed = tokens.size();
      for (const Token t : tokens.last(std::min<size_t>(tokens.size(), 12)))
        seed = seed * 31 + static_cast<uint64_t>(t);
      Random random(seed);
      std::vector<float> logits(n_vocab);
      for (float& x : logits) x = static_cast<float>(random.normal());
      for (Token t = 32; t < 127; ++t) logits[t] += 2;
      logits[close] += 3;
      return logits;
    };
    auto model = std::make_unique<ScriptedModel>(n_vocab, 16, LogitScript(babble));
    model->add_heads(3, [babble](uint32_t, std::span<const Token> tokens) {
      const auto logits = babble(tokens);
      return static_cast<Token>(std::ranges::max_element(logits) - logits.begin());
    });
    model_ = model.get();
    engine_ = std::make_unique<Engine>(std::move(model), std::move(tokenizer));
  }

  GenerationInput ask(grammar::GrammarPtr grammar, chat::Thinking thinking = chat::Thinking::on) {
    chat::Conversation c;
    c.messages = {chat::text_message(chat::Role::user, "go")};
    c.thinking = thinking;
    GenerationInput input = *engine_->encode(*chat::render(c));
    input.grammar = std::move(grammar);
    return input;
  }

  Generated run(const GenerationInput& input, uint64_t seed) {
    GenerationOptions options{.mtp_depth = GetParam()};
    options.sampling.seed = seed;
    options.max_tokens = 900;
    options.loop_guard = decode::LoopGuard::off;
    Session session = *Session::make(*model_, 2000);
    auto g = generate(*engine_, session, input, options, {}, {});
    EXPECT_TRUE(g) << g.error().message;
    return g ? std::move(*g) : Generated{};
  }

  ScriptedModel* model_ = nullptr;
  std::unique_ptr<Engine> engine_;
};

TEST_P(ConstraintTest, ContentIsWhatTheSchemaAllows) {
  const auto grammar = *grammar::compile_json_schema(kSchema);
  for (const auto thinking : {chat::Thinking::on, chat::Thinking::off}) {
    for (uint64_t seed = 0; seed < 8; ++seed) {
      const Generated g = run(ask(grammar, thinking), seed);
      ASSERT_EQ(g.finish_cause, FinishCause::end_of_turn);
      const auto value = json::parse(g.output.content.value_or(""));
      ASSERT_TRUE(value) << g.output.content.value_or("");
      EXPECT_TRUE(value->at("city") == "Oslo" || value->at("city") == "Bergen");
      EXPECT_GE(value->at("days").get<int>(), 1);
      EXPECT_LE(value->at("days").get<int>(), 9);
      EXPECT_EQ(g.output.reasoning.has_value(), thinking == chat::Thinking::on);
    }
  }
}

TEST_P(ConstraintTest, ARequiredCallIsMade) {
  const std::vector<std::string> tools = {kTool};
  const auto schemas = *chat::ToolSchemas::parse(tools);
  grammar::CallRules rules{.choice = grammar::CallRules::Choice::required, .parallel = false};
  rules.enforcement = grammar::Enforcement::exact;
  GenerationInput input = ask(*grammar::compile_calls(tools, rules));
  input.tools = &schemas;
  for (uint64_t seed = 0; seed < 8; ++seed) {
    const Generated g = run(input, seed);
    ASSERT_EQ(g.output.calls.size(), 1U);
    EXPECT_EQ(g.output.calls[0].name, "look");
    const auto arguments = *json::parse(g.output.calls[0].arguments);
    EXPECT_EQ(arguments.at("city"), "Oslo");
    EXPECT_TRUE(arguments.at("days").is_number());  // of any size
    EXPECT_EQ(g.finish_reason, FinishReason::tool_calls);
    EXPECT_EQ(g.output.content, std::nullopt);
  }
}

// Where only one text is possible, the model is not asked for it.
TEST_P(ConstraintTest, WhatIsCertainIsNotSampled) {
  const Generated g =
      run(ask(*grammar::compile_choice({"the one and only answer"}), chat::Thinking::off), 1);
  EXPECT_EQ(g.output.content, "the one and only answer");
  EXPECT_EQ(g.finish_cause, FinishCause::end_of_turn);
  const auto n_forced = std::ranges::count(g.tokens, true, &GeneratedToken::forced);
  EXPECT_GE(n_forced, 20);
}

TEST_P(ConstraintTest, TheBudgetStillEndsIt) {
  GenerationOptions options{.max_tokens = 5, .mtp_depth = GetParam()};
  Session session = *Session::make(*model_, 2000);
  const auto input =
      ask(*grammar::compile_choice({"the one and only answer"}), chat::Thinking::off);
  const Generated g = *generate(*engine_, session, input, options, {}, {});
  EXPECT_EQ(g.finish_cause, FinishCause::token_budget);
  EXPECT_EQ(g.tokens.size(), 5U);
}

// A grammar and a bias that leave nothing: the answer ends there, and says so.
TEST_P(ConstraintTest, EndsWhereNothingMayFollow) {
  GenerationOptions options{.mtp_depth = GetParam()};
  for (const Token letter : {'b', 'c'})
    options.sampling.bias.push_back({letter, -std::numeric_limits<float>::infinity()});
  Session session = *Session::make(*model_, 2000);
  for (const uint32_t temperature : {0, 1}) {
    options.sampling.temperature = temperature;
    const auto input = ask(*grammar::compile_regex("a(b|c)d"), chat::Thinking::off);
    const Generated g = *generate(*engine_, session, input, options, {}, {});
    EXPECT_EQ(g.finish_cause, FinishCause::dead_end);
    EXPECT_EQ(g.finish_reason, FinishReason::length);
    EXPECT_EQ(g.output.content, "a");
    // Where the content is whole without them, it ends well.
    const auto optional = ask(*grammar::compile_regex("a(b|c)?"), chat::Thinking::off);
    options.min_tokens = 50;
    EXPECT_EQ(generate(*engine_, session, optional, options, {}, {})->finish_cause,
              FinishCause::end_of_turn);
    options.min_tokens = 0;
  }
}

// A grammar so ambiguous that its limits are met has an end as well.
TEST_P(ConstraintTest, AbsurdAmbiguityEndsTheAnswer) {
  std::string doubling = "root ::= r0\n";
  for (int i = 0; i < 40; ++i)
    doubling += fmt::format("r{0} ::= r{1} \"x\" | r{1} \"y\"\n", i, i + 1);
  GenerationOptions options{.max_tokens = 100, .mtp_depth = GetParam()};
  Session session = *Session::make(*model_, 2000);
  const auto input = ask(*grammar::compile_gbnf(doubling + "r40 ::= \"z\""), chat::Thinking::off);
  const auto g = generate(*engine_, session, input, options, {}, {});
  ASSERT_TRUE(g) << g.error().message;
  EXPECT_TRUE(g->finish_cause == FinishCause::dead_end ||
              g->finish_cause == FinishCause::end_of_turn);
}

// Neither drafts nor company change the text.
TEST_P(ConstraintTest, TheTextIsTheSameInABatch) {
  const auto grammar = *grammar::compile_json_schema(kSchema);
  const auto scheduler = *Scheduler::start(*engine_, {.context = 2000, .max_running = 4});
  std::vector<Generated> together(6);
  for (uint64_t seed = 0; seed < together.size(); ++seed) {
    ServiceRequest request{.input = ask(grammar)};
    request.options.mtp_depth = GetParam();
    request.options.sampling.seed = seed;
    request.options.max_tokens = 900;
    request.options.loop_guard = decode::LoopGuard::off;
    ASSERT_TRUE(scheduler->submit(std::move(request), {.on_finish = [&, seed](auto g) {
                                    ASSERT_TRUE(g);
                                    together[seed] = std::move(*g);
                                  }}));
  }
  scheduler->shut_down(std::chrono::steady_clock::now() + std::chrono::minutes(5));
  for (uint64_t seed = 0; seed < together.size(); ++seed)
    EXPECT_EQ(run(ask(grammar), seed).output, together[seed].output) << seed;
}

// What a grammar takes for a part of a value, the parser does too, whatever it looks like.
TEST(ConstraintAgrees, TagsInsideOfValuesArePartOfThem) {
  const std::vector<std::string> tools = {
      R"({"type":"function","function":{"name":"put","parameters":{"type":"object","properties":)"
      R"({"text":{"type":"string"},"data":{"type":"object"},"late":{"type":"string"}},)"
      R"("required":["text","data"]}}})"};
  const std::string text =
      "a</parameter>\n<parameter=late>\nb</parameter>\n</function>\n</tool_call>\n<parameter=late>"
      "\n</parameter></function></tool_call> <tool_call><function=put></function>";
  const std::string data = R"({"x": "</parameter><parameter=late></function></tool_call>"})";
  const std::string says = "hm\n</think>\n<tool_call>\n<function=put>\n<parameter=text>\n" + text +
                           "\n</parameter>\n<parameter=data>\n" + data +
                           "\n</parameter>\n</function>\n</tool_call>";
  text::Tokenizer tokenizer = make_tokenizer();
  const auto reader = std::make_shared<text::Tokenizer>(make_tokenizer());
  const Script script = follow(says);
  const auto n_vocab = static_cast<uint32_t>(tokenizer.size());
  // Tags inside of values are spelled in letters: tokens of their own mean something else.
  const auto next = [=](std::span<const Token> tokens) {
    const std::string rest = script(reader->decode(tokens));
    const bool special = rest.starts_with("</think>") || rest.starts_with(kEnd) ||
                         (rest.starts_with("<tool_call>\n<function=put>\n<parameter=text>")) ||
                         rest == "</tool_call>" + std::string(kEnd);
    const auto how = special ? text::Special::allow : text::Special::forbid;
    return reader->encode(rest, how).at(0);
  };
  auto model = std::make_unique<ScriptedModel>(n_vocab, 16, decode::testing::TokenScript(next));
  ScriptedModel* raw = model.get();
  const Engine engine(std::move(model), std::move(tokenizer));
  chat::Conversation c;
  c.messages = {chat::text_message(chat::Role::user, "go")};
  GenerationInput input = *engine.encode(*chat::render(c));
  const auto schemas = *chat::ToolSchemas::parse(tools);
  input.tools = &schemas;
  grammar::CallRules rules;
  rules.enforcement = grammar::Enforcement::exact;
  input.grammar = *grammar::compile_calls(tools, rules);
  GenerationOptions options;
  options.sampling.temperature = 0;
  Session session = *Session::make(*raw, 2000);
  const Generated g = *generate(engine, session, input, options, {}, {});
  ASSERT_EQ(g.output.calls.size(), 1U);
  const auto arguments = *json::parse(g.output.calls[0].arguments);
  EXPECT_EQ(arguments.at("text"), text);
  EXPECT_EQ(arguments.at("data").at("x"), "</parameter><parameter=late></function></tool_call>");
  EXPECT_EQ(g.output.content, std::nullopt);
  EXPECT_EQ(g.finish_reason, FinishReason::tool_calls);
}

INSTANTIATE_TEST_SUITE_P(Depths, ConstraintTest, ::testing::Values(0U, 2U, std::nullopt));

}  // namespace
}  // namespace stride::engine
