// SPDX-License-Identifier: Apache-2.0
#include "chat/from_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "json/json.h"

namespace stride::chat {
namespace {

using testing::HasSubstr;

Conversation read(std::string_view text, Dialect dialect = Dialect::openai) {
  auto out = conversation_from_text(text, dialect);
  EXPECT_TRUE(out) << text << (out ? "" : out.error().message);
  return out ? *std::move(out) : Conversation();
}

std::string error_of(std::string_view text) {
  auto out = conversation_from_text(text);
  EXPECT_FALSE(out) << text;
  return out ? "" : out.error().message;
}

std::string arguments_of(std::string_view json_value) {
  const std::string text =
      fmt::format(R"([{{"role":"assistant","tool_calls":[{{"function":{{"name":"f",)"
                  R"("arguments":{}}}}}]}}])",
                  json_value);
  return read(text).messages.at(0).tool_calls.at(0).arguments;
}

TEST(FromJson, Arguments) {
  EXPECT_EQ(arguments_of(R"("{\"z\": 1.50, \"a\": [1, 2]}")"), R"({"z":1.50,"a":[1,2]})");
  EXPECT_EQ(arguments_of(R"({"z":12345678901234567890123,"a":null})"),
            R"({"z":12345678901234567890123,"a":null})");
  EXPECT_EQ(arguments_of(R"("not json")"), R"({"arguments":"not json"})");
  EXPECT_EQ(arguments_of(R"("[1]")"), R"({"arguments":"[1]"})");
  EXPECT_EQ(arguments_of("[1]"), R"({"arguments":[1]})");
  EXPECT_EQ(arguments_of("\"\""), "");
  EXPECT_EQ(arguments_of("\"{}\""), "{}");
  EXPECT_EQ(arguments_of("null"), "");
  EXPECT_EQ(arguments_of("\"" + std::string(100'000, '[') + "\"").size(), 100'016U);
}

TEST(FromJson, RolesOfClients) {
  const Conversation c =
      read(R"([{"role":"developer","content":"d"},{"role":"user","content":"u"},)"
           R"({"role":"function","name":"f","content":"r"}])");
  EXPECT_EQ(c.messages[0].role, Role::system);
  EXPECT_EQ(c.messages[2].role, Role::tool);
  EXPECT_THAT(error_of(R"([{"role":"robot"}])"), HasSubstr("messages[0]: the role \"robot\""));
  EXPECT_EQ(read(R"([{"role":"robot"}])", Dialect::exact).messages[0].role, Role::other);
  EXPECT_EQ(read(R"([{"role":"developer"}])", Dialect::exact).messages[0].role, Role::other);
}

TEST(FromJson, LeadingInstructionsBecomeOne) {
  const Conversation c =
      read(R"([{"role":"system","content":"a"},{"role":"developer","content":[{"type":"text",)"
           R"("text":"b"}]},{"role":"user","content":"u"},{"role":"system","content":"later"}])");
  ASSERT_EQ(c.messages.size(), 3U);
  EXPECT_EQ(content_text(c.messages[0]), "a\n\nb");
  EXPECT_EQ(c.messages[0].content.size(), 1U);
  EXPECT_EQ(c.messages[2].role, Role::system);
}

TEST(FromJson, ResultsFollowTheOrderOfTheirCalls) {
  const Conversation c = read(
      R"([{"role":"assistant","tool_calls":[{"id":"a","function":{"name":"f"}},)"
      R"({"id":"b","function":{"name":"f"}}]},{"role":"tool","tool_call_id":"x","content":"?"},)"
      R"({"role":"tool","tool_call_id":"b","content":"B"},)"
      R"({"role":"tool","tool_call_id":"a","content":"A"}])");
  EXPECT_EQ(content_text(c.messages[1]), "A");
  EXPECT_EQ(content_text(c.messages[2]), "B");
  EXPECT_EQ(content_text(c.messages[3]), "?");
}

TEST(FromJson, ManyResultsAreSortedInTime) {
  std::string calls;
  std::string results;
  for (int i = 0; i < 5'000; ++i) {
    calls += fmt::format(R"(,{{"id":"c{}","function":{{"name":"f"}}}})", i);
    results =
        fmt::format(R"(,{{"role":"tool","tool_call_id":"c{0}","content":"{0}"}})", i) + results;
  }
  const Conversation c =
      read(R"([{"role":"assistant","tool_calls":[)" + calls.substr(1) + "]}" + results + "]");
  EXPECT_EQ(content_text(c.messages.at(1)), "0");
  EXPECT_EQ(content_text(c.messages.at(5'000)), "4999");
}

TEST(FromJson, Contents) {
  const auto content = [](std::string_view json_value, Dialect dialect) {
    return read(fmt::format(R"([{{"role":"user","content":{}}}])", json_value), dialect)
        .messages.at(0)
        .content;
  };
  EXPECT_TRUE(content("null", Dialect::openai).empty());
  EXPECT_EQ(content(R"({"value":"v","text":"t"})", Dialect::exact)[0].text, "v");
  EXPECT_EQ(content(R"([{"type":"text","value":"v","text":"t"}])", Dialect::exact)[0].text, "v");
  EXPECT_TRUE(content(R"(["x",{"type":"image_url"},{"type":"file"}])", Dialect::exact).empty());
  EXPECT_TRUE(content("5", Dialect::exact).empty());
  const auto parts = content(
      R"([{"type":"input_text","text":"a"},{"type":"image_url","image_url":{"url":"u"}},"s",)"
      R"({"type":"refusal","refusal":"no"}])",
      Dialect::openai);
  ASSERT_EQ(parts.size(), 4U);
  EXPECT_EQ(parts[1], (Part{.kind = Part::Kind::image, .text = "u"}));
  EXPECT_EQ(parts[3].text, "no");
  EXPECT_THAT(error_of(R"([{"role":"user","content":[{"type":"input_audio"}]}])"),
              HasSubstr("messages[0].content[0]: parts of type \"input_audio\""));
  EXPECT_THAT(error_of(R"([{"role":"user","content":[{"type":"text","text":null}]}])"),
              HasSubstr("messages[0].content[0].text is not a string"));
  EXPECT_THAT(error_of(R"([{"role":"user","content":5}])"), HasSubstr("messages[0].content must"));
}

TEST(FromJson, ReasoningUnderAnyName) {
  for (const std::string_view field :
       {R"("reasoning_content":"r")", R"("reasoning":"r")", R"("thinking":"r")",
        R"("reasoning_details":[{"type":"reasoning.text","text":"r"},{"signature":"x"}])"}) {
    const std::string text = fmt::format(R"([{{"role":"assistant","content":"c",{}}}])", field);
    EXPECT_EQ(read(text).messages[0].reasoning, "r") << field;
  }
  EXPECT_EQ(read(R"([{"role":"assistant","reasoning":"r"}])", Dialect::exact).messages[0].reasoning,
            std::nullopt);
}

TEST(FromJson, Settings) {
  const auto with = [](std::string_view field) {
    return read(fmt::format(R"({{"messages":[],{}}})", field));
  };
  EXPECT_EQ(with(R"("reasoning_effort":"low")").effort, Effort::low);
  EXPECT_EQ(with(R"("reasoning_effort":"max")").effort, Effort::high);
  EXPECT_EQ(with(R"("reasoning_effort":null)").effort, std::nullopt);
  EXPECT_EQ(with(R"("reasoning_effort":"none")").thinking, Thinking::off);
  EXPECT_EQ(with(R"("chat_template_kwargs":{"enable_thinking":false})").thinking, Thinking::off);
  EXPECT_FALSE(with(R"("add_generation_prompt":false)").add_generation_prompt);
  EXPECT_THAT(error_of(R"({"messages":[],"reasoning_effort":"much"})"), HasSubstr("much"));
  EXPECT_THAT(error_of("{}"), HasSubstr("no \"messages\""));
  EXPECT_THAT(error_of(R"({"messages":[],"tools":[1]})"), HasSubstr("tools[0]"));
  EXPECT_THAT(error_of(R"({"messages":{}})"), HasSubstr("not an array"));
  EXPECT_THAT(error_of(R"([{"content":"x"}])"), HasSubstr("messages[0] has no role"));
}

TEST(FromJson, BareToolsAreWrapped) {
  EXPECT_EQ(read(R"({"messages":[],"tools":[{"name":"f","parameters":{}}]})").tools.at(0),
            R"({"type":"function","function":{"name":"f","parameters":{}}})");
}

TEST(FromJson, SavedConversationsReadBackTheSame) {
  const Conversation c = read(
      R"({"messages":[{"role":"system","content":"s"},{"role":"user","content":[{"type":"text",)"
      R"("text":"a"},{"type":"image_url","image_url":{"url":"u"}}]},{"role":"assistant",)"
      R"("content":null,"reasoning_content":"","tool_calls":[{"id":"c","type":"function",)"
      R"("function":{"name":"f","arguments":"{\"n\":1.50}"}}]},{"role":"tool","tool_call_id":"c",)"
      R"("content":"r"}],"tools":[{"type":"function","function":{"name":"f","x":1e400}}],)"
      R"("reasoning_effort":"high","chat_template_kwargs":{"enable_thinking":false}})");
  const Conversation again = read(conversation_to_text(c));
  EXPECT_EQ(again.messages, c.messages);
  EXPECT_EQ(again.tools, c.tools);
  EXPECT_EQ(again.effort, c.effort);
  EXPECT_EQ(again.thinking, c.thinking);
}

}  // namespace
}  // namespace stride::chat
