// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "grammar/test_grammar.h"

namespace stride::grammar {
namespace {

using testing::accepts;
using ::testing::HasSubstr;
using testing::must;
using testing::small_cache;
using testing::small_trie;
using Choice = CallRules::Choice;

const std::vector<std::string> kTools = {
    R"({"type":"function","function":{"name":"get_weather","parameters":{"type":"object","properties":{)"
    R"("city":{"type":"string"},"days":{"type":"integer","minimum":1,"maximum":14},"unit":{"enum":["c","f"]},)"
    R"("opts":{"type":"object","properties":{"x":{"type":"boolean"}},"additionalProperties":false}},)"
    R"("required":["city","days"]}}})",
    R"({"name":"get_time"})"};

std::string parameter(std::string_view key, std::string_view value) {
  return fmt::format("<parameter={}>\n{}\n</parameter>\n", key, value);
}
std::string call(std::string_view name, std::string_view parameters) {
  return fmt::format("<tool_call>\n<function={}>\n{}</function>\n</tool_call>", name, parameters);
}
std::string weather(std::string_view more = "") {
  return call("get_weather",
              parameter("city", "Oslo") + parameter("days", "3") + std::string(more));
}

TEST(CallGrammar, ParametersOnceInAnyOrderTyped) {
  const GrammarPtr grammar = must(compile_calls(kTools, {.choice = Choice::required}));
  const auto good = [&](const std::string& text) { return accepts(grammar, text); };
  EXPECT_TRUE(good(weather()));
  EXPECT_TRUE(good("\n" + weather()));
  EXPECT_TRUE(good(call("get_weather",
                        parameter("days", "14") + parameter("unit", "f") + parameter("city", ""))));
  EXPECT_TRUE(good(weather(parameter("opts", R"({"x": true})"))));
  EXPECT_TRUE(good(call("get_time", "")));
  EXPECT_TRUE(good(call("get_weather", parameter("city", "a\n</parameter\n<x> {\"q\": \xff") +
                                           parameter("days", "1"))));
  EXPECT_FALSE(good(call("get_weather", parameter("city", "Oslo"))));
  EXPECT_FALSE(good(call("get_weather", parameter("city", "Oslo") + parameter("days", "15"))));
  EXPECT_FALSE(good(weather(parameter("days", "4"))));
  EXPECT_FALSE(good(weather(parameter("unit", "\"c\""))));
  EXPECT_FALSE(good(weather(parameter("opts", R"({"y":1})"))));
  EXPECT_FALSE(good(weather(parameter("wind", "1"))));
  EXPECT_FALSE(good(call("get_weathe", "")));
  EXPECT_FALSE(good("Let me see. " + weather()));
  EXPECT_FALSE(good(""));
}

TEST(CallGrammar, AutomaticIsFreeTextThenCalls) {
  const GrammarPtr grammar = must(compile_calls(kTools, {}));
  EXPECT_TRUE(accepts(grammar, ""));
  EXPECT_TRUE(accepts(grammar, "Plain <b>text</b> with <tool and \xff bytes."));
  EXPECT_TRUE(
      accepts(grammar, "First this.\n" + weather() + call("get_time", "") + "\n" + weather()));
  EXPECT_FALSE(accepts(grammar, weather() + " and text"));
  EXPECT_FALSE(accepts(grammar, "<tool_call>\n<function=none>\n</function>\n</tool_call>"));
}

TEST(CallGrammar, SpelledOpeningsAreOpenings) {
  const GrammarPtr grammar = must(compile_calls(kTools, {}));
  const auto cache = small_cache();
  Matcher matcher(grammar, cache);
  ASSERT_TRUE(matcher.accept_text("so <tool_call>"));
  EXPECT_FALSE(matcher.accept_text("x"));
  EXPECT_TRUE(matcher.accept_text("\n<function=get_time>\n</function>\n"));
  // The end is only the token, where the vocabulary has one.
  EXPECT_FALSE(matcher.accept_text("<"));
  EXPECT_TRUE(matcher.accept(*cache->trie().tokenizer().find_special("</tool_call>")));
  EXPECT_TRUE(matcher.complete());
  // A vocabulary without control tokens spells all of them.
  const auto plain = std::make_shared<MaskCache>(small_trie({}, {"<|im_end|>"}));
  EXPECT_TRUE(accepts(grammar, weather(), plain));
  EXPECT_TRUE(accepts(must(compile_calls(kTools, {.choice = Choice::required})), weather(), plain));
}

TEST(CallGrammar, ParallelOffEndsAfterOne) {
  const GrammarPtr grammar =
      must(compile_calls(kTools, {.choice = Choice::required, .parallel = false}));
  const auto cache = small_cache();
  EXPECT_TRUE(accepts(grammar, weather(), cache));
  EXPECT_FALSE(accepts(grammar, weather() + weather(), cache));
  const GrammarPtr many = must(compile_calls(kTools, {.choice = Choice::required}));
  EXPECT_TRUE(accepts(many, weather() + weather(), cache));
}

TEST(CallGrammar, NamedAndNone) {
  const GrammarPtr named =
      must(compile_calls(kTools, {.choice = Choice::required, .names = {"get_time"}}));
  EXPECT_TRUE(accepts(named, call("get_time", "")));
  EXPECT_FALSE(accepts(named, weather()));
  const GrammarPtr none = must(compile_calls(kTools, {.choice = Choice::none}));
  EXPECT_TRUE(accepts(none, "text"));
  EXPECT_FALSE(accepts(none, call("get_time", "")));
  const auto unknown = compile_calls(kTools, {.names = {"nope"}});
  ASSERT_FALSE(unknown);
  EXPECT_THAT(unknown.error().message, HasSubstr("nope"));
  EXPECT_FALSE(compile_calls({}, {.choice = Choice::required}));
}

TEST(CallGrammar, CallOrAnswer) {
  const GrammarPtr grammar = must(compile_calls(
      kTools, {.answer_schema =
                   R"({"type":"object","properties":{"a":{"type":"integer"}},"required":["a"]})"}));
  EXPECT_TRUE(accepts(grammar, R"({"a": 1})"));
  EXPECT_TRUE(accepts(grammar, "\n" + weather() + weather()));
  EXPECT_FALSE(accepts(grammar, "text"));
  EXPECT_FALSE(accepts(grammar, R"({"a": 1})" + weather()));
}

TEST(CallGrammar, TextParametersKeepTheirLimits) {
  const auto value = [](std::string_view schema, std::string_view text) {
    const std::string tool = fmt::format(
        R"({{"name":"f","parameters":{{"properties":{{"p":{}}},"required":["p"]}}}})", schema);
    return accepts(must(compile_calls({tool}, {.choice = Choice::required})),
                   call("f", parameter("p", text)));
  };
  EXPECT_TRUE(value(R"({"type":"string","pattern":"^a+$"})", "aaa"));
  EXPECT_FALSE(value(R"({"type":"string","pattern":"^a+$"})", "ab"));
  EXPECT_TRUE(value(R"({"type":"string","minLength":2,"maxLength":3})", "\xc3\xa9\n<"));
  EXPECT_FALSE(value(R"({"type":"string","minLength":2,"maxLength":3})", "abcd"));
  EXPECT_FALSE(value(R"({"type":"string","minLength":2,"maxLength":3})", "a"));
  EXPECT_TRUE(value(R"({"type":["string","null"],"enum":["x",null]})", "null"));
  EXPECT_FALSE(value(R"({"type":["string","null"],"enum":["x",null]})", "y"));
  EXPECT_TRUE(value("{}", "anything {"));
  EXPECT_TRUE(value(R"({"anyOf":[{"type":"string"},{"type":"integer"}]})", "word"));
  EXPECT_TRUE(value(R"({"type":"boolean"})", "true"));
  EXPECT_FALSE(value(R"({"type":"boolean"})", "True"));
  EXPECT_TRUE(value(R"({"type":"array","items":{"type":"object"}})", R"([{"a":1},{}])"));
  EXPECT_FALSE(value(R"({"type":"array","items":{"type":"object"}})", "[1]"));
  EXPECT_TRUE(value(R"({"type":"string","uniqueItems":true})", "x"));
}

TEST(CallGrammar, StrictToolsAreExactOthersBestEffort) {
  const auto tool = [](bool strict) {
    return fmt::format(
        R"({{"name":"f","strict":{},"parameters":{{"properties":{{"p":{{"type":"array","uniqueItems":true}}}}}}}})",
        strict);
  };
  EXPECT_TRUE(compile_calls({tool(false)}, {}));
  const auto exact = compile_calls({tool(true)}, {});
  ASSERT_FALSE(exact);
  EXPECT_EQ(exact.error().code, Errc::unsupported);
  EXPECT_THAT(exact.error().message, HasSubstr("uniqueItems"));
  EXPECT_THAT(exact.error().message, HasSubstr("\"f\""));
  // Names survive a schema that makes no sense.
  const GrammarPtr open =
      must(compile_calls({R"({"name":"f","parameters":{"properties":{"p":{"type":"strin"}}}})"},
                         {.choice = Choice::required}));
  EXPECT_TRUE(accepts(open, call("f", parameter("p", "x"))));
  EXPECT_FALSE(compile_calls({R"({"name":"a>b"})"}, {}));
}

}  // namespace
}  // namespace stride::grammar
