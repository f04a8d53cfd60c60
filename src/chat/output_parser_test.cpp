// SPDX-License-Identifier: Apache-2.0
// Each case is parsed whole, cut in two at every byte, byte by byte and in random pieces; the
// result must be the same. The ids are those of the list of conformance cases that the parser is
// built to: R reasoning, T calls, D damaged calls, S streaming, V defects seen elsewhere, A
// additions.
#include "chat/output_parser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "base/random.h"
#include "base/utf8.h"
#include "chat/tool_schemas.h"
#include "json/json.h"

namespace stride::chat {
namespace {

using Call = ParsedCall;

const ToolSchemas& tools() {
  static const ToolSchemas out = [] {
    auto parsed = ToolSchemas::parse(
        {R"({"type":"function","function":{"name":"bash","parameters":{"type":"object","properties":
             {"command":{"type":"string"},"items":{"type":"array"},"options":{"type":"object"},
              "timeout":{"type":"integer"}}}}})",
         R"({"type":"function","function":{"name":"weather","parameters":{"type":"object",
             "properties":{"city":{"type":"string"},"state":{"type":"string"},
             "days":{"type":"integer"}},"required":["city"]}}})",
         R"({"type":"function","function":{"name":"typed","parameters":{"type":"object",
             "$defs":{"int":{"type":"integer"}},"properties":{
             "i":{"type":"integer"},"f":{"type":"number"},"b":{"type":"boolean"},
             "s":{"type":"string"},"o":{"type":"object"},"a":{"type":"array"},
             "ni":{"type":["integer","null"]},"ns":{"type":["string","null"]},
             "sn":{"anyOf":[{"type":"null"},{"type":"string"}]},
             "u":{"oneOf":[{"type":"integer"},{"type":"object"},{"type":"string"}]},
             "e":{"enum":["1","x"]},"r":{"$ref":"#/$defs/int"},"any":{}}}}})",
         R"({"type":"function","function":{"name":"empty","parameters":{"type":"object",
             "properties":{}}}})",
         R"({"type":"function","function":{"name":"none"}})",
         R"({"type":"function","function":{"name":"ns-1.get:x","parameters":{"oneOf":[
             {"properties":{"n":{"type":"integer"}}},{"properties":{"t":{"type":"string"}}}]}}})"});
    EXPECT_TRUE(parsed) << (parsed ? "" : parsed.error().message);
    return parsed ? *std::move(parsed) : ToolSchemas();
  }();
  return out;
}

ParserOptions options_from(OutputStart start) {
  ParserOptions out;
  out.tools = &tools();
  out.start = start;
  return out;
}

Call call(std::string name, std::string arguments, CallEnding ending = CallEnding::closed) {
  return {.name = std::move(name), .arguments = std::move(arguments), .ending = ending};
}

struct Case {
  std::string id;
  std::string text;
  ParsedOutput expected;
  ParserOptions options = options_from(OutputStart::content);
  FinishReason reason = FinishReason::stop;
};

// Checks the rules of the stream itself and gives the joined result, without ids.
class Collector {
 public:
  void add(const std::vector<Delta>& deltas) {
    for (const Delta& delta : deltas) {
      EXPECT_TRUE(is_utf8(delta.text));
      switch (delta.kind) {
        case Delta::Kind::reasoning:
          EXPECT_EQ(out_.calls.size(), 0U);
          [[fallthrough]];
        case Delta::Kind::content:
          EXPECT_FALSE(delta.text.empty());
          EXPECT_FALSE(open_);
          break;
        case Delta::Kind::call_begin:
          EXPECT_FALSE(open_);
          EXPECT_EQ(delta.index, out_.calls.size());
          EXPECT_EQ(delta.id, "call_" + std::to_string(delta.index));
          open_ = true;
          break;
        case Delta::Kind::call_arguments:
        case Delta::Kind::call_end:
          EXPECT_TRUE(open_);
          EXPECT_EQ(delta.index + 1, out_.calls.size());
          open_ = open_ && delta.kind != Delta::Kind::call_end;
      }
      out_.add(delta);
    }
  }

  ParsedOutput take() {
    EXPECT_FALSE(open_);
    for (Call& c : out_.calls) {
      c.id.clear();
      if (c.ending == CallEnding::cut) continue;
      const auto value = json::parse(c.arguments, {.numbers = json::Numbers::exact});
      EXPECT_TRUE(value && value->is_object()) << c.arguments;
    }
    return std::move(out_);
  }

 private:
  ParsedOutput out_;
  bool open_ = false;
};

ParsedOutput parse_pieces(const Case& c, const std::vector<size_t>& cuts) {
  Collector collector;
  OutputParser parser(c.options);
  size_t at = 0;
  for (const size_t cut : cuts) {
    collector.add(parser.push(std::string_view(c.text).substr(at, cut - at)));
    at = cut;
  }
  collector.add(parser.push(std::string_view(c.text).substr(at)));
  collector.add(parser.finish(c.reason));
  EXPECT_TRUE(parser.finish(c.reason).empty());
  EXPECT_TRUE(parser.push("more").empty());
  return collector.take();
}

std::string show(const ParsedOutput& out) {
  std::string text = fmt::format("reasoning: {}\ncontent: {}\n", out.reasoning.value_or("(none)"),
                                 out.content.value_or("(none)"));
  for (const Call& c : out.calls) {
    text += fmt::format("call: {} {} {}\n", c.name, c.arguments, static_cast<int>(c.ending));
  }
  return text;
}

void check(const Case& c) {
  SCOPED_TRACE(c.id + ": " + c.text.substr(0, 400));
  const ParsedOutput whole = parse_pieces(c, {});
  EXPECT_EQ(show(whole), show(c.expected));
  EXPECT_EQ(whole, c.expected);
  for (size_t cut = 1; cut < c.text.size(); ++cut) {
    ASSERT_EQ(show(parse_pieces(c, {cut})), show(whole)) << "cut at " << cut;
  }
  std::vector<size_t> every;
  for (size_t cut = 1; cut < c.text.size(); ++cut) every.push_back(cut);
  ASSERT_EQ(show(parse_pieces(c, every)), show(whole)) << "byte by byte";
  Random random(7);
  for (int round = 0; round < 20; ++round) {
    std::vector<size_t> cuts;
    for (size_t cut = 1; cut < c.text.size(); ++cut) {
      if (random.below(8) == 0) cuts.push_back(cut);
    }
    ASSERT_EQ(show(parse_pieces(c, cuts)), show(whole)) << "random pieces " << round;
  }
}

void check_all(const std::vector<Case>& cases) {
  for (const Case& c : cases) check(c);
}

ParsedOutput text_only(std::string text) {
  return {.content = std::move(text), .calls = {}};
}

// The canonical form of a call.
std::string form(std::string_view name,
                 std::initializer_list<std::pair<std::string_view, std::string_view>> parameters) {
  std::string out = fmt::format("<tool_call>\n<function={}>\n", name);
  for (const auto& [key, value] : parameters) {
    out += fmt::format("<parameter={}>\n{}\n</parameter>\n", key, value);
  }
  return out + "</function>\n</tool_call>";
}

const std::string kPwd = form("bash", {{"command", "pwd"}});
const std::string kPwdArguments = R"({"command":"pwd"})";
const std::string kInline =
    "<tool_call><function=bash><parameter=command>pwd</parameter></function></tool_call>";

TEST(OutputParser, Reasoning) {
  const ParserOptions think = options_from(OutputStart::reasoning);
  ParserOptions raw = think;
  raw.reasoning_format = ReasoningFormat::raw;
  const ParserOptions closed = options_from(OutputStart::after_think_close);
  const ParserOptions plain = options_from(OutputStart::content);
  const auto both = [](std::string reasoning, std::string content) {
    return ParsedOutput{.reasoning = std::move(reasoning), .content = std::move(content)};
  };
  const auto only = [](std::string reasoning) { return ParsedOutput{.reasoning = reasoning}; };
  check_all({
      {"R1", "why</think>so", both("why", "so"), think},
      {"R2", "why</think>", only("why"), think},
      {"R3", "why", only("why"), think},
      {"R4", "a\nb</think>c\nd", both("a\nb", "c\nd"), think},
      {"R5", "</think>so", text_only("so"), think},
      {"R6", "<think>why</think>so", both("why", "so"), think},
      {"R6 content", "<think>why</think>so", both("why", "so"), plain},
      {"R6 later", "a<think>b</think>c", both("a<think>b", "c"), think},
      {"R7", "\n<think>why</think>so", both("why", "so"), think},
      {"R7 none", "\n\n<thin", only("\n\n<thin"), think},
      {"R8", "", {}, think},
      {"R9", "\n a \n b\n\n\n</think>\n\nThis", both("\n a \n b\n\n", "\nThis"), think},
      {"R9 end", "a</think>\n\n", both("a", "\n"), think},
      {"R10", "a\nb\n\nc</think>d", both("a\nb\n\nc", "d"), think},
      {"R11", "a\n", only("a\n"), think},
      {"R12", "a</think>\nfirst\nsecond\n", both("a", "first\nsecond\n"), think},
      {"R13", "<think></think>so", text_only("so"), think},
      {"R13 lines", "<think>\n</think>\nso", text_only("so"), think},
      {"R16", "I may use <tool_call> here\n</think>\nno need",
       both("I may use <tool_call> here", "no need"), think},
      {"R17",
       "maybe " + kPwd + "\n</think>\n" + form("bash", {{"command", "ls"}}),
       {.reasoning = "maybe " + kPwd, .calls = {call("bash", R"({"command":"ls"})")}},
       think},
      {"R18",
       "inspect" + kInline,
       {.reasoning = "inspect", .calls = {call("bash", kPwdArguments)}},
       think},
      {"R18 damaged",
       "inspect\n<tool_call><function bash><parameter=command>pwd</parameter></function>\n",
       {.reasoning = "inspect", .calls = {call("bash", kPwdArguments)}},
       think},
      {"R18 late", "inspect" + kInline + "</think>late", both("inspect" + kInline, "late"), think},
      {"R18 content",
       kInline + "</think>late",
       {.content = "</think>late", .calls = {call("bash", kPwdArguments)}},
       plain},
      {"R19", "why\n</think>\nso\n", text_only("why\n</think>\nso\n"), raw},
      {"R19 call",
       "why\n" + kPwd,
       {.content = "why\n", .calls = {call("bash", kPwdArguments)}},
       raw},
      {"R20", "why\n</think>\n\n{\"a\": 1}", both("why", "\n{\"a\": 1}"), think},
      {"A after close", "\nso", text_only("so"), closed},
      {"A think off", "a</think>b", text_only("a</think>b"), plain},
      {"A second close", "a</think>b</think>c", both("a", "b</think>c"), think},
      {"A return", "a\r\n</think>\r\nb", both("a", "b"), think},
      {"A lone return", "a\r</think>\rb", both("a\r", "\rb"), think},
      {"A lone return at the end", "a</think>\r", both("a", "\r"), think},
      {"A angles", "<<<</thin</think><", both("<<<</thin", "<"), think},
  });
}

// Two-mode rule: what happens to calls inside reasoning.
TEST(OutputParser, CallsInReasoning) {
  const ParserOptions think = options_from(OutputStart::reasoning);
  ParserOptions small = think;
  small.max_held_bytes = 40;
  const auto only = [](std::string reasoning) { return ParsedOutput{.reasoning = reasoning}; };
  const std::string weather = form("weather", {{"city", "Roma"}});
  check_all({
      {"two calls",
       "a\n\n" + kPwd + "\n" + weather + "\n",
       {.reasoning = "a\n",
        .calls = {call("bash", kPwdArguments), call("weather", R"({"city":"Roma"})")}},
       think},
      {"thought first",
       "a " + kPwd + " no, rather\n" + weather,
       {.reasoning = "a " + kPwd + " no, rather", .calls = {call("weather", R"({"city":"Roma"})")}},
       think},
      {"text behind", "a " + kPwd + " done", only("a " + kPwd + " done"), think},
      {"cut by length", "a " + kPwd, only("a " + kPwd), think, FinishReason::length},
      {"undeclared", "a" + form("who", {{"x", "1"}}), only("a" + form("who", {{"x", "1"}})), think},
      {"required missing", form("weather", {{"state", "x"}}),
       only(form("weather", {{"state", "x"}})), think},
      {"wrong type", form("weather", {{"city", "x"}, {"days", "two"}}),
       only(form("weather", {{"city", "x"}, {"days", "two"}})), think},
      {"open at the end", "a<tool_call><function=bash><parameter=command>pwd",
       only("a<tool_call><function=bash><parameter=command>pwd"), think},
      {"mention before",
       "use <tool_call><tool_call>" + kPwd,
       {.reasoning = "use <tool_call><tool_call>", .calls = {call("bash", kPwdArguments)}},
       think},
      {"bare", "a<function=bash><parameter=command>pwd</parameter></function>",
       only("a<function=bash><parameter=command>pwd</parameter></function>"), think},
      {"close inside a value",
       "a" + form("bash", {{"command", "x</think>y"}}),
       {.reasoning = "a<tool_call>\n<function=bash>\n<parameter=command>\nx",
        .content = "y\n</parameter>\n</function>\n</tool_call>"},
       think},
      {"held too long", "a" + kPwd, only("a" + kPwd), small},
      {"characters",
       "\u4f60" + form("bash", {{"command", "\u597d"}}),
       {.reasoning = "\u4f60", .calls = {call("bash", "{\"command\":\"\u597d\"}")}},
       think},
  });
}

TEST(OutputParser, Calls) {
  const std::string code = "if x:\n\n    print(\"it's\")\n\treturn '</p>'\n";
  check_all({
      {"T1", "just text", text_only("just text")},
      {"T2", kPwd, {.calls = {call("bash", kPwdArguments)}}},
      {"T3",
       "Let me look.\n" + kPwd,
       {.content = "Let me look.\n", .calls = {call("bash", kPwdArguments)}}},
      {"T4",
       form("bash", {{"options", "{\n  \"a\": [1,\n 2]\n}"}}),
       {.calls = {call("bash", R"({"options":{"a":[1,2]}})")}}},
      {"T5",
       kPwd + "\n" + kPwd + "\n",
       {.calls = {call("bash", kPwdArguments), call("bash", kPwdArguments)}}},
      {"T6", kPwd + kPwd, {.calls = {call("bash", kPwdArguments), call("bash", kPwdArguments)}}},
      {"T7",
       "hello" + kInline + "between" + kPwd + "bye",
       {.content = "hellobetweenbye",
        .calls = {call("bash", kPwdArguments), call("bash", kPwdArguments)}}},
      {"T7 lines",
       "a\n" + kPwd + "\nb\n" + kPwd + "\nc\n",
       {.content = "a\n\nb\n\nc\n",
        .calls = {call("bash", kPwdArguments), call("bash", kPwdArguments)}}},
      {"T8",
       form("typed", {{"i", "5"}, {"f", "1.0"}, {"b", "true"}, {"s", "x"}, {"o", "{\"k\": 1}"}}),
       {.calls = {call("typed", R"({"i":5,"f":1.0,"b":true,"s":"x","o":{"k":1}})")}}},
      {"T9",
       form("empty", {}) + form("none", {}),
       {.calls = {call("empty", "{}"), call("none", "{}")}}},
      {"T10",
       form("bash", {{"command", code}}),
       {.calls = {call("bash", "{\"command\":" + json::dump(Json(code)) + "}")}}},
      {"T11",
       form("bash", {{"command", "<p class=\"a\">x</p>\n<function>f</function>"}}),
       {.calls = {call("bash", R"({"command":"<p class=\"a\">x</p>\n<function>f</function>"})")}}},
      {"T12",
       "\u597d\u7684\u3002" + form("weather", {{"city", "\u5317\u4eac \U0001f600"}}),
       {.content = "\u597d\u7684\u3002",
        .calls = {call("weather", "{\"city\":\"\u5317\u4eac \U0001f600\"}")}}},
      {"T13",
       form("bash", {{"items", "[{\"a\": 1}, {\"b\": [null, 2.50]}]"}}),
       {.calls = {call("bash", R"({"items":[{"a":1},{"b":[null,2.50]}]})")}}},
      {"T14", form("typed", {{"s", "5123123"}}), {.calls = {call("typed", R"({"s":"5123123"})")}}},
      {"T15",
       form("weather", {{"city", "x"}, {"days", "3"}}),
       {.calls = {call("weather", R"({"city":"x","days":3})")}}},
      {"T16", form("weather", {{"city", "x"}}), {.calls = {call("weather", R"({"city":"x"})")}}},
      {"T17",
       form("typed", {{"i", "-7"}, {"f", "-0.50"}, {"o", "{\"x\": 1.10, \"y\": -2e3}"}}),
       {.calls = {call("typed", R"({"i":-7,"f":-0.50,"o":{"x":1.10,"y":-2e3}})")}}},
      {"T18", form("typed", {{"s", ""}}), {.calls = {call("typed", R"({"s":""})")}}},
      {"T18 one line",
       "<tool_call>\n<function=typed>\n<parameter=s>\n</parameter>\n</function>\n"
       "</tool_call>",
       {.calls = {call("typed", R"({"s":""})")}}},
      {"T19", form("typed", {{"s", "\"foo\""}}), {.calls = {call("typed", R"({"s":"\"foo\""})")}}},
      {"T20",
       form("weather", {{"days", "1"}, {"state", "y"}, {"city", "x"}}),
       {.calls = {call("weather", R"({"days":1,"state":"y","city":"x"})")}}},
      {"T21",
       form("typed", {{"ns", "null"}, {"sn", "x"}, {"ni", "null"}, {"e", "1"}}),
       {.calls = {call("typed", R"({"ns":null,"sn":"x","ni":null,"e":"1"})")}}},
      {"T21 others",
       form("typed", {{"ns", "5"}, {"sn", "null"}, {"ni", "5"}, {"u", "{}"}}),
       {.calls = {call("typed", R"({"ns":"5","sn":null,"ni":5,"u":{}})")}}},
      {"T22", "Sure.\n\n" + kPwd, {.content = "Sure.\n\n", .calls = {call("bash", kPwdArguments)}}},
      {"T23",
       "think\n</think>\ntext\n" + kPwd + "\n",
       {.reasoning = "think", .content = "text\n", .calls = {call("bash", kPwdArguments)}},
       options_from(OutputStart::reasoning)},
      {"T23 blank",
       "think\n</think>\n\n\n" + kPwd + "\n",
       {.reasoning = "think", .calls = {call("bash", kPwdArguments)}},
       options_from(OutputStart::reasoning)},
  });
}

TEST(OutputParser, DamagedCalls) {
  const ParsedOutput pwd{.calls = {call("bash", kPwdArguments)}};
  const std::string bare = "<function=bash><parameter=command>pwd</parameter></function>";
  const ParsedOutput pwd_at_end{.calls = {call("bash", kPwdArguments, CallEnding::closed_by_end)}};
  ParserOptions holding_ten = options_from(OutputStart::content);
  holding_ten.max_held_bytes = 10;
  check_all({
      {"D1", bare, pwd},
      {"D1 lines", "<function=bash>\n<parameter=command>\npwd\n</parameter>\n</function>", pwd},
      {"D2", "a<function=who><parameter=command>pwd</parameter></function>b",
       text_only("a<function=who><parameter=command>pwd</parameter></function>b")},
      {"D3",
       "<tool_call><function=weather><parameter=city>Dallas<parameter=state>TX</parameter>"
       "</function></tool_call>",
       {.calls = {call("weather", R"({"city":"Dallas","state":"TX"})")}}},
      {"D3 lines",
       "<tool_call>\n<function=weather>\n<parameter=city>\nDallas\n<parameter=state>\n"
       "TX\n</function>\n</tool_call>",
       {.calls = {call("weather", R"({"city":"Dallas","state":"TX"})")}}},
      {"D3 function", "<tool_call><function=bash><parameter=command>pwd</function></tool_call>",
       pwd},
      {"D4", "<tool_call><function bash><parameter=command>pwd</parameter></function></tool_call>",
       pwd},
      {"D4 joined", "<tool_call>\n<functionbash>\n<parameter=command>pwd</parameter></function>",
       pwd},
      {"D5",
       "<tool_call><function=bash\n<parameter=command\npwd</parameter></function>"
       "</tool_call>",
       pwd},
      {"D5 next tag", "<tool_call><function=bash<parameter=command>pwd</parameter></function>",
       pwd},
      {"D5 angle in the value",
       "<tool_call>\n<function=bash>\n<parameter=command\na > b\n"
       "</parameter>\n</function>\n</tool_call>",
       {.calls = {call("bash", R"({"command":"a > b"})")}}},
      {"D6",
       "<tool_call><function=bash><parameter=parameter=command\npwd</parameter></function>"
       "</tool_call>",
       pwd},
      {"D6 angle",
       "<tool_call><function=bash><parameter=parameter=command>pwd</parameter>"
       "</function></tool_call>",
       pwd},
      {"D6 marks",
       "<tool_call><function=bash><parameter=command:>pwd</parameter>"
       "<parameter=timeout;,>\n5</parameter></function></tool_call>",
       {.calls = {call("bash", R"({"command":"pwd","timeout":5})")}}},
      {"D7", "<tool_call><function=bash><parameter=command>pwd</tool_call>", pwd},
      {"D7 text",
       "<tool_call><function=bash><parameter=command>pwd</tool_call>bye",
       {.content = "bye", .calls = {call("bash", kPwdArguments)}}},
      {"D7 call",
       "<tool_call><function=bash><parameter=command>pwd</tool_call>" + kPwd,
       {.calls = {call("bash", kPwdArguments), call("bash", kPwdArguments)}}},
      {"D7 no function end",
       "<tool_call><function=bash><parameter=command>pwd</parameter>"
       "</tool_call>",
       pwd},
      {"D7 before another",
       "<tool_call><function=bash><parameter=command>pwd</parameter>" + kPwd,
       {.calls = {call("bash", kPwdArguments), call("bash", kPwdArguments)}}},
      {"D7 no call end",
       "<tool_call><function=bash><parameter=command>pwd</parameter></function>"
       "bye",
       {.content = "bye", .calls = {call("bash", kPwdArguments)}}},
      {"D8",
       form("bash", {{"options", "{'a': 'b'}"}}),
       {.calls = {call("bash", R"({"options":{"a":"b"}})")}}},
      {"D9",
       form("bash", {{"options", "{'check': True, 'n': None}"}, {"items", "(1, 2)"}}),
       {.calls = {call("bash", R"({"options":{"check":true,"n":null},"items":[1,2]})")}}},
      {"D10", "<tool_call><function who><parameter=command>pwd</parameter></function></tool_call>",
       text_only("<tool_call><function who><parameter=command>pwd</parameter></function>"
                 "</tool_call>")},
      {"D11",
       "intro<functions>x</functions><function_name>y</function_name>" + kPwd,
       {.content = "intro<functions>x</functions><function_name>y</function_name>",
        .calls = {call("bash", kPwdArguments)}}},
      {"D12 a", "This uses <functionality in prose",
       text_only("This uses <functionality in prose")},
      {"D12 b", "This uses <functionbashful in prose",
       text_only("This uses <functionbashful in prose")},
      {"D12 c", "This uses <function unknown in prose",
       text_only("This uses <function unknown in prose")},
      {"D12 d", "This discusses <parameterization forever",
       text_only("This discusses <parameterization forever")},
      {"D12 e", "Call <function=bash> with <parameter=command>",
       text_only("Call <function=bash> with <parameter=command>")},
      {"D13", "a</function>b</parameter>c</tool_call>d",
       text_only("a</function>b</parameter>c</tool_call>d")},
      {"D14",
       "a<</function>b" + kPwd,
       {.content = "a<</function>b", .calls = {call("bash", kPwdArguments)}}},
      {"D15", "<tool_call><function=bash><parameter=command>pwd", pwd_at_end},
      {"D15 newline", "<tool_call>\n<function=bash>\n<parameter=command>\npwd\n", pwd_at_end},
      {"D15 tag begun", "<tool_call>\n<function=bash>\n<parameter=command>\npwd\n</para",
       pwd_at_end},
      {"D15 after a value",
       "<tool_call>\n<function=bash>\n<parameter=command>\npwd\n</parameter>\n", pwd_at_end},
      {"D15 length",
       "<tool_call>\n<function=bash>\n<parameter=command>\npwd -",
       {.calls = {call("bash", R"({"command":"pwd -)", CallEnding::cut)}},
       options_from(OutputStart::content),
       FinishReason::length},
      {"D16", "<tool_call><function=bash", text_only("<tool_call><function=bash")},
      {"D16 b", "<tool_call><function=bash><parameter=command",
       text_only("<tool_call><function=bash><parameter=command")},
      {"D16 c", "x<tool_call>", text_only("x<tool_call>")},
      {"D17",
       kInline + "<tool_call><function=weather",
       {.content = "<tool_call><function=weather", .calls = {call("bash", kPwdArguments)}}},
      {"D18 a", bare + "</tool_call>", pwd},
      {"D18 b", bare + "\n</tool_call>", pwd},
      {"D18 c", bare + "\n  </tool_call>", pwd},
      {"D19", "<function=bash></function>\n", {.content = "\n", .calls = {call("bash", "{}")}}},
      {"D20",
       form("bash", {{"options", "{1, 2}"}}),
       {.calls = {call("bash", R"({"options":"{1, 2}"})")}}},
      {"D21 a",
       form("bash", {{"command", "printf '<function bash>'"}}),
       {.calls = {call("bash", R"({"command":"printf '<function bash>'"})")}}},
      {"D21 b",
       form("bash", {{"command", "printf '<tool_call>' &lt;function bash&gt;"}}),
       {.calls = {call("bash", R"({"command":"printf '<tool_call>' &lt;function bash&gt;"})")}}},
      {"D21 c",
       "<tool_call><function=bash><parameter=command>printf '<function bash>'</parameter>"
       "</function></tool_call>",
       {.calls = {call("bash", R"({"command":"printf '<function bash>'"})")}}},
      {"D21 d",
       form("bash", {{"command", "x\n" + kPwd.substr(0, 27) + "\ny"}}),
       {.calls = {call("bash", R"({"command":"x\n<tool_call>\n<function=bash>\ny"})")}}},
      {"D22", "<tool_call>\n{\"name\": \"bash\", \"arguments\": {}}\n</tool_call>",
       text_only("<tool_call>\n{\"name\": \"bash\", \"arguments\": {}}\n</tool_call>")},
      {"D23", "<tool_call>\n<function=bash>\nls -la\n</function>\n</tool_call>",
       text_only("<tool_call>\n<function=bash>\nls -la\n</function>\n</tool_call>")},
      {"D24", "a\ue000b\ue001c", text_only("a\ue000b\ue001c")},
      {"undeclared in a wrapper",
       form("who", {{"x", "1"}}),
       {.calls = {call("who", R"({"x":"1"})")}}},
      {"declared, nothing else",
       "<tool_call>\n<function=none>\n",
       {.calls = {call("none", "{}", CallEnding::closed_by_end)}}},
      {"declared, cut",
       "<tool_call>\n<function=none>\n",
       {.calls = {call("none", "", CallEnding::cut)}},
       options_from(OutputStart::content),
       FinishReason::length},
      {"stray text",
       "<tool_call><function=bash><parameter=command>pwd</parameter> well "
       "<parameter=timeout>5</parameter></function></tool_call>",
       {.calls = {call("bash", R"({"command":"pwd","timeout":5})")}}},
      {"stray text beyond what is held",
       "<tool_call><function=bash><parameter=command>pwd</parameter> why not\u4f60, "
       "then</tool_call>",
       {.content = " why not", .calls = {call("bash", kPwdArguments)}},
       holding_ten},
  });
}

// What another parser of this form got wrong.
TEST(OutputParser, KnownDefects) {
  const auto typed = [](std::string_view key, std::string_view value, std::string_view json_value) {
    return Case{fmt::format("{} {}", key, value),
                form("typed", {{key, value}}),
                {.calls = {call("typed", fmt::format("{{\"{}\":{}}}", key, json_value))}}};
  };
  const auto bash = [](std::string id, std::string_view value) {
    return Case{std::move(id),
                form("bash", {{"command", value}}),
                {.calls = {call("bash", "{\"command\":" + json::dump(Json(value)) + "}")}}};
  };
  check_all({
      typed("a", "[1, true, null]", "[1,true,null]"),
      typed("a", "[1, True, None]", "[1,true,null]"),
      typed("b", "true", "true"),
      typed("b", "False", "false"),
      typed("b", "maybe", "\"maybe\""),
      typed("i", "null", "\"null\""),
      typed("s", "null", "\"null\""),
      typed("any", "null", "\"null\""),
      typed("ni", "7", "7"),
      typed("ni", "null", "null"),
      typed("f", "1.0", "1.0"),
      typed("f", "12345678901234567890.5", "12345678901234567890.5"),
      typed("i", "123456789012345678901234567890", "123456789012345678901234567890"),
      typed("f", "1e400", "1e400"),
      typed("r", "12", "12"),
      typed("u", "12", "12"),
      typed("u", "x", "\"x\""),
      bash("V6", "say \"<tool_call>\" loud"),
      bash("V7", "say \"</parameter>\" loud"),
      bash("V7 line", "a\n</parameter>\nb"),
      bash("V7 twice", "</parameter></parameter> x </function> y </tool_call> z"),
      bash("V7 closers", "x</function>\n</tool_call>\ny"),
      bash("V8", "\nfoo"),
      bash("V8 blank lines", "\n\n\n"),
      {"V9 text", kPwd + "after", {.content = "after", .calls = {call("bash", kPwdArguments)}}},
      {"V9 repeated",
       form("bash", {{"command", "a"}, {"timeout", "1"}, {"command", "b"}}),
       {.calls = {call("bash", R"({"command":"b","timeout":1})")}}},
      {"V9 cut",
       "<tool_call>\n<function=bash>\n<parameter=timeout>\n5\n</parameter>\n<param",
       {.calls = {call("bash", R"({"timeout":5)", CallEnding::cut)}},
       options_from(OutputStart::content),
       FinishReason::length},
  });
}

TEST(OutputParser, Additions) {
  ParserOptions early = options_from(OutputStart::content);
  early.stream_after_bytes = 3;
  const std::string crlf =
      "<tool_call>\r\n<function=bash>\r\n<parameter=command>\r\npwd\r\n</parameter>\r\n"
      "<parameter=timeout>\r\n5\r\n</parameter>\r\n</function>\r\n</tool_call>\r\n";
  const std::string nul("a\0b", 3);
  check_all({
      {"line ends", crlf, {.calls = {call("bash", R"({"command":"pwd","timeout":5})")}}},
      {"lone returns",
       form("bash", {{"command", "\ra\rb\r\r"}}),
       {.calls = {call("bash", R"({"command":"\ra\rb\r"})")}}},
      {"NUL",
       nul + form("bash", {{"command", nul}}),
       {.content = nul, .calls = {call("bash", R"({"command":"a\u0000b"})")}}},
      {"names",
       form("ns-1.get:x", {{"n", "5"}, {"t", "6"}, {"x.y-z", "7"}}),
       {.calls = {call("ns-1.get:x", R"({"n":5,"t":"6","x.y-z":"7"})")}}},
      {"joined name", "<functionns-1.get:x></function>", {.calls = {call("ns-1.get:x", "{}")}}},
      {"ill-formed bytes",
       "a\xff"
       "b" +
           form("bash", {{"command", "\xe4\xbd"}}) + "\xf0\x9f",
       {.content = "a\ufffdb\ufffd", .calls = {call("bash", "{\"command\":\"\ufffd\"}")}}},
      {"streamed repetition",
       form("bash", {{"command", "abcdef"}, {"command", "x"}}),
       {.calls = {call("bash", R"({"command":"abcdef","command":"x"})")}},
       early},
      {"deep value",
       form("bash", {{"items", std::string(100, '[')}}),
       {.calls = {call("bash", "{\"items\":\"" + std::string(100, '[') + "\"}")}}},
      {"key with quotes",
       form("bash", {{"a\"b", "1"}}),
       {.calls = {call("bash", R"({"a\"b":"1"})")}}},
  });
}

TEST(OutputParser, ExactCalls) {
  ParserOptions exact = options_from(OutputStart::content);
  exact.exact_calls = true;
  const std::string head = "<tool_call>\n<function=weather>\n<parameter=city>\n";
  const std::string tail = "\n</parameter>\n</function>\n</tool_call>";
  const std::vector<Case> cases = {
      {"X1",
       head + "a</parameter>\n<parameter=state>\nb" + tail,
       {.calls = {call("weather", R"({"city":"a</parameter>\n<parameter=state>\nb"})")}},
       exact},
      {"X2",
       head + "a\n</parameter></function></tool_call> c" + tail,
       {.calls = {call("weather", R"({"city":"a\n</parameter></function></tool_call> c"})")}},
       exact},
      {"X3",
       head + "\n</parameter>\n<parameter=days>\n4" + tail,
       {.calls = {call("weather", R"({"city":"","days":4})")}},
       exact},
      {"X4",
       head + "a\n</parameter>",
       {.calls = {call("weather", R"({"city":"a"})", CallEnding::closed_by_end)}},
       exact},
      {"X5",
       head + "a</parameter>",
       {.calls = {call("weather", R"({"city":"a</parameter>"})", CallEnding::closed_by_end)}},
       exact},
  };
  check_all(cases);
}

TEST(OutputParser, Streaming) {
  ParserOptions none = options_from(OutputStart::content);
  none.tools = nullptr;
  ParserOptions stop = options_from(OutputStart::reasoning);
  stop.stop_strings = {"END", "\n\n"};
  ParserOptions marker = options_from(OutputStart::reasoning);
  marker.end_marker = "<|im_end|>";
  check_all({
      {"S8", "<tool_call>\n<functio", text_only("<tool_call>\n<functio")},
      {"S9", " \n" + kPwd + "\n", text_only(" \n" + kPwd + "\n"), none},
      {"S11", "thEND\n\n</think>abEcEND more", {.reasoning = "thEND\n", .content = "abEc"}, stop},
      {"S11 before a call",
       "x</think>abEN" + kPwd + "END",
       {.reasoning = "x", .content = "abEN", .calls = {call("bash", kPwdArguments)}},
       stop},
      {"S11 end", "x</think>abEN", {.reasoning = "x", .content = "abEN"}, stop},
      {"S13", "a\n</think>\nb<|im_end|>c" + kPwd, {.reasoning = "a", .content = "b"}, marker},
      {"S13 call",
       "a" + kPwd + "<|im_end|>\n<|im_start|>user",
       {.reasoning = "a", .calls = {call("bash", kPwdArguments)}},
       marker},
      {"S13 begun", "a</think>b<|im_end|", {.reasoning = "a", .content = "b<|im_end|"}, marker},
  });
}

TEST(OutputParser, DeltasComeInTime) {
  OutputParser parser(options_from(OutputStart::content));
  // S7: text before an opener is not held back with it.
  auto deltas = parser.push("text <tool_");
  ASSERT_EQ(deltas.size(), 1U);
  EXPECT_EQ(deltas[0].text, "text ");
  EXPECT_TRUE(parser.push("call>\n<function=bash>\n").empty());
  // S5, S6: the head comes alone, before any of the value.
  deltas = parser.push("<parameter=command>\n");
  ASSERT_EQ(deltas.size(), 1U);
  EXPECT_EQ(deltas[0].kind, Delta::Kind::call_begin);
  EXPECT_EQ(deltas[0].text, "bash");
  // A long value streams.
  EXPECT_TRUE(parser.push(std::string(1000, 'x')).empty());
  deltas = parser.push(std::string(100, 'y'));
  ASSERT_EQ(deltas.size(), 1U);
  EXPECT_EQ(deltas[0].text.size(), 1100 + std::string_view(R"({"command":")").size());
  deltas = parser.push("z\n</para");
  ASSERT_EQ(deltas.size(), 1U);
  EXPECT_EQ(deltas[0].text, "z");
  deltas = parser.push("meter>\n</function>\n</tool_call>");
  ASSERT_EQ(deltas.size(), 3U);
  EXPECT_EQ(deltas[0].text, "\"");
  EXPECT_EQ(deltas[1].text, "}");
  EXPECT_EQ(deltas[2].kind, Delta::Kind::call_end);
  EXPECT_EQ(parser.n_call(), 1U);
}

TEST(OutputParser, SmallArgumentsComeInSeveralDeltas) {
  OutputParser parser(options_from(OutputStart::content));
  size_t n_fragment = 0;
  for (const Delta& delta : parser.push(form("weather", {{"city", "x"}, {"days", "2"}}))) {
    n_fragment += delta.kind == Delta::Kind::call_arguments ? 1U : 0U;
  }
  EXPECT_EQ(n_fragment, 3U);
}

TEST(OutputParser, TellsWhereItIs) {
  OutputParser parser(options_from(OutputStart::reasoning));
  EXPECT_TRUE(parser.in_reasoning());
  parser.push("a</think");
  EXPECT_TRUE(parser.in_reasoning());
  // R15: ended only when something follows the tag.
  parser.push(">");
  EXPECT_FALSE(parser.in_reasoning());
  EXPECT_FALSE(parser.reasoning_ended());
  parser.push("\n");
  EXPECT_TRUE(parser.reasoning_ended());

  OutputParser trial(options_from(OutputStart::reasoning));
  EXPECT_TRUE(trial.push(kPwd).empty());
  EXPECT_TRUE(trial.in_reasoning());
  EXPECT_EQ(trial.n_call(), 0U);

  EXPECT_TRUE(OutputParser(options_from(OutputStart::content)).reasoning_ended());
  EXPECT_FALSE(OutputParser(options_from(OutputStart::content)).in_reasoning());

  ParserOptions stop = options_from(OutputStart::content);
  stop.stop_strings = {"x"};
  OutputParser stopping(stop);
  stopping.push("ax");
  EXPECT_TRUE(stopping.stopped());
  EXPECT_TRUE(stopping.push("b").empty());
}

TEST(OutputParser, HoldsAndReleasesNewlines) {
  OutputParser parser(options_from(OutputStart::reasoning));
  EXPECT_EQ(parser.push("reason\n").at(0).text, "reason");
  EXPECT_EQ(parser.push("more").at(0).text, "\nmore");
  EXPECT_TRUE(parser.push("\n").empty());
  EXPECT_EQ(parser.finish(FinishReason::stop).at(0).text, "\n");
}

TEST(StartOf, TheEndOfThePromptDecides) {
  EXPECT_EQ(start_of("<|im_start|>assistant\n<think>\n"), OutputStart::reasoning);
  EXPECT_EQ(start_of("<|im_start|>assistant\n<think>\nold\n</think>\nx<|im_end|>\n"
                     "<|im_start|>assistant\n<think>\n"),
            OutputStart::reasoning);
  EXPECT_EQ(start_of("<|im_start|>assistant\n<think>\n\n</think>\n"), OutputStart::content);
  EXPECT_EQ(start_of("<|im_start|>assistant\n<think>\n\n</think>"), OutputStart::after_think_close);
  EXPECT_EQ(start_of("<think><|im_start|>assistant\n"), OutputStart::content);
  EXPECT_EQ(start_of(""), OutputStart::content);

  Conversation conversation;
  conversation.messages.push_back(text_message(Role::user, "<think>"));
  EXPECT_EQ(start_of(*render(conversation)), OutputStart::reasoning);
  conversation.thinking = Thinking::off;
  EXPECT_EQ(start_of(*render(conversation)), OutputStart::content);
  conversation.messages.push_back(text_message(Role::assistant, "The <think>"));
  EXPECT_EQ(start_of(*render(conversation, {.final_turn = FinalTurn::continued})),
            OutputStart::content);
}

TEST(OutputParser, ManyTools) {
  std::vector<std::string> list;
  for (int i = 0; i < 200; ++i) {
    list.push_back(fmt::format(R"({{"type":"function","function":{{"name":"tool_{}","parameters":)"
                               R"({{"properties":{{"n":{{"type":"integer"}}}}}}}}}})",
                               i));
  }
  const auto many = ToolSchemas::parse(list);
  ASSERT_TRUE(many);
  ParserOptions options = options_from(OutputStart::content);
  options.tools = &*many;
  check({"200 tools",
         "<functiontool_19><parameter=n>5</parameter></function>",
         {.calls = {call("tool_19", R"({"n":5})")}},
         options});
}

TEST(ToolSchemas, NamesBadTools) {
  EXPECT_THAT(ToolSchemas::parse({R"({"type":"function"})"}).error().message,
              testing::HasSubstr("tools[0]"));
  EXPECT_THAT(ToolSchemas::parse({R"({"name":"f"})", "["}).error().message,
              testing::HasSubstr("tools[1]"));
}

// Time must grow with the length only, whatever is repeated.
TEST(OutputParser, HostileLengths) {
  constexpr size_t kSize = 150'000;
  const std::string open = "<tool_call>\n<function=bash>\n<parameter=command>\n";
  const std::string items = "<tool_call>\n<function=bash>\n<parameter=items>\n";
  for (const std::string& head : {std::string(), "<think>" + open, open, items}) {
    for (const std::string& unit :
         {std::string("<"), std::string("\n"), std::string(" "), std::string("[1,"),
          std::string("<tool_call>"), std::string("<tool_call>x"), std::string("</parameter>"),
          std::string("</parameter>\n"), std::string("</function>"), std::string("</tool_call>"),
          std::string("<function=bash>"), std::string("<parameter=command>"), kInline,
          std::string("<tool_call><function=bash><parameter=command>x</tool_call>"),
          std::string("<function=bash><parameter=timeout>1</function>y"),
          std::string("<parameter=a>1</parameter>"), std::string("</think"), std::string("\xf0"),
          std::string("\u4f60")}) {
      std::string text = head;
      while (text.size() < kSize) text += unit;
      const auto begin = std::chrono::steady_clock::now();
      for (const FinishReason reason : {FinishReason::stop, FinishReason::length}) {
        parse_output(text, options_from(OutputStart::reasoning), reason);
        parse_output(text, options_from(OutputStart::content), reason);
      }
      const auto taken = std::chrono::steady_clock::now() - begin;
      EXPECT_LT(taken, std::chrono::seconds(20)) << head << " + " << unit;
    }
  }
}

TEST(OutputParser, LongValuesArriveWhole) {
  std::string value;
  while (value.size() < 10'000'000) value += "line \"<b>\" </parameter> x\n";
  Case c{"10 MB",
         form("bash", {{"command", value}, {"timeout", "1"}}),
         {.calls = {call("bash", "{\"command\":" + json::dump(Json(value)) + ",\"timeout\":1}")}}};
  std::vector<size_t> cuts;
  for (size_t cut = 1000; cut < c.text.size(); cut += 1000) cuts.push_back(cut);
  EXPECT_TRUE(parse_pieces(c, {}) == c.expected);
  EXPECT_TRUE(parse_pieces(c, cuts) == c.expected);
}

// Text made of the pieces of the form, cut at random.
TEST(OutputParser, RandomTextsAndCuts) {
  const std::vector<std::string> pieces = {"<tool_call>",
                                           "</tool_call>",
                                           "<function=bash>",
                                           "<function=bash",
                                           "<function bash>",
                                           "</function>",
                                           "<parameter=command>",
                                           "<parameter=timeout>",
                                           "<parameter=command\n",
                                           "</parameter>",
                                           "\n",
                                           "\n\n",
                                           "\r\n",
                                           " ",
                                           "x",
                                           "5",
                                           "<",
                                           "</",
                                           "<think>",
                                           "</think>",
                                           "{",
                                           "}",
                                           "\"",
                                           "\u4f60",
                                           "\xf0\x9f",
                                           "stop",
                                           "<|im_end|>",
                                           "<function=who>",
                                           "<para",
                                           "null",
                                           " and so on, \u4f60, for longer than may be held "};
  Random random(20);
  for (int round = 0; round < 3000; ++round) {
    Case c{"random", "", {}, options_from(static_cast<OutputStart>(random.below(3)))};
    for (size_t i = random.below(24); i-- > 0;) c.text += pieces[random.below(pieces.size())];
    c.reason = random.below(3) == 0 ? FinishReason::length : FinishReason::stop;
    c.options.stream_after_bytes = random.below(40);
    if (random.below(4) == 0) c.options.stop_strings = {"stop"};
    if (random.below(4) == 0) c.options.end_marker = "<|im_end|>";
    if (random.below(4) == 0) c.options.max_held_bytes = random.below(80);
    if (random.below(4) == 0) c.options.reasoning_format = ReasoningFormat::raw;
    const std::string whole = show(parse_pieces(c, {}));
    for (int again = 0; again < 4; ++again) {
      std::vector<size_t> cuts;
      const uint64_t density = 1 + random.below(6);
      for (size_t cut = 1; cut < c.text.size(); ++cut) {
        if (random.below(density) == 0) cuts.push_back(cut);
      }
      ASSERT_EQ(show(parse_pieces(c, cuts)), whole) << c.text;
    }
  }
}

}  // namespace
}  // namespace stride::chat
