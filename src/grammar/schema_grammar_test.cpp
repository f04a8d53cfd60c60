// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "grammar/test_grammar.h"
#include "json/json.h"

namespace stride::grammar {
namespace {

using testing::accepts;
using ::testing::HasSubstr;
using testing::must;

// A schema with the texts it allows and those it does not.
void check(std::string_view schema, const std::vector<std::string>& good,
           const std::vector<std::string>& bad) {
  const GrammarPtr grammar = must(compile_json_schema(schema));
  if (!grammar) return;
  const auto cache = testing::small_cache();
  for (const std::string& text : good) EXPECT_TRUE(accepts(grammar, text, cache)) << schema << text;
  for (const std::string& text : bad) EXPECT_FALSE(accepts(grammar, text, cache)) << schema << text;
}

std::string error_of(std::string_view schema, Errc code = Errc::unsupported) {
  const auto grammar = compile_json_schema(schema);
  EXPECT_FALSE(grammar.has_value()) << schema;
  if (grammar) return "compiled";
  EXPECT_EQ(grammar.error().code, code) << grammar.error().message;
  return grammar.error().message;
}

TEST(SchemaGrammar, AnyValue) {
  check("true",
        {"1", "null", "\"a\\u00e9\"", "[]", "{}", R"({"a":{"a":[1,{"b":2}]},"":null})", "\n[1, 2]",
         "{\n  \"a\": 1,\n  \"b\": [\n    true\n  ]\n}"},
        {"", "{", "{\"a\":1,}", "[1,]", "{\"a\":1,\"a\":2}", "nul", "[1  ,2]", "{}\n", "\n\n1",
         "01", R"({"a":1,"\u0061":2})", "[1\t,2]"});
}

TEST(SchemaGrammar, DuplicateKeysAreImpossible) {
  const GrammarPtr any = must(compile_json_object());
  EXPECT_TRUE(accepts(any, R"({"a":1,"ab":{"a":2},"b":3})"));
  EXPECT_FALSE(accepts(any, R"({"a":1,"ab":2,"a":3})"));
  EXPECT_FALSE(accepts(any, R"({"x":{"k":1,"k":2}})"));
  EXPECT_TRUE(accepts(any, R"({"\n":1,"n":2,"\\n":3})"));
  EXPECT_FALSE(accepts(any, "[]"));
  check(R"({"properties":{"a":{}}})", {R"({"a":1,"b":2})"},
        {R"({"a":1,"a":2})", R"({"b":1,"b":2})"});
}

TEST(SchemaGrammar, NestingIsBounded) {
  const GrammarPtr any = must(compile_json_object());
  const auto nested = [](size_t n) {
    std::string text;
    for (size_t i = 0; i < n; ++i) text += "{\"a\":";
    return text + "1" + std::string(n, '}');
  };
  EXPECT_TRUE(accepts(any, nested(60)));
  EXPECT_FALSE(accepts(any, nested(70)));
}

TEST(SchemaGrammar, ObjectsInAnyOrder) {
  check(R"({"type":"object","properties":{"a":{"type":"integer"},"b":{"type":"string"},"c":{}},)"
        R"("required":["a","b"],"additionalProperties":false})",
        {R"({"a":1,"b":"x"})", R"({"b":"x","a":1})", R"({"c":[],"b":"x","a":-1})"},
        {R"({"a":1})", R"({"a":1,"b":2})", R"({"a":1,"b":"x","d":1})", R"({"a":1,"b":"x","a":2})",
         R"({"a":1,"b":"x",})"});
  check(R"({"type":"object","minProperties":1,"maxProperties":2,"required":["z"]})",
        {R"({"z":1})", R"({"q":1,"z":2})"}, {"{}", R"({"q":1,"r":2})", R"({"a":1,"b":2,"z":3})"});
  check(
      R"({"type":"object","additionalProperties":{"type":"null"},"properties":{"a":{"const":1}}})",
      {R"({"a":1,"b":null})", "{}"}, {R"({"b":1})", R"({"a":null})"});
}

TEST(SchemaGrammar, KeysByPattern) {
  check(R"({"type":"object","patternProperties":{"^x":{"type":"integer"},"y$":{"minimum":5}},)"
        R"("additionalProperties":false})",
        {R"({"xa":1})", R"({"xy":5})", R"({"ay":"s"})", "{}"},
        {R"({"xa":"s"})", R"({"xy":4})", R"({"a":1})", R"({"xa":1,"xa":2})"});
  check(R"({"type":"object","propertyNames":{"pattern":"^[a-c]$"}})", {R"({"a":1,"b":2,"c":3})"},
        {R"({"d":1})", R"({"a":1,"b":2,"c":3,)", R"({"ab":1})"});
}

TEST(SchemaGrammar, Arrays) {
  check(R"({"type":"array","items":{"type":"integer"},"minItems":1,"maxItems":3})",
        {"[1]", "[1,2,3]"}, {"[]", "[1,2,3,4]", "[1,\"a\"]"});
  check(R"({"type":"array","prefixItems":[{"type":"integer"},{"type":"string"}],"items":false})",
        {"[]", "[1]", "[1,\"a\"]"}, {"[\"a\"]", "[1,\"a\",2]"});
  check(R"({"type":"array","prefixItems":[{"type":"integer"}],"items":{"type":"null"}})",
        {"[1,null,null]"}, {"[null]", "[1,2]"});
  check(R"({"type":"array","contains":{"const":5},"minContains":2})", {"[1,5,5]", "[5,\"a\",5,5]"},
        {"[]", "[5]", "[1,2,3]"});
  check(R"({"type":"array","uniqueItems":true,"items":{"enum":["a","b",1]}})",
        {"[]", "[\"b\",1,\"a\"]"}, {"[1,1]", "[\"a\",\"a\"]", "[1,\"a\",\"b\","});
}

TEST(SchemaGrammar, Strings) {
  check(R"({"type":"string","minLength":2,"maxLength":3})",
        {R"("ab")", R"("\u00e9\ud83d\ude00")", "\"\xf0\x9f\x98\x80\\n\\\"\""},
        {R"("a")", R"("abcd")", R"("\u0041")"});
  check(R"({"type":"string","pattern":"^[a-z\"]+$","maxLength":2})", {R"("a")", R"("a\"")"},
        {R"("A")", R"("abc")", "\"\""});
  check(R"({"type":"string","format":"date"})", {R"("2024-02-29")"}, {R"("2023-02-29")"});
  check(R"({"type":"string","format":"made-up"})", {R"("x")"}, {"1"});
  check(R"({"enum":["a\"b",1.50,null,[1,{"k":true}]]})",
        {R"("a\"b")", "1.5", "null", R"([1,{"k":true}])"}, {"1", R"("a")", "[1]", "true"});
}

TEST(SchemaGrammar, Combinations) {
  check(R"({"anyOf":[{"type":"string"},{"type":"integer","minimum":3}]})", {"\"x\"", "3"},
        {"2", "null"});
  check(R"({"allOf":[{"minimum":1},{"maximum":2}],"type":"integer"})", {"1", "2"}, {"0", "3"});
  check(R"({"oneOf":[{"type":"integer"},{"type":"number","minimum":2}]})", {"1", "2.5"},
        {"3", "1.5"});
  check(
      R"({"oneOf":[{"type":"object","properties":{"t":{"const":"a"},"n":{"type":"integer"}},)"
      R"("required":["t"],"additionalProperties":false},)"
      R"({"type":"object","properties":{"t":{"const":"b"}},"required":["t"],"additionalProperties":false}]})",
      {R"({"t":"a","n":1})", R"({"t":"b"})", R"({"n":1,"t":"a"})"}, {R"({"t":"b","n":1})", "{}"});
  check(R"({"not":{"type":["integer","string"]}})", {"null", "1.5", "[]"}, {"1", "\"a\""});
  check(R"({"type":"integer","not":{"enum":[1,2]}})", {"3", "12"}, {"1", "2"});
  check(
      R"({"if":{"properties":{"a":{"const":1}},"required":["a"]},"then":{"required":["b"]},"else":{"required":["c"]},"type":"object"})",
      {R"({"a":1,"b":2})", R"({"a":2,"c":1})", R"({"c":1})"},
      {R"({"a":1})", R"({"a":1,"c":1})", "{}"});
  check(R"({"type":"object","dependentRequired":{"a":["b"]}})",
        {"{}", R"({"b":1})", R"({"b":1,"a":2})"}, {R"({"a":1})"});
  check(R"({"type":["string","null"],"enum":["a",null]})", {"\"a\"", "null"}, {"\"b\""});
  check(R"({"type":"string","nullable":true})", {"\"a\"", "null"}, {"1"});
}

TEST(SchemaGrammar, RecursionIsACall) {
  const std::string_view tree =
      R"({"$defs":{"node":{"type":"object","properties":{"v":{"type":"integer"},"kids":{"type":"array",)"
      R"("items":{"$ref":"#/$defs/node"}}},"required":["v"],"additionalProperties":false}},"$ref":"#/$defs/node"})";
  check(tree, {R"({"v":1})", R"({"kids":[{"v":2,"kids":[]},{"v":3}],"v":1})"},
        {R"({"kids":[]})", R"({"v":1,"kids":[{"kids":[]}]})"});
  // Without an end there is no value.
  EXPECT_THAT(error_of(R"({"type":"object","properties":{"a":{"$ref":"#"}},"required":["a"]})",
                       Errc::invalid_argument),
              HasSubstr("no value"));
  EXPECT_THAT(error_of("false", Errc::invalid_argument), HasSubstr("\"#\""));
  // A part without values is left out.
  check(R"({"type":"object","properties":{"a":false,"b":{}},"additionalProperties":false})",
        {"{}", R"({"b":1})"}, {R"({"a":1})"});
}

TEST(SchemaGrammar, ErrorsNameKeywordAndPlace) {
  EXPECT_THAT(error_of(R"({"properties":{"a/b":{"uniqueItems":true}}})"),
              HasSubstr("\"#/properties/a~1b\": \"uniqueItems\""));
  EXPECT_THAT(error_of(R"({"items":{"$dynamicRef":"#x"}})"),
              HasSubstr("\"#/items\": \"$dynamicRef\""));
  EXPECT_THAT(error_of(R"({"$ref":"other.json"})"), HasSubstr("$ref"));
  EXPECT_THAT(error_of(R"x({"pattern":"(?=a)"})x"), HasSubstr("lookaround"));
  EXPECT_THAT(error_of(R"({"type":"strin"})", Errc::invalid_argument), HasSubstr("\"type\""));
  EXPECT_THAT(error_of(R"({"properties":[]})", Errc::invalid_argument),
              HasSubstr("\"properties\""));
  EXPECT_THAT(error_of(R"({"items":5})", Errc::invalid_argument), HasSubstr("#/items"));
  EXPECT_THAT(error_of("[", Errc::invalid_argument), HasSubstr("schema"));
  EXPECT_TRUE(compile_json_schema(R"({"uniqueItems":true})", Enforcement::best_effort));
}

TEST(SchemaGrammar, HostileSchemasEnd) {
  std::string many = R"({"type":"object","properties":{)";
  for (int i = 0; i < 70; ++i) many += fmt::format("\"p{}\":{{}},", i);
  EXPECT_THAT(error_of(many + R"("z":{}}})", Errc::exhausted), HasSubstr("more than 64"));
  error_of("\"" + std::string(300'000, 'a') + "\"", Errc::exhausted);
  std::string deep;
  for (int i = 0; i < 200; ++i) deep += R"({"items":)";
  error_of(deep + "true" + std::string(200, '}'), Errc::invalid_argument);
  // Alternatives that multiply.
  std::string product = R"({"allOf":[)";
  for (int i = 0; i < 20; ++i)
    product += R"({"anyOf":[{"minimum":1},{"maxLength":2},{"minItems":3}]},)";
  EXPECT_THAT(error_of(product + "true]}", Errc::exhausted), HasSubstr("alternatives"));
  // Negations that refer to each other twice at every level.
  std::string twice = R"({"$ref":"#/$defs/d0","$defs":{)";
  for (int i = 0; i < 40; ++i) {
    twice += fmt::format(
        R"("d{0}":{{"not":{{"anyOf":[{{"$ref":"#/$defs/d{1}"}},{{"$ref":"#/$defs/d{1}"}}]}}}},)", i,
        i + 1);
  }
  static_cast<void>(compile_json_schema(twice + R"("d40":{"type":"null"}}})"));
  std::string patterns = R"({"allOf":[)";
  for (int i = 0; i < 2000; ++i)
    patterns += fmt::format(R"({{"pattern":"(a|b)*a(a|b){{9}}{}"}},)", i);
  static_cast<void>(error_of(patterns + "true]}", Errc::exhausted));
  check(R"({"$ref":"#/$defs/a","$defs":{"a":{"$ref":"#/$defs/b"},"b":{"$ref":"#/$defs/a"}}})",
        {"1"}, {"{"});
}

}  // namespace
}  // namespace stride::grammar
