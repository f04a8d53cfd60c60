// SPDX-License-Identifier: Apache-2.0
#include "schema/schema.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "schema/coerce.h"

namespace stride::schema {
namespace {

using testing::HasSubstr;

Json read(std::string_view text) {
  auto value = json::parse(text, {.numbers = json::Numbers::exact});
  EXPECT_TRUE(value) << text << (value ? "" : value.error().message);
  return value ? *std::move(value) : Json();
}

Schema compile(std::string_view text, Strictness strictness = Strictness::strict) {
  const Json source = read(text);
  auto schema = Schema::compile(source, strictness);
  EXPECT_TRUE(schema) << text << (schema ? "" : schema.error().message);
  return schema ? *std::move(schema) : Schema();
}

std::string compile_error(std::string_view text) {
  const Json source = read(text);
  auto schema = Schema::compile(source);
  EXPECT_FALSE(schema) << text;
  EXPECT_TRUE(Schema::compile(source, Strictness::lenient)) << text;
  return schema ? "" : schema.error().message;
}

std::string coerced(std::string_view schema, std::string_view text) {
  return json::dump(coerce(compile(schema), text));
}

bool valid(std::string_view schema, std::string_view value) {
  return is_valid(compile(schema), read(value));
}

TEST(Coerce, StringsAreNeverParsed) {
  for (const std::string_view schema :
       {R"({"type":"string"})", "{}", "true", R"({"enum":["a","123"]})", R"({"const":"x"})",
        R"({"description":"d"})", R"({"anyOf":[{"type":"string"},{"enum":["a"]}]})"}) {
    EXPECT_TRUE(is_plain_string(compile(schema))) << schema;
    EXPECT_EQ(coerced(schema, "5123123"), "\"5123123\"");
    EXPECT_EQ(coerced(schema, "\"foo\""), R"("\"foo\"")");
    EXPECT_EQ(coerced(schema, "null"), "\"null\"");
    EXPECT_EQ(coerced(schema, "[1]"), "\"[1]\"");
  }
}

TEST(Coerce, NumbersKeepTheirDigits) {
  const std::string_view integer = R"({"type":"integer"})";
  EXPECT_EQ(coerced(integer, "-7"), "-7");
  EXPECT_EQ(coerced(integer, " 7\n"), "7");
  EXPECT_EQ(coerced(integer, "123456789012345678901234567890"), "123456789012345678901234567890");
  EXPECT_EQ(coerced(integer, "1.0"), "1.0");
  EXPECT_EQ(coerced(integer, "abc"), "\"abc\"");
  EXPECT_EQ(coerced(integer, "007"), "\"007\"");
  EXPECT_EQ(coerced(integer, "null"), "\"null\"");
  EXPECT_EQ(coerced(integer, ""), "\"\"");
  const std::string_view number = R"({"type":"number"})";
  EXPECT_EQ(coerced(number, "1.0"), "1.0");
  EXPECT_EQ(coerced(number, "12345678901234567890.5"), "12345678901234567890.5");
  EXPECT_EQ(coerced(number, "1e400"), "1e400");
  EXPECT_EQ(coerced(number, "NaN"), "\"NaN\"");
}

TEST(Coerce, BooleansAndNull) {
  const std::string_view boolean = R"({"type":"boolean"})";
  EXPECT_EQ(coerced(boolean, "true"), "true");
  EXPECT_EQ(coerced(boolean, "True"), "true");
  EXPECT_EQ(coerced(boolean, "False"), "false");
  EXPECT_EQ(coerced(boolean, "yes"), "\"yes\"");
  EXPECT_EQ(coerced(R"({"type":["integer","null"]})", "null"), "null");
  EXPECT_EQ(coerced(R"({"type":["integer","null"]})", "None"), "null");
  EXPECT_EQ(coerced(R"({"type":["null","integer"]})", "5"), "5");
  EXPECT_EQ(coerced(R"({"type":"integer","nullable":true})", "null"), "null");
  for (const std::string_view schema :
       {R"({"type":["string","null"]})", R"({"type":["null","string"]})",
        R"({"anyOf":[{"type":"string"},{"type":"null"}]})",
        R"({"oneOf":[{"type":"null"},{"type":"string"}]})"}) {
    EXPECT_EQ(coerced(schema, "null"), "null");
    EXPECT_EQ(coerced(schema, "x"), "\"x\"");
    EXPECT_EQ(coerced(schema, "5"), "\"5\"");
  }
}

TEST(Coerce, Containers) {
  const std::string_view array = R"({"type":"array"})";
  const std::string_view object = R"({"type":"object"})";
  EXPECT_EQ(coerced(array, "[1, true, null]"), "[1,true,null]");
  EXPECT_EQ(coerced(array, "[1, True, None]"), "[1,true,null]");
  EXPECT_EQ(coerced(array, "(1, 'a',)"), R"([1,"a"])");
  EXPECT_EQ(coerced(object, "{'check': True, \"n\": 1.50}"), R"({"check":true,"n":1.50})");
  EXPECT_EQ(coerced(object, "{1, 2}"), "\"{1, 2}\"");
  EXPECT_EQ(coerced(object, "{\n  \"a\": {\"b\": [-1.5, 2]}\n}"), R"({"a":{"b":[-1.5,2]}})");
  EXPECT_EQ(coerced(object, "text"), "\"text\"");
  EXPECT_EQ(coerced(object, "5"), "\"5\"");
  EXPECT_EQ(coerced(array, "{\"a\":1}"), R"({"a":1})");
  EXPECT_EQ(coerced(R"({"type":["array","string"]})", "{\"a\":1}"), R"("{\"a\":1}")");
  EXPECT_EQ(coerced(R"({"properties":{"a":{}}})", "{\"a\":1}"), R"({"a":1})");
  EXPECT_EQ(coerced(R"({"items":{}})", "[1]"), "[1]");
  const std::string deep(100'000, '[');
  EXPECT_EQ(coerced(array, deep), "\"" + deep + "\"");
}

TEST(Coerce, SeveralTypes) {
  const std::string_view schema = R"({"type":["string","integer","object","boolean"]})";
  EXPECT_EQ(coerced(schema, "5"), "5");
  EXPECT_EQ(coerced(schema, "5.5"), "\"5.5\"");
  EXPECT_EQ(coerced(schema, "true"), "true");
  EXPECT_EQ(coerced(schema, "{}"), "{}");
  EXPECT_EQ(coerced(schema, "null"), "\"null\"");
  EXPECT_EQ(coerced(R"({"enum":["1",2,null]})", "1"), "\"1\"");
  EXPECT_EQ(coerced(R"({"enum":["1",2,null]})", "2"), "2");
  EXPECT_EQ(coerced(R"({"enum":["1",2,null]})", "null"), "null");
}

TEST(Coerce, References) {
  const Schema schema = compile(
      R"({"properties":{"i":{"$ref":"#/$defs/int"},"n":{"$ref":"#/definitions/a~1b"},)"
      R"("r":{"$ref":"#"},"l":{"$ref":"#/$defs/loop"}},"$defs":{"int":{"type":"integer"},)"
      R"("loop":{"$ref":"#/$defs/loop"}},"definitions":{"a/b":{"allOf":[{"type":"number"}]}}})");
  EXPECT_EQ(json::dump(coerce(schema, "5", *schema.property("i"))), "5");
  EXPECT_EQ(json::dump(coerce(schema, "5.50", *schema.property("n"))), "5.50");
  EXPECT_EQ(json::dump(coerce(schema, "{\"i\":1}", *schema.property("r"))), R"({"i":1})");
  EXPECT_EQ(json::dump(coerce(schema, "x", *schema.property("l"))), "\"x\"");
  EXPECT_FALSE(schema.property("absent"));
}

TEST(Schema, PropertiesBehindCombinations) {
  const Schema schema =
      compile(R"({"$ref":"#/$defs/base","oneOf":[{"properties":{"a":{"type":"integer"}}},)"
              R"({"allOf":[{"properties":{"b":{"type":"boolean"}}}]}],)"
              R"("$defs":{"base":{"properties":{"c":{"type":"null"}}}}})");
  EXPECT_TRUE(schema.types(*schema.property("a")).only(Type::integer));
  EXPECT_TRUE(schema.types(*schema.property("b")).only(Type::boolean));
  EXPECT_TRUE(schema.types(*schema.property("c")).only(Type::null));
}

TEST(Schema, SelfReferenceBranchingEnds) {
  const Schema schema = compile(
      R"({"anyOf":[{"$ref":"#"},{"$ref":"#"},{"$ref":"#"}],"allOf":[{"$ref":"#"},{"$ref":"#"}]})");
  EXPECT_EQ(schema.types(), TypeSet::all());
  EXPECT_FALSE(schema.property("x"));
  EXPECT_TRUE(find_fault(schema, Json(1)));
  std::string wide = R"({"anyOf":[{"$ref":"#"})";
  for (int i = 0; i < 1000; ++i) wide += R"(,{"$ref":"#"})";
  const Schema widest = compile(wide + "]}");
  EXPECT_EQ(widest.types(), TypeSet::all());
  EXPECT_FALSE(widest.property("x"));
  EXPECT_TRUE(find_fault(widest, Json(1)));
}

TEST(Schema, LongChainsOfReferencesEnd) {
  std::string chain = R"({"$ref":"#/d/0","d":[)";
  for (int i = 1; i < 20'000; ++i) chain += fmt::format(R"({{"$ref":"#/d/{}"}},)", i);
  const Schema schema = compile(chain + R"({"type":"integer"}]})");
  EXPECT_EQ(schema.types(), TypeSet::all());
  EXPECT_FALSE(schema.property("x"));
  EXPECT_TRUE(find_fault(schema, Json(1)));
}

TEST(Schema, NamesWhatItCannotRead) {
  EXPECT_THAT(compile_error(R"({"properties":{"a/b":{"$ref":"other.json"}}})"),
              HasSubstr("\"#/properties/a~1b\": \"$ref\" leads to \"other.json\""));
  EXPECT_THAT(compile_error(R"({"type":"text"})"), HasSubstr("\"type\""));
  EXPECT_THAT(compile_error(R"({"items":5})"), HasSubstr("#/items"));
  EXPECT_THAT(compile_error(R"({"anyOf":{}})"), HasSubstr("anyOf"));
  std::string deep = "true";
  for (int i = 0; i < 70; ++i) deep = "{\"not\":1,\"items\":" + deep + "}";
  const auto source = json::parse(deep, {.max_depth = 200});
  ASSERT_TRUE(source);
  EXPECT_FALSE(Schema::compile(*source));
  EXPECT_TRUE(Schema::compile(*source, Strictness::lenient));
}

TEST(Validate, TypesValuesAndBounds) {
  EXPECT_TRUE(valid(R"({"type":"integer"})", "1.0"));
  EXPECT_TRUE(valid(R"({"type":"integer"})", "123456789012345678901234567890"));
  EXPECT_FALSE(valid(R"({"type":"integer"})", "1.5"));
  EXPECT_TRUE(valid(R"({"type":"number"})", "1"));
  EXPECT_FALSE(valid(R"({"type":"string"})", "1"));
  EXPECT_TRUE(valid(R"({"enum":[{"a":1,"b":[2.0]}]})", R"({"b":[2],"a":1.00})"));
  EXPECT_FALSE(valid(R"({"const":1})", "2"));
  EXPECT_FALSE(valid("false", "1"));
  EXPECT_FALSE(valid(R"({"minimum":3})", "2"));
  EXPECT_FALSE(valid(R"({"exclusiveMaximum":3})", "3"));
  EXPECT_TRUE(valid(R"({"maxLength":2})", "\"\u4f60\u597d\""));
  EXPECT_FALSE(valid(R"({"maxItems":1})", "[1,2]"));
}

TEST(Validate, ObjectsAndArrays) {
  const std::string_view schema =
      R"({"type":"object","properties":{"a":{"type":"integer"},"l":{"items":{"type":"string"}}},)"
      R"("required":["a"],"additionalProperties":false})";
  EXPECT_TRUE(valid(schema, R"({"a":1,"l":["x"]})"));
  EXPECT_FALSE(valid(schema, R"({"l":[]})"));
  EXPECT_FALSE(valid(schema, R"({"a":1,"b":2})"));
  EXPECT_EQ(find_fault(compile(schema), read(R"({"a":1,"l":["x",3]})")),
            "/l/1: is an integer, which is not allowed here");
  EXPECT_TRUE(
      valid(R"({"prefixItems":[{"type":"null"}],"items":{"type":"boolean"}})", "[null,true]"));
}

TEST(Validate, Combinations) {
  const std::string_view one = R"({"oneOf":[{"type":"integer"},{"minimum":5}]})";
  EXPECT_TRUE(valid(one, "3"));
  EXPECT_FALSE(valid(one, "7"));
  EXPECT_TRUE(valid(one, "7.5"));
  EXPECT_FALSE(valid(R"({"anyOf":[{"type":"integer"},{"type":"null"}]})", "\"x\""));
  EXPECT_FALSE(valid(R"({"allOf":[{"minimum":1},{"maximum":2}]})", "3"));
  EXPECT_TRUE(valid(R"({"properties":{"next":{"$ref":"#"}},"required":["v"]})",
                    R"({"v":1,"next":{"v":2,"next":{"v":3}}})"));
}

TEST(PythonLiteral, ReadsWhatPythonWrites) {
  const auto literal = [](std::string_view text) {
    const auto value = parse_python_literal(text);
    return value ? json::dump(*value) : std::string("refused");
  };
  EXPECT_EQ(literal(R"({'a': 'it\'s', "b": "\u00e9\x41\n", 1: (), 'c': (2)})"),
            R"({"a":"it's","b":"éA\n","1":[],"c":2})");
  EXPECT_EQ(literal("'\\ud83d\\ude00'"), "\"😀\"");
  EXPECT_EQ(literal("[None, -1.50, [True],]"), "[null,-1.50,[true]]");
  for (const std::string_view bad : {"{1, 2}", "[1 2]", "f(1)", "[1", "{'a' 1}", "'a", "a", "[,]",
                                     "{,}", "1 2", "", "{[]: 1}"}) {
    EXPECT_EQ(literal(bad), "refused") << bad;
  }
}

}  // namespace
}  // namespace stride::schema
