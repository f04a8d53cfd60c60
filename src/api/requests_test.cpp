// SPDX-License-Identifier: Apache-2.0
// What the fields of requests become, and what is refused.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "api/testing/requests.h"
#include "api/testing/scripted_engine.h"

namespace stride::api {
namespace {

using testing::bad;
using testing::chat_body;
using testing::good;
using testing::messages_body;
using testing::rendered;

struct Range {
  const char* field;
  const char* low;
  const char* high;
  const char* below;
  const char* above;
};

TEST(RequestRanges, EveryNumberIsBounded) {
  const Range ranges[] = {
      {"temperature", "0", "100", "-0.01", "100.1"},
      {"top_p", "0", "1", "-0.01", "1.01"},
      {"min_p", "0", "1", "-0.01", "1.01"},
      {"top_k", "-1", "2147483647", "-2", "2147483648"},
      {"n", "1", "16", "0", "17"},
      {"frequency_penalty", "-2", "2", "-2.1", "2.1"},
      {"presence_penalty", "-2", "2", "-2.1", "2.1"},
      {"repetition_penalty", "0.01", "100", "0", "101"},
      {"max_tokens", "1", "2147483647", "0", "2147483648"},
      {"max_completion_tokens", "-1", "2147483647", "0", "9223372036854775808"},
      {"min_tokens", "0", "2147483647", "-1", "2147483648"},
      {"prompt_logprobs", "0", "20", "-1", "21"},
      {"thinking_token_budget", "-1", "2147483647", "-2", "2147483648"},
      {"seed", "-9223372036854775808", "9223372036854775807", "-9223372036854775809",
       "9223372036854775808"},
  };
  for (const Range& r : ranges) {
    for (const char* value : {r.low, r.high})
      good(Dialect::chat, chat_body(fmt::format(R"("{}":{})", r.field, value)));
    for (const char* value : {r.below, r.above, "1e999", "\"1\"", "[1]"}) {
      const Failure failure =
          bad(Dialect::chat, chat_body(fmt::format(R"("{}":{})", r.field, value)));
      EXPECT_EQ(http_status(failure), 400);
      EXPECT_EQ(failure.param, r.field);
      EXPECT_NE(failure.message.find(r.field), std::string::npos) << failure.message;
    }
    good(Dialect::chat, chat_body(fmt::format(R"("{}":null)", r.field)));
  }
  bad(Dialect::chat, chat_body(R"("temperature":NaN)"));
}

TEST(RequestRanges, CountsAreBounded) {
  std::string bias;
  for (int i = 0; i < 4097; ++i) bias += fmt::format("{}\"{}\":1", i > 0 ? "," : "", i);
  EXPECT_EQ(bad(Dialect::chat, chat_body("\"logit_bias\":{" + bias + "}")).param, "logit_bias");
  EXPECT_EQ(bad(Dialect::chat, chat_body(R"("logit_bias":{"x":1})")).param, "logit_bias");
  EXPECT_EQ(bad(Dialect::chat, chat_body(R"("logit_bias":{"5":101})")).param, "logit_bias");
  EXPECT_EQ(bad(Dialect::chat, chat_body(R"("top_logprobs":1)")).param, "top_logprobs");
  EXPECT_EQ(bad(Dialect::chat, chat_body(R"("logprobs":true,"top_logprobs":21)")).param,
            "top_logprobs");
  const std::string long_stop(257, 'x');
  EXPECT_EQ(bad(Dialect::chat, chat_body("\"stop\":\"" + long_stop + "\"")).param, "stop");
  std::string stops = "\"a\"";
  for (int i = 0; i < 16; ++i) stops += ",\"b\"";
  EXPECT_EQ(bad(Dialect::chat, chat_body("\"stop\":[" + stops + "]")).param, "stop");
  EXPECT_TRUE(good(Dialect::chat, chat_body(R"("stop":[""])")).options.stop.empty());
}

TEST(RequestBody, MustBeAnObjectOfBoundedDepth) {
  for (const std::string text : {"", "{", "[]", "1", "\"x\"", "{\"messages\":[}"})
    EXPECT_EQ(http_status(bad(Dialect::chat, text)), 400);
  const std::string deep = std::string(200, '[') + std::string(200, ']');
  bad(Dialect::chat, chat_body("\"metadata\":" + deep));
}

TEST(ChatRequest, PassesOverWhatItDoesNotKnow) {
  const ChatCall call =
      good(Dialect::chat,
           R"({"model":"gpt-9","messages":[{"role":"developer","content":"Be kind."},
          {"role":"user","content":[{"type":"text","text":"Hi","cache_control":{"type":"x"}}],
           "spanId":"s"}],"trace":{"a":1},"store":false,"metadata":{"b":2},
          "tools":[{"type":"web_search"},{"type":"function","function":{"name":"f"}}]})");
  EXPECT_EQ(call.model, "gpt-9");
  ASSERT_EQ(call.conversation.tools.size(), 1U);
  EXPECT_EQ(call.conversation.messages[0].role, chat::Role::system);
}

TEST(ChatRequest, SaysWhatItPassedOver) {
  using Names = std::vector<std::string>;
  EXPECT_EQ(good(Dialect::chat, chat_body(R"("user":"u","temperature":1,"metadata":null,"x":[1],
      "tools":[],"stream_options":{"include_usage":true,"y":1})"))
                .ignored,
            (Names{"user", "x"}));
  EXPECT_EQ(good(Dialect::messages,
                 messages_body(R"("metadata":{"user_id":"u"},"tool_choice":{"type":"none"},
      "context_management":{},"top_k":5)"))
                .ignored,
            (Names{"metadata", "context_management"}));
  EXPECT_EQ(good(Dialect::responses, R"({"input":"x","prompt":{},"truncation":"auto",
      "conversation":"c"})")
                .ignored,
            Names{"prompt"});
  EXPECT_EQ(good(Dialect::completions, R"({"prompt":"x","user":"u"})").ignored, Names{"user"});
}

// Forms that only single programs write.
TEST(ChatRequest, TakesTheFormsOfOtherDialects) {
  const ChatCall call = good(Dialect::chat,
                             R"({"messages":[{"role":"user","content":"Go"},
      {"role":"assistant","content":null,"tool_calls":[{"id":"c","type":"function",
        "function":{"name":"f","arguments":"{}"}}]},
      {"role":"tool","tool_call_id":"c","content":null},
      {"role":"assistant","content":[{"type":"thinking","thinking":"Hm"},{"type":"text","text":"a"},
        {"type":"redacted_thinking","data":"x"},{"type":"tool_use","id":"c"}]},
      {"role":"user","content":[]}],
    "tools":[{"type":"function","name":"f","parameters":{"type":"object"}},
             {"name":"g","input_schema":{"type":"object"}}],
    "tool_choice":{"type":"tool","name":"g"},"max_tokens":-1})");
  ASSERT_EQ(call.conversation.tools.size(), 2U);
  EXPECT_EQ(call.conversation.tools[1],
            R"({"type":"function","function":{"name":"g","parameters":{"type":"object"}}})");
  EXPECT_EQ(call.rules.allowed, std::vector<std::string>{"g"});
  EXPECT_EQ(call.conversation.messages[3].reasoning, "Hm");
  EXPECT_EQ(chat::content_text(call.conversation.messages[3]), "a");
  EXPECT_FALSE(call.options.max_tokens);
}

TEST(ChatRequest, EndsByTokens) {
  const ChatCall call =
      good(Dialect::chat, chat_body(R"("min_tokens":9,"stop_token_ids":[5,7],"ignore_eos":true)"));
  EXPECT_EQ(call.options.min_tokens, 9U);
  EXPECT_EQ(call.options.stop_tokens, (std::vector<engine::Token>{5, 7}));
  EXPECT_TRUE(call.options.ignore_end);
  for (const char* ids : {"5", "[-1]", "[\"a\"]", "[1.5]"})
    EXPECT_EQ(bad(Dialect::chat, chat_body(fmt::format("\"stop_token_ids\":{}", ids))).param,
              "stop_token_ids");
  EXPECT_EQ(bad(Dialect::chat, chat_body(R"("prompt_logprobs":1,"stream":true)")).param,
            "prompt_logprobs");
}

TEST(ChatRequest, MaxCompletionTokensWins) {
  EXPECT_EQ(good(Dialect::chat, chat_body(R"("max_tokens":900,"max_completion_tokens":800)"))
                .options.max_tokens,
            800U);
}

TEST(ChatRequest, NamesThePlaceOfWhatTheConversationCannotBe) {
  const auto param = [](const std::string& messages) {
    return bad(Dialect::chat, R"({"messages":)" + messages + "}").param;
  };
  EXPECT_EQ(param(R"([{"content":"x"}])"), "messages[0]");
  EXPECT_EQ(param(R"([{"role":"user","content":5}])"), "messages[0].content");
  EXPECT_EQ(param(R"([{"role":"user","content":[{"type":"text"}]}])"),
            "messages[0].content[0].text");
  EXPECT_EQ(bad(Dialect::chat, chat_body(R"("tools":{})")).param, "tools");
}

// Nested as deep as a body may be, in every form that declares it, and in what a call was given.
TEST(Requests, TakeDeepTools) {
  std::string deep = R"({"type":"string"})";
  for (int i = 0; i < 50; ++i) deep = R"({"properties":{"a":)" + deep + "}}";
  const std::string flat = R"({"name":"f","parameters":)" + deep + "}";
  const std::string call = R"({"role":"assistant","tool_calls":[{"id":"1","function":{"name":"f",)"
                           R"("arguments":{"a":)" +
                           deep + R"(}}}]},{"role":"tool","tool_call_id":"1","content":"x"}])";
  const std::pair<Dialect, std::string> bodies[] = {
      {Dialect::chat, chat_body(R"("tools":[{"type":"function","function":)" + flat + "}]")},
      {Dialect::chat, chat_body("\"tools\":[" + flat + "]")},
      {Dialect::chat, chat_body("\"functions\":[" + flat + "]")},
      {Dialect::chat, R"({"messages":[{"role":"user","content":"Hi"},)" + call + "}"},
      {Dialect::responses, R"({"input":"Hi","tools":[)" + flat + "]}"},
      {Dialect::messages, messages_body(R"("tools":[{"name":"f","input_schema":)" + deep + "}]")},
  };
  const testing::ScriptedEngine scripted = testing::make_scripted_engine("");
  for (const auto& [dialect, body] : bodies) {
    const auto requests = prepare(good(dialect, body), *scripted.engine, 100'000);
    EXPECT_TRUE(requests) << requests.error().message;
  }
}

TEST(ChatRequest, NamesThePlaceOfAnImage) {
  const Failure failure =
      bad(Dialect::chat,
          R"({"messages":[{"role":"system","content":"a"},{"role":"system","content":"b"},
          {"role":"user","content":[{"type":"text","text":"x"},
            {"type":"image_url","image_url":{"url":"data:"}}]}]})");
  EXPECT_EQ(failure.param, "messages[2].content[1]");
  EXPECT_EQ(http_status(failure), 400);
}

TEST(ChatRequest, RefusesMessagesThatNoAnswerCanFollow) {
  EXPECT_EQ(bad(Dialect::chat, R"({})").param, "messages");
  EXPECT_EQ(bad(Dialect::chat, R"({"messages":[]})").param, "messages");
  EXPECT_EQ(bad(Dialect::chat, R"({"messages":"Hi"})").param, "messages");
  bad(Dialect::chat, R"({"messages":[{"role":"user"}]})");
  bad(Dialect::chat, R"({"messages":[{"role":"robot","content":"x"}]})");
  bad(Dialect::chat, R"({"messages":[{"role":"user","content":"x"},
      {"role":"assistant","content":"a"},{"role":"assistant","content":"b"}]})");
}

TEST(ChatRequest, ContinuesALastAssistantMessage) {
  const std::string said = R"({"messages":[{"role":"user","content":"x"},
      {"role":"assistant","content":"Well,"}])";
  EXPECT_TRUE(rendered(good(Dialect::chat, said + "}")).ends_with("\n</think>\nWell,"));
  const ChatCall closed = good(Dialect::chat, said + R"(,"continue_final_message":false})");
  EXPECT_TRUE(rendered(closed).ends_with("<think>\n"));
  EXPECT_EQ(bad(Dialect::chat, chat_body(R"("continue_final_message":true)")).param,
            "continue_final_message");
}

TEST(ChatRequest, SmallModelsAndTitlesWait) {
  const auto lane = [](const std::string& text) { return good(Dialect::chat, text).lane; };
  EXPECT_EQ(lane(chat_body(R"("model":"claude-haiku-4-5")")), engine::Lane::background);
  EXPECT_EQ(lane(chat_body(R"("model":"claude-opus")")), engine::Lane::interactive);
  EXPECT_EQ(lane(R"({"messages":[{"role":"system","content":"You are a title generator."},
                     {"role":"user","content":"x"}]})"),
            engine::Lane::background);
}

constexpr const char* kTool =
    R"("tools":[{"type":"function","function":{"name":"f"}},
                {"type":"function","function":{"name":"g"}}])";

TEST(ToolChoiceField, TakesEveryForm) {
  const auto rules = [](const std::string& choice) {
    return good(Dialect::chat, chat_body(fmt::format("{},\"tool_choice\":{}", kTool, choice)))
        .rules;
  };
  using Names = std::vector<std::string>;
  EXPECT_EQ(rules("\"auto\""), ToolRules{});
  EXPECT_EQ(rules("\"none\"").choice, ToolChoice::none);
  EXPECT_EQ(rules("\"required\"").choice, ToolChoice::required);
  const ToolRules named = rules(R"({"type":"function","function":{"name":"g"}})");
  EXPECT_EQ(named.choice, ToolChoice::required);
  EXPECT_EQ(named.allowed, Names{"g"});
  const ToolRules some = rules(
      R"({"type":"allowed_tools","allowed_tools":{"mode":"required",
          "tools":[{"type":"function","function":{"name":"f"}}]}})");
  EXPECT_EQ(some.choice, ToolChoice::required);
  EXPECT_EQ(some.allowed, Names{"f"});
  EXPECT_FALSE(good(Dialect::chat, chat_body(R"("parallel_tool_calls":false)")).rules.parallel);
}

TEST(ToolChoiceField, RefusesWhatCannotBeHad) {
  const auto refused = [](const std::string& fields) {
    EXPECT_EQ(bad(Dialect::chat, chat_body(fields)).param, "tool_choice") << fields;
  };
  refused(R"("tool_choice":"required")");
  refused(R"("tool_choice":"sometimes")");
  refused(R"("tool_choice":7)");
  refused(std::string(kTool) + R"(,"tool_choice":{"type":"function","function":{"name":"h"}})");
}

TEST(ConstraintFields, BecomeOneSpecification) {
  using Kind = ConstraintSpec::Kind;
  const auto spec = [](const std::string& fields) {
    return good(Dialect::chat, chat_body(fields)).constraint;
  };
  const std::string schema = R"({"type":"object"})";
  EXPECT_EQ(spec(R"("response_format":{"type":"text"})").kind, Kind::none);
  EXPECT_EQ(spec(R"("response_format":{"type":"json_object"})").kind, Kind::json_object);
  for (const std::string& fields :
       {R"("response_format":{"type":"json_schema","json_schema":{"name":"a","schema":)" + schema +
            "}}",
        R"("response_format":{"type":"json_object","schema":)" + schema + "}",
        R"("json_schema":)" + schema, R"("guided_json":)" + schema,
        R"("structured_outputs":{"json":)" + schema + "}"}) {
    EXPECT_EQ(spec(fields), (ConstraintSpec{.kind = Kind::json_schema, .text = schema})) << fields;
  }
  EXPECT_EQ(spec(R"("structured_outputs":{"regex":"a+"})"),
            (ConstraintSpec{.kind = Kind::regex, .text = "a+"}));
  EXPECT_EQ(spec(R"("structured_outputs":{"choice":["yes","no"]})"),
            (ConstraintSpec{.kind = Kind::choice, .choices = {"yes", "no"}}));
  EXPECT_EQ(spec(R"("grammar":"root ::= \"x\"")").kind, Kind::grammar);
  EXPECT_EQ(good(Dialect::responses, R"({"input":"x","text":{"format":{"type":"json_schema",
      "name":"n","schema":{"type":"object"}}}})")
                .constraint.text,
            schema);
  EXPECT_EQ(
      good(Dialect::messages, messages_body(R"("output_config":{"format":{"type":"json_schema",
      "schema":{"type":"object"}}})"))
          .constraint.text,
      schema);
}

TEST(ConstraintFields, RefuseTwoAtOnceAndWrongShapes) {
  bad(Dialect::chat, chat_body(R"("grammar":"x","json_schema":{})"));
  bad(Dialect::chat, chat_body(R"("response_format":{"type":"yaml"})"));
  bad(Dialect::chat, chat_body(R"("response_format":{"type":"json_schema"})"));
  bad(Dialect::chat, chat_body(R"("response_format":"json")"));
  bad(Dialect::chat, chat_body(R"("structured_outputs":{"choice":[]})"));
}

TEST(ResponsesRequest, ItemsOfATurnAreOneMessage) {
  const ChatCall call = good(Dialect::responses, R"({"instructions":"Be kind.","input":[
    {"type":"message","role":"developer","content":[{"type":"input_text","text":"More."}]},
    {"role":"user","content":"Go"},
    {"type":"reasoning","id":"rs_1","summary":[{"type":"summary_text","text":"Hm"}],
     "content":null,"encrypted_content":"stride-x"},
    {"type":"message","role":"assistant","content":[{"type":"output_text","text":"Running."}]},
    {"type":"function_call","call_id":"c1","name":"f","arguments":"{\"a\":1}"},
    {"type":"web_search_call","id":"ws"},
    {"type":"function_call","call_id":"c2","name":"f","arguments":""},
    {"type":"function_call_output","call_id":"c2","output":[{"type":"input_text","text":"two"}]},
    {"type":"function_call_output","call_id":"c1","output":"one"}]})");
  const auto& messages = call.conversation.messages;
  ASSERT_EQ(messages.size(), 5U);
  EXPECT_EQ(chat::content_text(messages[0]), "Be kind.\n\nMore.");
  EXPECT_EQ(messages[2].reasoning, "Hm");
  EXPECT_EQ(messages[2].tool_calls.size(), 2U);
  EXPECT_EQ(chat::content_text(messages[3]), "one");
  EXPECT_EQ(call.reasoning_handles.at(2), "stride-x");
}

TEST(ResponsesRequest, NamespacesAndFreeText) {
  const ChatCall call = good(Dialect::responses, R"({"input":[
      {"type":"function_call","call_id":"c","namespace":"b","name":"f","arguments":"{}"}],
    "tools":[{"type":"function","name":"f","parameters":{}},
      {"type":"namespace","name":"b","tools":[{"type":"function","name":"f"},
                                              {"type":"function","name":"g"}]},
      {"type":"custom","name":"patch","format":{"type":"grammar","definition":"start: x"}},
      {"type":"image_generation"}]})");
  EXPECT_EQ(call.conversation.tools.size(), 4U);
  EXPECT_EQ(call.responses.origins.at("b.f").space, "b");
  EXPECT_EQ(call.responses.origins.at("g").name, "g");
  EXPECT_TRUE(call.responses.origins.at("patch").custom);
  EXPECT_EQ(call.conversation.messages[0].tool_calls[0].name, "b.f");
}

TEST(ResponsesRequest, TakesAnEmptyProbe) {
  good(Dialect::responses, R"({"input":[],"max_output_tokens":1})");
  good(Dialect::responses, R"({})");
}

TEST(ResponsesRequest, Refuses) {
  EXPECT_EQ(bad(Dialect::responses, R"({"input":5})").param, "input");
  EXPECT_EQ(conversation_of(*parse_body(R"({"conversation":7})")).error().param, "conversation");
  EXPECT_EQ(bad(Dialect::responses, R"({"input":[{"role":"user","content":[
      {"type":"input_image","image_url":"x"}]}]})")
                .param,
            "input[0].content[0]");
}

TEST(CompletionsRequest, Prompts) {
  EXPECT_EQ(good(Dialect::completions, R"({"prompt":"x"})").completions.prompts.size(), 1U);
  EXPECT_EQ(good(Dialect::completions, R"({"prompt":[1,2]})").completions.prompts.size(), 1U);
  EXPECT_EQ(good(Dialect::completions, R"({"prompt":["a",[1]]})").completions.prompts.size(), 2U);
  for (const char* prompt : {"5", "{}", "[{}]", "[-1]", "[1.5]", "[\"a\",5]"})
    bad(Dialect::completions, fmt::format(R"({{"prompt":{}}})", prompt));
  EXPECT_EQ(bad(Dialect::completions, "{}").param, "prompt");
  EXPECT_EQ(bad(Dialect::completions, R"({"prompt":"x","suffix":"y"})").param, "suffix");
  EXPECT_EQ(bad(Dialect::completions, R"({"prompt":"x","best_of":2})").param, "best_of");
  good(Dialect::completions, R"({"prompt":"x","best_of":2,"n":2})");
  EXPECT_EQ(good(Dialect::completions, R"({"prompt":"x","max_tokens":0})").options.max_tokens, 0U);
  EXPECT_EQ(good(Dialect::completions, R"({"prompt":"x","n_predict":0})").options.max_tokens, 0U);
  const ChatCall echo =
      good(Dialect::completions, R"({"prompt":"x","echo":true,"logprobs":3,"prompt_logprobs":5})");
  EXPECT_EQ(echo.options.n_prompt_logprobs, 5U);
}

TEST(Captures, AreReadAndRendered) {
  size_t n = 0;
  for (const auto& entry : std::filesystem::directory_iterator(STRIDE_TEST_DATA "/captures")) {
    std::ifstream in(entry.path());
    std::stringstream text;
    text << in.rdbuf();
    const auto capture = json::parse(text.str(), {.numbers = json::Numbers::exact});
    ASSERT_TRUE(capture) << entry.path();
    const std::string path = *json::string_member(*capture, "path");
    const Dialect dialect = path.find("/messages") != path.npos    ? Dialect::messages
                            : path.find("/responses") != path.npos ? Dialect::responses
                                                                   : Dialect::chat;
    const ChatCall call = good(dialect, json::dump(*json::member(*capture, "body")));
    EXPECT_TRUE(rendered(call).ends_with("<think>\n") || rendered(call).ends_with("\n</think>\n"))
        << entry.path();
    ++n;
  }
  EXPECT_GE(n, 10U);
}

}  // namespace
}  // namespace stride::api
