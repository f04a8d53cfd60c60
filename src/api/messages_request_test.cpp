// SPDX-License-Identifier: Apache-2.0
// Requests in Anthropic's form, and the prompts they become.
#include "api/messages_request.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "api/testing/requests.h"

namespace stride::api {
namespace {

using testing::bad;
using testing::good;
using testing::messages_body;
using testing::rendered;

TEST(MessagesRequest, DropsTheStampOfTheClient) {
  const auto with = [](const std::string& stamp) {
    return rendered(
        good(Dialect::messages,
             messages_body(fmt::format(
                 R"("system":[{{"type":"text","text":"x-anthropic-billing-header: cch={};"}},
            {{"type":"text","text":"Be kind.","cache_control":{{"type":"ephemeral"}}}}])",
                 stamp))));
  };
  EXPECT_EQ(with("a1b2c"), with("00000"));
  EXPECT_EQ(with("a1b2c"),
            rendered(good(Dialect::messages, messages_body(R"("system":"Be kind.")"))));
}

TEST(MessagesRequest, OnePartIsAString) {
  const ChatCall parts = good(
      Dialect::messages,
      R"({"max_tokens":500,"messages":[{"role":"user","content":[{"type":"text","text":"Hi"}]}]})");
  EXPECT_EQ(rendered(parts), rendered(good(Dialect::messages, messages_body(""))));
}

constexpr const char* kLoop = R"({"max_tokens":500,"messages":[
  {"role":"user","content":"Go"},
  {"role":"assistant","content":[{"type":"thinking","thinking":"Hm","signature":"c3R1Yg=="},
    {"type":"text","text":"Running."},
    {"type":"tool_use","id":"t1","name":"f","input":{"a":1}},
    {"type":"tool_use","id":"t2","name":"g","input":{}}]},
  {"role":"user","content":[
    {"type":"text","text":"<system-reminder>\nBe quick.\n</system-reminder>"},
    {"type":"tool_result","tool_use_id":"t2","content":[{"type":"text","text":"two"}]},
    {"type":"tool_result","tool_use_id":"t1","content":"one","is_error":false}]}]})";

TEST(MessagesRequest, ResultsComeInTheOrderOfTheirCallsAndRemindersStayWithThem) {
  const std::string text = rendered(good(Dialect::messages, kLoop));
  EXPECT_NE(text.find("<tool_response>one</tool_response><tool_response>two\n\n"
                      "<system-reminder>\nBe quick.\n</system-reminder></tool_response>"),
            std::string::npos)
      << text;
  // The loop goes on, so the reasoning is still there.
  EXPECT_NE(text.find("<think>\nHm\n</think>\nRunning."), std::string::npos) << text;
}

TEST(MessagesRequest, KeepsTheHandleOfReasoning) {
  const ChatCall call = good(Dialect::messages, kLoop);
  ASSERT_EQ(call.reasoning_handles.size(), 1U);
  EXPECT_EQ(call.reasoning_handles.begin()->first, 1U);
  EXPECT_EQ(call.reasoning_handles.begin()->second, "c3R1Yg==");
}

TEST(MessagesRequest, DeferredToolsStandWhereTheyAreNamed) {
  const ChatCall call = good(Dialect::messages, R"({"max_tokens":500,
    "tools":[{"name":"search","input_schema":{}},
             {"name":"late","input_schema":{"type":"object"},"defer_loading":true},
             {"type":"web_search_20250305","name":"web_search"}],
    "messages":[{"role":"user","content":"Go"},
      {"role":"assistant","content":[{"type":"tool_use","id":"t","name":"search","input":{}}]},
      {"role":"user","content":[{"type":"tool_result","tool_use_id":"t",
        "content":[{"type":"tool_reference","tool_name":"late"}]}]}]})");
  EXPECT_EQ(call.conversation.tools.size(), 1U);
  EXPECT_EQ(call.deferred_tools.size(), 1U);
  EXPECT_NE(rendered(call).find(R"(<tool_response><tools>
{"type": "function", "function": {"name": "late", "parameters": {"type": "object"}}}
</tools></tool_response>)"),
            std::string::npos)
      << rendered(call);
}

TEST(MessagesRequest, TakesSystemMessagesInTheMiddle) {
  const ChatCall call = good(Dialect::messages, R"({"max_tokens":500,"messages":[
    {"role":"user","content":"a"},{"role":"system","content":"b"}]})");
  EXPECT_NE(rendered(call).find("<|im_start|>system\nb<|im_end|>"), std::string::npos);
}

TEST(MessagesRequest, ToolChoice) {
  const std::string tools = R"("tools":[{"name":"f","input_schema":{}}],"tool_choice":)";
  const auto rules = [&](const std::string& choice) {
    return good(Dialect::messages, messages_body(tools + choice)).rules;
  };
  EXPECT_EQ(rules(R"({"type":"any"})").choice, ToolChoice::required);
  EXPECT_EQ(rules(R"({"type":"tool","name":"f"})").allowed, std::vector<std::string>{"f"});
  EXPECT_FALSE(rules(R"({"type":"auto","disable_parallel_tool_use":true})").parallel);
  bad(Dialect::messages, messages_body(tools + R"({"type":"tool","name":"g"})"));
}

TEST(MessagesRequest, Refuses) {
  EXPECT_EQ(bad(Dialect::messages, R"({"messages":[{"role":"user","content":"x"}]})").param,
            "max_tokens");
  const Failure image = bad(Dialect::messages, R"({"max_tokens":5,"messages":[{"role":"user",
    "content":[{"type":"image","source":{"type":"base64","data":""}}]}]})");
  EXPECT_EQ(image.param, "messages.0.content.0");
  bad(Dialect::messages, R"({"max_tokens":5,"messages":[{"role":"user","content":[
    {"type":"tool_result","tool_use_id":"nobody","content":"x"}]}]})");
}

}  // namespace
}  // namespace stride::api
