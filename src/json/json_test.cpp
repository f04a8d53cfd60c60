// SPDX-License-Identifier: Apache-2.0
#include "json/json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <limits>

#include "json/number.h"

namespace stride::json {
namespace {

using testing::HasSubstr;

constexpr ParseOptions kExact{.numbers = Numbers::exact};

Json read(std::string_view text, const ParseOptions& options = {}) {
  auto value = parse(text, options);
  EXPECT_TRUE(value) << text << ": " << (value ? "" : value.error().message);
  return value ? *std::move(value) : Json();
}

std::string error_of(std::string_view text, const ParseOptions& options = {}) {
  auto value = parse(text, options);
  EXPECT_FALSE(value) << text;
  return value ? "" : value.error().message;
}

TEST(JsonParse, KeepsTheOrderOfKeys) {
  const std::string text = R"({"z":1,"a":[true,false,null,"x"],"m":{"b":-2,"a":2.5}})";
  EXPECT_EQ(dump(read(text)), text);
}

TEST(JsonParse, Strings) {
  EXPECT_EQ(read(R"("\"\\\/\b\f\n\r\t")").get<std::string>(), "\"\\/\b\f\n\r\t");
  EXPECT_EQ(read(R"("\u4f60\u00e9\u0000x")").get<std::string>(), std::string("你é\0x", 7));
  EXPECT_EQ(read(R"("\ud83d\ude00")").get<std::string>(), "😀");
  EXPECT_EQ(read(R"("\ud83d")").get<std::string>(), "\xef\xbf\xbd");
  EXPECT_EQ(read(R"("\ude00\ud83dx")").get<std::string>(), "\xef\xbf\xbd\xef\xbf\xbdx");
  EXPECT_EQ(read(R"("\ud83d\ud83d\ude00")").get<std::string>(), "\xef\xbf\xbd😀");
  EXPECT_EQ(read("\"\x7f\"").get<std::string>(), "\x7f");
}

TEST(JsonParse, NamesTheByteAndWhatWasExpected) {
  EXPECT_THAT(error_of(""), HasSubstr("ends at byte 0, expected a value"));
  EXPECT_THAT(error_of("[1,"), HasSubstr("ends at byte 3, expected a value"));
  EXPECT_THAT(error_of("[1 2]"), HasSubstr("'2' at byte 3, expected ',' or ']'"));
  EXPECT_THAT(error_of("{1:2}"), HasSubstr("'1' at byte 1, expected a key in quotes"));
  EXPECT_THAT(error_of("{\"a\" 2}"), HasSubstr("byte 5, expected ':'"));
  EXPECT_THAT(error_of("[1] x"), HasSubstr("'x' at byte 4, expected the end"));
  EXPECT_THAT(error_of("\"a\nb\""), HasSubstr("byte 0x0a at byte 2"));
  EXPECT_THAT(error_of("\"a\xff\""), HasSubstr("well-formed UTF-8"));
  EXPECT_THAT(error_of("\"\\x\""), HasSubstr("byte 2, expected one of"));
  EXPECT_THAT(error_of("\"\\u12g4\""), HasSubstr("hexadecimal"));
  EXPECT_THAT(error_of("\"abc"), HasSubstr("ends at byte 4"));
  EXPECT_THAT(error_of("nul"), HasSubstr("expected null"));
}

TEST(JsonParse, RefusesWhatIsNotJson) {
  for (const std::string_view text :
       {"01", "-", "1.", ".5", "1e", "+1", "NaN", "Infinity", "[1,]", "{\"a\":1,}", "'a'", "{a:1}",
        "[", "{", "tru", "1 2", "--1"}) {
    EXPECT_FALSE(parse(text)) << text;
  }
}

TEST(JsonParse, DepthIsBoundedBeforeBuilding) {
  EXPECT_TRUE(parse(std::string(64, '[') + std::string(64, ']')));
  EXPECT_THAT(error_of(std::string(65, '[') + std::string(65, ']')), HasSubstr("deeper than 64"));
  EXPECT_FALSE(parse(std::string(200'000, '[')));
  std::string objects;
  for (int i = 0; i < 100'000; ++i) objects += "{\"a\":";
  EXPECT_FALSE(parse(objects));
  // The cap holds whatever the caller asks, and what it lets through can be copied and written.
  const std::string deep = std::string(512, '[') + std::string(512, ']');
  const Json value = read(deep, {.max_depth = 1'000'000});
  const Json copy = value;  // NOLINT(performance-unnecessary-copy-initialization)
  EXPECT_EQ(dump(copy), deep);
  EXPECT_FALSE(parse(std::string(513, '[') + std::string(513, ']'), {.max_depth = 1'000'000}));
}

TEST(JsonParse, SizeIsBounded) {
  EXPECT_THAT(error_of("[1,2,3]", {.max_bytes = 6}), HasSubstr("7 bytes"));
  EXPECT_THAT(error_of("[1,2,3]", {.max_values = 3}), HasSubstr("more than 3 values"));
  EXPECT_TRUE(parse("[1,2,3]", {.max_values = 4}));
}

TEST(JsonParse, RepeatedKeys) {
  EXPECT_EQ(dump(read(R"({"a":1,"b":2,"a":3})")), R"({"a":3,"b":2})");
  EXPECT_THAT(error_of(R"({"a":1,"a":3})", {.duplicates = Duplicates::refuse}),
              HasSubstr("\"a\" at byte 7 is repeated"));
}

TEST(JsonParse, ManyKeysTakeLinearTime) {
  std::string text = "{";
  for (int i = 0; i < 200'000; ++i) text += "\"key" + std::to_string(i) + "\":0,";
  text += "\"key7\":1}";
  const auto start = std::chrono::steady_clock::now();
  const Json value = read(text);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));
  EXPECT_EQ(value.size(), 200'000U);
  EXPECT_EQ(find(value, "/key7")->get<int>(), 1);
}

TEST(JsonNumbers, NativeTypes) {
  EXPECT_TRUE(read("9223372036854775807").is_number_integer());
  EXPECT_EQ(read("18446744073709551615").get<uint64_t>(), 18446744073709551615U);
  EXPECT_EQ(read("1e-05").get<double>(), 1e-5);
  EXPECT_EQ(read("1E5").get<double>(), 1e5);
  EXPECT_EQ(read("123456789012345678901234567890").get<double>(), 123456789012345678901234567890.);
  EXPECT_EQ(read("1e-400").get<double>(), 0.0);
  EXPECT_THAT(error_of("[1e400]"), HasSubstr("byte 1 is too large"));
}

TEST(JsonNumbers, ExactKeepsEveryDigit) {
  for (const std::string text :
       {"0", "-0", "-1", "9223372036854775808", "123456789012345678901234567890", "1.0", "1.50",
        "-0.0", "1e400", "1E+5", "12345678901234567890.5", "0.1", "1e-400",
        "0.1000000000000000055511151231257827", "5e-324"}) {
    EXPECT_EQ(dump(read(text, kExact)), text);
    EXPECT_TRUE(is_number(read(text, kExact))) << text;
  }
}

TEST(JsonNumbers, ValuesOfExactNumbers) {
  EXPECT_EQ(as_double(read("1.50", kExact)), 1.5);
  EXPECT_EQ(as_double(read("1e400", kExact)), std::nullopt);
  EXPECT_EQ(as_double(read("1e-400", kExact)), 0.0);
  EXPECT_EQ(as_double(read("\"1\"", kExact)), std::nullopt);
  EXPECT_EQ(as_int64(read("3e2", kExact)), 300);
  EXPECT_EQ(as_int64(read("1.50e1", kExact)), 15);
  EXPECT_EQ(as_int64(read("1.5", kExact)), std::nullopt);
  EXPECT_EQ(as_int64(read("0e999999999999999999999", kExact)), 0);
  EXPECT_EQ(as_int64(read("1e999999999999999999999", kExact)), std::nullopt);
  EXPECT_EQ(as_int64(read("-9223372036854775808", kExact)), std::numeric_limits<int64_t>::min());
  EXPECT_EQ(as_int64(read("9223372036854775808", kExact)), std::nullopt);
  EXPECT_EQ(as_int64(Json(0x1p63)), std::nullopt);
  EXPECT_EQ(as_int64(Json(3.0)), 3);
  EXPECT_FALSE(is_number(Json::binary({1, 2})));
}

// The right column is what Python 3.11 prints for json.dumps(json.loads(left)).
TEST(JsonWrite, NumbersAsPython) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"1.0", "1.0"},
      {"1e20", "1e+20"},
      {"1e16", "1e+16"},
      {"1e15", "1000000000000000.0"},
      {"9999999999999998.0", "9999999999999998.0"},
      {"1e-7", "1e-07"},
      {"0.0001", "0.0001"},
      {"0.00001", "1e-05"},
      {"-0.0", "-0.0"},
      {"-0", "0"},
      {"0.1", "0.1"},
      {"1.50", "1.5"},
      {"123456789.125", "123456789.125"},
      {"1e22", "1e+22"},
      {"1.7976931348623157e308", "1.7976931348623157e+308"},
      {"5e-324", "5e-324"},
      {"2.5e-5", "2.5e-05"},
      {"100.0", "100.0"},
      {"1E5", "100000.0"},
      {"12345678901234567890", "12345678901234567890"},
      {"123456789012345678901234567890", "123456789012345678901234567890"},
      {"1e100", "1e+100"},
      {"-1.5E-10", "-1.5e-10"},
      {"0e5", "0.0"},
      {"-0e-5", "-0.0"}};
  for (const auto& [text, python] : cases) {
    EXPECT_EQ(python_dump(read(text, kExact)), python) << text;
    EXPECT_EQ(python_str(read(text, kExact)), python) << text;
  }
}

TEST(JsonWrite, NumbersThatPythonWouldChangeAreKept) {
  for (const std::string text : {"1e400", "12345678901234567890.5", "1e-400"}) {
    EXPECT_EQ(python_dump(read(text, kExact)), text);
  }
}

TEST(JsonWrite, PythonForm) {
  const Json value =
      read(R"({"a":[1,"é",true],"b":{},"c":[],"d":null,"e":"<>&'\"\\/\u007f\u0001\n"})");
  EXPECT_EQ(python_dump(value),
            "{\"a\": [1, \"é\", true], \"b\": {}, \"c\": [], \"d\": null, "
            "\"e\": \"<>&'\\\"\\\\/\x7f\\u0001\\n\"}");
  EXPECT_EQ(python_str(Json(true)), "True");
  EXPECT_EQ(python_str(Json(false)), "False");
  EXPECT_EQ(python_str(Json(nullptr)), "None");
  EXPECT_EQ(python_str(Json("a\"b")), "a\"b");
  EXPECT_EQ(python_str(Json(std::numeric_limits<double>::infinity())), "inf");
  EXPECT_EQ(python_dump(Json(-std::numeric_limits<double>::infinity())), "-Infinity");
  EXPECT_EQ(dump(Json(std::nan(""))), "null");
}

TEST(JsonWrite, ReplacesIllFormedUtf8) {
  EXPECT_EQ(dump(Json("a\xff")), "\"a\xef\xbf\xbd\"");
}

TEST(JsonFind, Pointers) {
  const Json value = read(R"({"a":[10,{"b/c":1,"~":2,"":3}]})");
  EXPECT_EQ(find(value, ""), &value);
  EXPECT_EQ(find(value, "/a/0")->get<int>(), 10);
  EXPECT_EQ(find(value, "/a/1/b~1c")->get<int>(), 1);
  EXPECT_EQ(find(value, "/a/1/~0")->get<int>(), 2);
  EXPECT_EQ(find(value, "/a/1/")->get<int>(), 3);
  for (const std::string_view bad :
       {"a", "/b", "/a/2", "/a/-", "/a/00", "/a/0/x", "/a/1/~2", "/a/99999999999999999999"}) {
    EXPECT_EQ(find(value, bad), nullptr) << bad;
  }
  EXPECT_EQ(string_member(read(R"({"k":"v"})"), "k")->c_str(), std::string("v"));
  EXPECT_EQ(string_member(read(R"({"k":1})"), "k"), nullptr);
  EXPECT_EQ(member(read("[]"), "k"), nullptr);
}

}  // namespace
}  // namespace stride::json
