// SPDX-License-Identifier: Apache-2.0
#include "nano/verify.h"

#include <gtest/gtest.h>

namespace stride::nano {
namespace {

Sample with(Check check) {
  Sample sample;
  sample.tools = {R"({"type": "function", "function": {"name": "get_weather"}})"};
  sample.check = std::move(check);
  return sample;
}

bool accepts(const Sample& sample, std::string_view content, std::vector<Call> calls = {}) {
  return verify(sample, content, calls).correct;
}

TEST(Verify, Integers) {
  const Sample sample = with(IntegerCheck{632});
  EXPECT_TRUE(accepts(sample, "347 + 285 = 632"));
  EXPECT_TRUE(accepts(sample, "The answer is 632."));
  EXPECT_FALSE(accepts(sample, "347 + 285 = 6320"));
  EXPECT_FALSE(accepts(sample, "632 or 633"));
  EXPECT_FALSE(accepts(sample, ""));
  EXPECT_FALSE(accepts(sample, "-632"));
  EXPECT_FALSE(accepts(sample, "99999999999999999999"));
  EXPECT_TRUE(accepts(with(IntegerCheck{-62}), "285 - 347 = -62"));
  EXPECT_TRUE(accepts(with(IntegerCheck{5}), "7-5"));
}

TEST(Verify, Words) {
  const Sample sample = with(ContainsCheck{{"Yes"}, {"no"}});
  EXPECT_TRUE(accepts(sample, "Yes, that is so."));
  EXPECT_FALSE(accepts(sample, "Yesterday."));
  EXPECT_FALSE(accepts(sample, "Yes and no."));
  EXPECT_TRUE(accepts(with(ContainsCheck{{"12"}, {}}), "In all 12."));
  EXPECT_FALSE(accepts(with(ContainsCheck{{"12"}, {}}), "In all 312."));
}

TEST(Verify, Calls) {
  const Sample sample =
      with(CallsCheck{{{"get_weather", R"({"city": "Rome", "unit": "celsius"})"}}});
  EXPECT_TRUE(accepts(sample, "", {{"get_weather", R"({"unit":"celsius","city":"Rome"})"}}));
  EXPECT_FALSE(accepts(sample, "", {{"get_weather", R"({"city": "Oslo", "unit": "celsius"})"}}));
  EXPECT_FALSE(
      accepts(sample, "Sure.", {{"get_weather", R"({"city": "Rome", "unit": "celsius"})"}}));
  EXPECT_FALSE(accepts(sample, "It is warm."));
  const std::vector<Call> twice(2, {"get_weather", R"({"city": "Rome", "unit": "celsius"})"});
  EXPECT_FALSE(accepts(sample, "", twice));
  EXPECT_FALSE(verify(sample, "", std::vector<Call>{{"weather", "{}"}}).well_formed);
  EXPECT_FALSE(verify(sample, "", std::vector<Call>{{"get_weather", "[1"}}).well_formed);
  EXPECT_FALSE(accepts(with(IntegerCheck{3}), "3", {{"get_weather", "{}"}}));
}

TEST(Verify, Json) {
  const Sample sample = with(JsonCheck{{}, R"({"name": "Ida", "likes": ["chess"], "age": 7})"});
  EXPECT_TRUE(accepts(sample, R"({"age":7,"name":"Ida","likes":["chess"]})"));
  EXPECT_FALSE(accepts(sample, R"({"age":8,"name":"Ida","likes":["chess"]})"));
  EXPECT_FALSE(accepts(sample, R"({"name":"Ida","likes":["chess"]})"));
  EXPECT_FALSE(verify(sample, R"(Here: {"name":"Ida"})", {}).well_formed);
}

TEST(Verify, Form) {
  FormCheck list;
  list.n_items = 2;
  list.separator = ",";
  list.allowed = {"red", "blue", "green"};
  EXPECT_TRUE(accepts(with(list), "blue, red"));
  EXPECT_FALSE(accepts(with(list), "blue, blue"));
  EXPECT_FALSE(accepts(with(list), "blue"));
  EXPECT_FALSE(accepts(with(list), "blue, Rome"));
  FormCheck words;
  words.n_words = 3;
  words.contains = {"cat"};
  EXPECT_TRUE(accepts(with(words), "The cat sleeps."));
  EXPECT_FALSE(accepts(with(words), "The dog sleeps."));
  EXPECT_FALSE(accepts(with(words), "The old cat sleeps."));
  FormCheck end;
  end.ends_with = "Moon";
  EXPECT_TRUE(accepts(with(end), "Look up. Moon."));
  EXPECT_FALSE(accepts(with(end), "Moon is up."));
}

TEST(Verify, Programs) {
  const Sample sample = with(ProgramCheck{"double", {{"2", "4"}, {"-1", "-2"}}});
  EXPECT_TRUE(accepts(sample, "def double(x):\n    return x + x"));
  EXPECT_FALSE(accepts(sample, "def double(x):\n    return x * x"));
  EXPECT_FALSE(verify(sample, "def double(x):", {}).well_formed);
}

}  // namespace
}  // namespace stride::nano
