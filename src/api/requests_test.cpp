// SPDX-License-Identifier: Apache-2.0
// What the fields of requests become, and what is refused.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "api/completions_request.h"
#include "api/messages_request.h"
#include "api/openai_chat_request.h"
#include "api/prepare.h"
#include "api/request_common.h"
#include "api/responses_request.h"
#include "json/json.h"

namespace stride::api {
namespace {

CallDefaults defaults() {
  CallDefaults out;
  out.model = "step";
  return out;
}

Outcome<ChatCall> read(Dialect dialect, const std::string& text) {
  Json body = STRIDE_TRY(parse_body(text));
  switch (dialect) {
    case Dialect::completions:
      return read_completions_request(body, defaults());
    case Dialect::responses:
      return read_responses_request(body, Json::array(), defaults());
    case Dialect::messages:
      return read_messages_request(body, defaults());
    case Dialect::chat:
      break;
  }
  return read_chat_request(std::move(body), defaults());
}

ChatCall good(Dialect dialect, const std::string& text) {
  auto call = read(dialect, text);
  EXPECT_TRUE(call) << text << ": " << call.error().message;
  return call ? *std::move(call) : ChatCall{};
}

Failure bad(Dialect dialect, const std::string& text) {
  auto call = read(dialect, text);
  EXPECT_FALSE(call) << text;
  return call ? Failure{} : call.error();
}

// A chat request with more fields.
std::string chat(const std::string& fields) {
  return R"({"messages":[{"role":"user","content":"Hi"}])" + (fields.empty() ? "" : "," + fields) +
         "}";
}

std::string messages(const std::string& fields) {
  return R"({"max_tokens":500,"messages":[{"role":"user","content":"Hi"}])" +
         (fields.empty() ? "" : "," + fields) + "}";
}

std::string rendered(const ChatCall& call) {
  const auto prompt = render_call(call);
  EXPECT_TRUE(prompt) << prompt.error().message;
  return prompt ? prompt->text() : "";
}

// --- ranges

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
      {"max_completion_tokens", "1", "2147483647", "-1", "9223372036854775808"},
      {"thinking_token_budget", "-1", "2147483647", "-2", "2147483648"},
      {"seed", "-9223372036854775808", "9223372036854775807", "-9223372036854775809",
       "9223372036854775808"},
  };
  for (const Range& r : ranges) {
    for (const char* value : {r.low, r.high})
      good(Dialect::chat, chat(fmt::format(R"("{}":{})", r.field, value)));
    for (const char* value : {r.below, r.above, "1e999", "\"1\"", "[1]"}) {
      const Failure failure = bad(Dialect::chat, chat(fmt::format(R"("{}":{})", r.field, value)));
      EXPECT_EQ(http_status(failure), 400);
      EXPECT_EQ(failure.param, r.field);
      EXPECT_NE(failure.message.find(r.field), std::string::npos) << failure.message;
    }
    good(Dialect::chat, chat(fmt::format(R"("{}":null)", r.field)));
  }
  bad(Dialect::chat, chat(R"("temperature":NaN)"));
}

TEST(RequestRanges, CountsAreBounded) {
  std::string bias;
  for (int i = 0; i < 4097; ++i) bias += fmt::format("{}\"{}\":1", i > 0 ? "," : "", i);
  EXPECT_EQ(bad(Dialect::chat, chat("\"logit_bias\":{" + bias + "}")).param, "logit_bias");
  EXPECT_EQ(bad(Dialect::chat, chat(R"("logit_bias":{"x":1})")).param, "logit_bias");
  EXPECT_EQ(bad(Dialect::chat, chat(R"("logit_bias":{"5":101})")).param, "logit_bias");
  EXPECT_EQ(bad(Dialect::chat, chat(R"("top_logprobs":1)")).param, "top_logprobs");
  EXPECT_EQ(bad(Dialect::chat, chat(R"("logprobs":true,"top_logprobs":21)")).param, "top_logprobs");
  const std::string long_stop(257, 'x');
  EXPECT_EQ(bad(Dialect::chat, chat("\"stop\":\"" + long_stop + "\"")).param, "stop");
  std::string stops = "\"a\"";
  for (int i = 0; i < 16; ++i) stops += ",\"b\"";
  EXPECT_EQ(bad(Dialect::chat, chat("\"stop\":[" + stops + "]")).param, "stop");
  EXPECT_TRUE(good(Dialect::chat, chat(R"("stop":[""])")).options.stop.empty());
}

TEST(RequestBody, MustBeAnObjectOfBoundedDepth) {
  for (const std::string text : {"", "{", "[]", "1", "\"x\"", "{\"messages\":[}"})
    EXPECT_EQ(http_status(bad(Dialect::chat, text)), 400);
  const std::string deep = std::string(200, '[') + std::string(200, ']');
  bad(Dialect::chat, chat("\"metadata\":" + deep));
}

// --- chat

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

TEST(ChatRequest, MaxCompletionTokensWins) {
  EXPECT_EQ(good(Dialect::chat, chat(R"("max_tokens":900,"max_completion_tokens":800)"))
                .options.max_tokens,
            800U);
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
  EXPECT_EQ(bad(Dialect::chat, chat(R"("continue_final_message":true)")).param,
            "continue_final_message");
}

TEST(ChatRequest, SmallModelsAndTitlesWait) {
  const auto lane = [](const std::string& text) { return good(Dialect::chat, text).lane; };
  EXPECT_EQ(lane(chat(R"("model":"claude-haiku-4-5")")), engine::Lane::background);
  EXPECT_EQ(lane(chat(R"("model":"claude-opus")")), engine::Lane::interactive);
  EXPECT_EQ(lane(R"({"messages":[{"role":"system","content":"You are a title generator."},
                     {"role":"user","content":"x"}]})"),
            engine::Lane::background);
}

// --- tools and forms

constexpr const char* kTool =
    R"("tools":[{"type":"function","function":{"name":"f"}},
                {"type":"function","function":{"name":"g"}}])";

TEST(ToolChoiceField, TakesEveryForm) {
  const auto rules = [](const std::string& choice) {
    return good(Dialect::chat, chat(fmt::format("{},\"tool_choice\":{}", kTool, choice))).rules;
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
  EXPECT_FALSE(good(Dialect::chat, chat(R"("parallel_tool_calls":false)")).rules.parallel);
}

TEST(ToolChoiceField, RefusesWhatCannotBeHad) {
  const auto refused = [](const std::string& fields) {
    EXPECT_EQ(bad(Dialect::chat, chat(fields)).param, "tool_choice") << fields;
  };
  refused(R"("tool_choice":"required")");
  refused(R"("tool_choice":"sometimes")");
  refused(R"("tool_choice":7)");
  refused(std::string(kTool) + R"(,"tool_choice":{"type":"function","function":{"name":"h"}})");
}

TEST(ConstraintFields, BecomeOneSpecification) {
  using Kind = ConstraintSpec::Kind;
  const auto spec = [](const std::string& fields) {
    return good(Dialect::chat, chat(fields)).constraint;
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
  EXPECT_EQ(good(Dialect::messages, messages(R"("output_config":{"format":{"type":"json_schema",
      "schema":{"type":"object"}}})"))
                .constraint.text,
            schema);
}

TEST(ConstraintFields, RefuseTwoAtOnceAndWrongShapes) {
  bad(Dialect::chat, chat(R"("grammar":"x","json_schema":{})"));
  bad(Dialect::chat, chat(R"("response_format":{"type":"yaml"})"));
  bad(Dialect::chat, chat(R"("response_format":{"type":"json_schema"})"));
  bad(Dialect::chat, chat(R"("response_format":"json")"));
  bad(Dialect::chat, chat(R"("structured_outputs":{"choice":[]})"));
}

// --- thinking

struct Thinking {
  bool on;
  std::optional<chat::Effort> effort;
  std::optional<uint32_t> budget;

  bool operator==(const Thinking&) const = default;
};

Thinking thinking(Dialect dialect, const std::string& text) {
  const ChatCall call = good(dialect, text);
  return {call.conversation.thinking == chat::Thinking::on, call.conversation.effort,
          call.options.thinking_budget};
}

TEST(ThinkingControls, EverySwitchIsUnderstood) {
  using enum chat::Effort;
  const auto of = [](const std::string& fields) { return thinking(Dialect::chat, chat(fields)); };
  EXPECT_EQ(of(""), (Thinking{true, {}, {}}));
  for (const char* off :
       {R"("chat_template_kwargs":{"enable_thinking":false})", R"("thinking":{"type":"disabled"})",
        R"("think":false)", R"("reasoning":{"enabled":false})", R"("reasoning_effort":"none")",
        R"("reasoning":{"effort":"none"})", R"("enable_thinking":false)", R"("think":"off")"})
    EXPECT_EQ(of(off), (Thinking{false, {}, {}})) << off;
  EXPECT_EQ(of(R"("reasoning_effort":"minimal")"), (Thinking{true, low, {}}));
  EXPECT_EQ(of(R"("reasoning_effort":"xhigh")"), (Thinking{true, high, {}}));
  EXPECT_EQ(of(R"("reasoning_effort":null,"thinking":null)"), (Thinking{true, {}, {}}));
  EXPECT_EQ(of(R"("thinking":{"type":"enabled","budget_tokens":99})"), (Thinking{true, {}, 99}));
  EXPECT_EQ(of(R"("reasoning":{"max_tokens":7})"), (Thinking{true, {}, 7}));
  EXPECT_EQ(of(R"("thinking_token_budget":-1)"), (Thinking{true, {}, {}}));
  EXPECT_EQ(of(R"("model":"x-nothink")"), (Thinking{false, {}, {}}));
  EXPECT_EQ(of(R"("model":"x-low")"), (Thinking{true, low, {}}));
  EXPECT_EQ(of(R"("model":"x-low","reasoning_effort":"high")"), (Thinking{true, high, {}}));
  EXPECT_EQ(thinking(Dialect::messages, messages(R"("output_config":{"effort":"max"})")),
            (Thinking{true, high, {}}));
}

TEST(ThinkingControls, ALevelBesideAnOffSwitchIsNoContradiction) {
  EXPECT_FALSE(
      thinking(Dialect::chat, chat(R"("reasoning":{"effort":"high","enabled":false})")).on);
}

TEST(ThinkingControls, ContradictionsAreRefused) {
  for (const char* fields :
       {R"("chat_template_kwargs":{"enable_thinking":true},"reasoning_effort":"none")",
        R"("thinking":{"type":"enabled"},"reasoning":{"enabled":false})",
        R"("thinking":{"type":"disabled","budget_tokens":500})",
        R"("reasoning_effort":"low","reasoning":{"effort":"high"})", R"("reasoning_effort":"much")",
        R"("thinking":{"type":"perhaps"})"})
    EXPECT_EQ(http_status(bad(Dialect::chat, chat(fields))), 400) << fields;
}

TEST(ThinkingControls, ATinyAnswerIsNotSpentOnThinking) {
  EXPECT_FALSE(thinking(Dialect::chat, chat(R"("max_tokens":64)")).on);
  EXPECT_TRUE(thinking(Dialect::chat, chat(R"("max_tokens":200)")).on);
  EXPECT_TRUE(thinking(Dialect::chat, chat(R"("max_tokens":64,"reasoning_effort":"low")")).on);
}

// --- messages

TEST(MessagesRequest, DropsTheStampOfTheClient) {
  const auto with = [](const std::string& stamp) {
    return rendered(
        good(Dialect::messages,
             messages(fmt::format(
                 R"("system":[{{"type":"text","text":"x-anthropic-billing-header: cch={};"}},
            {{"type":"text","text":"Be kind.","cache_control":{{"type":"ephemeral"}}}}])",
                 stamp))));
  };
  EXPECT_EQ(with("a1b2c"), with("00000"));
  EXPECT_EQ(with("a1b2c"), rendered(good(Dialect::messages, messages(R"("system":"Be kind.")"))));
}

TEST(MessagesRequest, OnePartIsAString) {
  const ChatCall parts = good(
      Dialect::messages,
      R"({"max_tokens":500,"messages":[{"role":"user","content":[{"type":"text","text":"Hi"}]}]})");
  EXPECT_EQ(rendered(parts), rendered(good(Dialect::messages, messages(""))));
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
    return good(Dialect::messages, messages(tools + choice)).rules;
  };
  EXPECT_EQ(rules(R"({"type":"any"})").choice, ToolChoice::required);
  EXPECT_EQ(rules(R"({"type":"tool","name":"f"})").allowed, std::vector<std::string>{"f"});
  EXPECT_FALSE(rules(R"({"type":"auto","disable_parallel_tool_use":true})").parallel);
  bad(Dialect::messages, messages(tools + R"({"type":"tool","name":"g"})"));
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

// --- responses

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
  EXPECT_EQ(bad(Dialect::responses, R"({"input":"x","conversation":"c"})").param, "conversation");
  EXPECT_EQ(bad(Dialect::responses, R"({"input":[{"role":"user","content":[
      {"type":"input_image","image_url":"x"}]}]})")
                .param,
            "input[0].content[0]");
}

// --- completions

TEST(CompletionsRequest, Prompts) {
  EXPECT_EQ(good(Dialect::completions, R"({"prompt":"x"})").completions.prompts.size(), 1U);
  EXPECT_EQ(good(Dialect::completions, R"({"prompt":[1,2]})").completions.prompts.size(), 1U);
  EXPECT_EQ(good(Dialect::completions, R"({"prompt":["a",[1]]})").completions.prompts.size(), 2U);
  for (const char* prompt : {"5", "{}", "[{}]", "[-1]", "[1.5]", "[\"a\",5]"})
    bad(Dialect::completions, fmt::format(R"({{"prompt":{}}})", prompt));
  EXPECT_EQ(bad(Dialect::completions, "{}").param, "prompt");
  EXPECT_EQ(bad(Dialect::completions, R"({"prompt":"x","suffix":"y"})").param, "suffix");
}

// --- what real clients send

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
