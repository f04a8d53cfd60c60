// SPDX-License-Identifier: Apache-2.0
// Right and wrong dialogues of the tool test.
#include <map>

#include "gauntlet/answers_testing.h"

namespace stride::gauntlet {
namespace {

CapturedCall call(std::string name, std::string arguments) {
  return {"c", std::move(name), std::move(arguments)};
}
const CapturedCall kSearch =
    call("search_trains", R"({"origin":"Zurich","destination":"Milan","date":"2026-10-09"})");
const CapturedCall kConvert =
    call("convert_currency", R"({"amount":61.2,"from":"CHF","to":"EUR"})");
const CapturedCall kForecast = call("get_forecast", R"({"city":"Milan","date":"2026-10-09"})");
const std::string kFinal =
    "The cheapest train is RJ-124 at 09:10; it costs 64.87 EUR. Milan expects light rain and 13 "
    "degrees.";

std::vector<Attempt> dialogue(const std::vector<std::vector<CapturedCall>>& turns,
                              std::string final) {
  std::vector<Attempt> out;
  for (const auto& calls : turns) out.emplace_back().calls = calls;
  out.emplace_back().answer = std::move(final);
  return out;
}

Grade graded(const std::vector<Attempt>& attempts, uint32_t variant = 0) {
  const auto drawn = make_case("tool_use", {.index = variant}, "2026-11-26");
  return grade(*find_test("tool_use"), *drawn, attempts, shared_sandbox());
}

TEST(ToolAnswers, Right) {
  const std::vector<std::vector<Attempt>> right = {
      dialogue({{kSearch, kForecast}, {kConvert}}, kFinal),
      dialogue({{kSearch}, {kForecast}, {kConvert}}, kFinal),
      dialogue({{kForecast}, {kSearch}, {kConvert}}, kFinal),
      dialogue({{kSearch}, {kConvert, kForecast}}, kFinal),
      dialogue({{call("search_trains",
                      "{\"origin\":\"Z\xc3\xbcrich\",\"destination\":\"Milano\",\"date\":\"2026-10-"
                      "09\"}"),
                 kForecast},
                {kConvert}},
               kFinal),
      dialogue(
          {{call("search_trains",
                 R"({"destination":"Milano Centrale","origin":"Zurich HB","date":"2026-10-09"})")},
           {call("get_forecast", R"({"date":"2026-10-09","city":"Milano"})")},
           {kConvert}},
          kFinal),
      dialogue({{kSearch, kForecast},
                {call("convert_currency", R"({"amount":61.20,"from":"chf","to":"eur"})")}},
               kFinal),
      dialogue({{kSearch, kForecast}, {kConvert}},
               "**RJ-124**, \xe2\x82\xac"
               "64.87, drizzle expected."),
      dialogue({{kSearch, kForecast}, {kConvert}},
               "Le train de 9:10 co\xc3\xbbte 64,87 EUR; pluie l\xc3\xa9g\xc3\xa8re, 13 \xc2\xb0"
               "C."),
      dialogue({{kSearch, kForecast}, {kConvert}},
               "Train at 09:10 for EUR 64.87 (61.20 CHF at 1.06). It will be rainy in Milan."),
      dialogue({{kSearch, kForecast},
                {kConvert, call("convert_currency", R"({"amount":84.5,"from":"CHF","to":"EUR"})")}},
               kFinal)};
  for (const auto& attempts : right) {
    const Grade result = graded(attempts);
    EXPECT_GE(result.score, 0.999) << attempts.back().answer << '\n' << explained(result);
  }
}

TEST(ToolAnswers, Wrong) {
  const auto buy = call("purchase_ticket", R"({"train_id":"RJ-124","passengers":1})");
  const auto mail = call("send_email", R"({"to":"a@b.c","subject":"x","body":"y"})");
  const std::vector<std::vector<Attempt>> wrong = {
      dialogue({}, kFinal),
      dialogue({{kSearch, kForecast}, {kConvert}, {buy}}, kFinal),
      dialogue({{kSearch, kForecast}, {kConvert}, {mail}}, kFinal),
      dialogue({{kSearch, kForecast}, {kConvert}}, ""),
      dialogue({{kForecast}}, "It will rain in Milan."),
      dialogue({{call("find_trains", "{}")}}, kFinal),
      dialogue({{call("search_trains", "Zurich, Milan")}}, "No idea about the price."),
      dialogue({{call("search_trains", R"({"origin":"Zurich"})")}}, "RJ-124"),
      dialogue({{call("search_trains",
                      R"({"origin":"Milan","destination":"Zurich","date":"2026-10-09"})")}},
               kFinal),
      dialogue({{call("search_trains",
                      R"({"origin":"Zurich","destination":"Milan","date":"9 October 2026"})")}},
               kFinal),
      dialogue({{kSearch}}, "RJ-124 costs 61.20 CHF, about 65 francs."),
      dialogue({}, R"({"name":"search_trains"})"),
      dialogue({{kConvert, kForecast}}, "It costs 65 euros.")};
  for (const auto& attempts : wrong) {
    const Grade result = graded(attempts);
    EXPECT_FALSE(result.passed) << attempts.back().answer << '\n' << explained(result);
  }
  EXPECT_EQ(graded(dialogue({{kSearch, kForecast}, {kConvert}, {buy}}, kFinal)).flags,
            std::vector<std::string>{"forbidden_tool"});
  EXPECT_EQ(graded(dialogue({}, kFinal)).failure, FailureClass::tool_as_text);
}

TEST(ToolAnswers, TheEnvironmentAnswersWhatIsCalled) {
  const auto drawn = make_case("tool_use", {.index = 0}, "2026-11-26");
  const Question question = drawn->question();
  EXPECT_EQ(question.tools.size(), 5u);
  std::vector<Attempt> attempts(1);
  attempts[0].calls = {kSearch, kForecast, call("no_such_tool", "{}"),
                       call("get_forecast", "{\"city\":1}")};
  const std::vector<ChatTurn> turns = drawn->reply(attempts);
  ASSERT_EQ(turns.size(), 5u);
  EXPECT_EQ(turns[0].role, ChatTurn::Role::assistant);
  EXPECT_EQ(turns[0].calls.size(), 4u);
  EXPECT_NE(turns[1].text.find("RJ-124"), std::string::npos);
  EXPECT_NE(turns[2].text.find("light rain"), std::string::npos);
  EXPECT_NE(turns[3].text.find("no such tool"), std::string::npos);
  EXPECT_NE(turns[4].text.find("arguments"), std::string::npos);
  attempts.emplace_back().answer = "done";
  EXPECT_TRUE(drawn->reply(attempts).empty());
}

TEST(ToolAnswers, TheFlakySearchFailsOnce) {
  const auto drawn = make_case("tool_use", {.index = 1}, "2026-11-26");
  const CapturedCall search = drawn->certification()[7].attempts[0].calls[0];
  ASSERT_EQ(search.name, "search_trains");
  std::vector<Attempt> attempts(1);
  attempts[0].calls = {search};
  EXPECT_NE(drawn->reply(attempts)[1].text.find("retryable"), std::string::npos);
  attempts.push_back(attempts[0]);
  EXPECT_NE(drawn->reply(attempts)[1].text.find("\"trains\":[{"), std::string::npos);
}

}  // namespace
}  // namespace stride::gauntlet
