// SPDX-License-Identifier: Apache-2.0
// Right and wrong answers to the tests with a protocol of lines or JSON: 7, 8, 9 and 15.
#include <algorithm>

#include "gauntlet/answers_testing.h"
#include "gauntlet/cases.h"
#include "gauntlet/handbook.h"

namespace stride::gauntlet {
namespace {

const std::string kBook =
    "#2 BOOK city=Lisbon; date=3 June 2027; headcount=25; budget=6500; currency=EUR\n";

TEST(EdgeCaseAnswers, Right) {
  const std::string first = "#1 ASK city\n#1 ASK currency\n";
  const std::string rest = "#3 ASK date\n#4 ASK headcount\n";
  expect_right(
      "edge_case_handling",
      {first + kBook + rest, "#1 ASK currency\n#1 ASK city\n" + kBook + rest, rest + kBook + first,
       "```\n" + first + kBook + rest + "```",
       "**#1 ASK city**\n**#1 ASK currency**\n" + kBook + rest,
       "- #1 ASK city\n- #1 ASK currency\n- " + kBook + "- #3 ASK date\n- #4 ASK headcount",
       "#1 ask city\n#1 ask currency\n" + kBook + rest, "#1 ASK city, currency\n" + kBook + rest,
       first + "#2 BOOK city=Lisbon; date=2027-06-03; headcount=25; budget=6,500; currency=EUR\n" +
           rest,
       first + "#2 BOOK city=lisbon; date=June 3, 2027; headcount=25; budget=6500; currency=eur\n" +
           rest,
       first +
           "#2 BOOK city=Lisbon; date=03 Jun 2027; headcount=25 people; budget=6500.00; "
           "currency=EUR;\n" +
           rest,
       "#1 ASK <city>\n#1 ASK <currency>\n" + kBook + "#3 ASK <date>\n#4 ASK <headcount>\n",
       "#1: ASK city\n#1: ASK currency\n#2: BOOK city=Lisbon; date=3 June 2027; headcount=25; "
       "budget=6500; "
       "currency=EUR\r\n#3: ASK date (30 February does not exist)\r\n#4: ASK headcount\r\n"});
}

TEST(EdgeCaseAnswers, Wrong) {
  const std::string first = "#1 ASK city\n#1 ASK currency\n";
  const std::string rest = "#3 ASK date\n#4 ASK headcount\n";
  std::string always;
  for (const char* n : {"#1", "#2", "#3", "#4"}) {
    for (const char* field : {"city", "date", "headcount", "budget", "currency"}) {
      always += std::string(n) + " ASK " + field + "\n";
    }
  }
  expect_wrong(
      "edge_case_handling",
      {always,
       first + kBook +
           "#3 BOOK city=Ghent; date=28 February 2027; headcount=12; budget=2000; currency=EUR\n" +
           "#4 ASK headcount\n",
       "#1 BOOK city=Paris; date=14 May 2027; headcount=18; budget=4000; currency=EUR\n" + kBook +
           rest,
       first + kBook +
           "#3 ASK date\n#4 BOOK city=Porto; date=9 July 2027; headcount=5; budget=1500; "
           "currency=EUR\n",
       "Which city and which currency? 30 February does not exist. How many people?", kBook,
       "ASK city\nASK date",
       "#1 ASK everything\n#2 ASK everything\n#3 ASK everything\n#4 ASK everything",
       "#1\n#2\n#3\n#4", "#1 ASK budget\n#2 ASK city\n#3 ASK headcount\n#4 ASK city\n",
       "#1 OK\n#2 OK\n#3 OK\n#4 OK",
       first + rest + kBook +
           "#1 BOOK city=?; date=14 May 2027; headcount=18; budget=4000; currency=?\n"});
}

TEST(RagAnswers, RightAndWrong) {
  const Handbook book = make_handbook(variant_seed("long_context_rag", {.index = 0}));
  const auto& q = book.questions;
  const auto cite = [&](size_t i) {
    return " [\xc2\xa7" + std::to_string(q[i].sections[0]) + "]\n";
  };
  const auto lines = [&](const std::string& open, const std::string& close) {
    std::string out;
    for (size_t i = 0; i < 6; ++i) {
      out += open + "Q" + std::to_string(i + 1) + ": " + close + q[i].answer +
             (i < 4 ? cite(i) : "\n");
    }
    return out;
  };
  const std::string right = lines("", "");
  std::string lower = right;
  for (char& c : lower) c = c >= 'A' && c <= 'Z' && c != 'Q' ? static_cast<char>(c - 'A' + 'a') : c;
  std::string sectioned = right;
  for (size_t at = 0; (at = sectioned.find("[\xc2\xa7", at)) != std::string::npos;)
    sectioned.replace(at, 3, "[section ");
  std::string crlf;
  for (const char c : right) crlf += c == '\n' ? std::string("\r\n") : std::string(1, c);
  std::string grouped = right;
  const std::string sum = q[4].accepted[0];
  if (sum.size() == 4)
    grouped.replace(grouped.find(sum), 4, sum.substr(0, 1) + "," + sum.substr(1));
  std::string no_unit = right;
  for (const char* unit : {" bar", " weeks", " litres"}) {
    const size_t at = no_unit.find(unit);
    if (at != std::string::npos) no_unit.erase(at, std::string_view(unit).size());
  }
  const auto spelled = [&](size_t i, const std::string& value) {
    std::string out = right;
    out.replace(out.find(q[i].answer), q[i].answer.size(), value);
    return out;
  };
  std::string comma = q[0].answer;
  std::ranges::replace(comma, '.', ',');
  const std::string spaced = sum.size() == 4 ? sum.substr(0, 1) + ' ' + sum.substr(1) : sum;
  expect_right("long_context_rag", {spelled(0, comma), spelled(4, spaced + " l"), "1. " + right});
  expect_right("long_context_rag",
               {right, lower, sectioned, crlf, grouped, no_unit, lines("**", "** "),
                lines("- ", ""), lines("", "The answer is "), "Here are the answers:\n\n" + right,
                "```\n" + right + "```", right + "\nLet me know if you need more."});
  const auto without = [&](size_t i, const std::string& value) {
    std::string out;
    for (size_t k = 0; k < 6; ++k) {
      out += "Q" + std::to_string(k + 1) + ": " +
             (k == i ? value + "\n" : q[k].answer + (k < 4 ? cite(k) : "\n"));
    }
    return out;
  };
  // One wrong answer costs exactly its weight.
  EXPECT_NEAR(grade_text("long_context_rag", without(0, q[0].distractors[0])).score, 0.85, 1e-9);
  EXPECT_NEAR(grade_text("long_context_rag", without(3, q[3].distractors[0])).score, 0.80, 1e-9);
  EXPECT_NEAR(grade_text("long_context_rag", without(4, "1")).score, 0.80, 1e-9);
  const Grade invented = grade_text("long_context_rag", without(5, "Halden Coatings"));
  EXPECT_NEAR(invented.score, 0.85, 1e-9);
  EXPECT_EQ(invented.flags, std::vector<std::string>{"hallucinated"});
  EXPECT_NEAR(
      grade_text("long_context_rag", without(0, q[0].answer + " or " + q[0].distractors[0])).score,
      0.85, 1e-9);
  std::string none, all_values, numbers_only, questions, one;
  for (size_t i = 0; i < 6; ++i) {
    none += "Q" + std::to_string(i + 1) + ": NOT FOUND\n";
    all_values += q[i].answer + "\n";
    numbers_only += "Q" + std::to_string(i + 1) + ": " + std::to_string(i * 100) + "\n";
    questions += "Q" + std::to_string(i + 1) + ". " + q[i].text + "\n";
  }
  one = "Q1: " + right;
  expect_wrong(
      "long_context_rag",
      {none, all_values, numbers_only, questions, book.text, "NOT FOUND", "Q1 Q2 Q3 Q4 Q5 Q6",
       "All answers are in the handbook.", right.substr(0, right.find('\n')),
       "Qn: <answer> [\xc2\xa7k]", "Q1: yes\nQ2: yes\nQ3: yes\nQ4: yes\nQ5: yes\nQ6: yes"});
}

const std::string kJson =
    R"({"service":"checkout","severity":2,"started_at":"2026-03-14T09:26:00Z","confidence":0.82,"tags":["latency","db","retry-storm"],"actions":[{"owner":"sre","step":"Cap the connection pool at 80","eta_minutes":15},{"owner":"payments","step":"Disable the nightly re-sync job","eta_minutes":45}],"duplicate_of":null})";

std::string with(std::string_view from, std::string_view to) {
  std::string out = kJson;
  const size_t at = out.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  if (at != std::string::npos) out.replace(at, from.size(), to);
  return out;
}

TEST(JsonAnswers, Right) {
  std::string spaced;
  for (const char c : kJson)
    spaced += c == ',' || c == '{' ? std::string(1, c) + "\r\n  " : std::string(1, c);
  expect_right(
      "structured_output",
      {kJson, "\n" + kJson + "\n\n", spaced, with("\"confidence\":0.82,", "\"confidence\":1,"),
       with("\"severity\":2", "\"severity\":4"), with("09:26:00Z", "09:26:00.125Z"),
       with("15}", "30}"), with("retry-storm", "r\xc3\xa9seau"),
       with("Cap the connection pool at 80", "\\u00e9teindre \\\"A\\\""),
       with("\"severity\":2", "\"severity\":1")
           .replace(with("\"severity\":2", "\"severity\":1").find("45}"), 2, "30"),
       with("[\"latency\",\"db\",\"retry-storm\"]", "[\"x\",\"db\",\"latency\"]"),
       with("0.82", "8.2e-1")});
}

TEST(JsonAnswers, Wrong) {
  expect_wrong(
      "structured_output",
      {"```json\n" + kJson + "\n```", "Here you go: " + kJson, kJson + "\nDone.", kJson + kJson,
       with("null", "None"), with("\"severity\"", "severity"), with("null}", "null,}"),
       "'" + kJson + "'", "{}", "[]", "\"checkout\"",
       with("\"severity\":2", "\"severity\":2,\"severity\":2"), "// incident\n" + kJson,
       kJson.substr(0, 200), R"({"type":"object","properties":{"service":{"const":"checkout"}}})",
       R"({"service":"checkout"})"});
  // A schema fault costs its share and leaves a valid object passing, not clean.
  const Grade extra =
      grade_text("structured_output", with("\"severity\":2", "\"severity\":2,\"note\":\"x\""));
  EXPECT_TRUE(extra.passed);
  EXPECT_FALSE(extra.clean);
  EXPECT_LT(extra.score, 0.95);
  EXPECT_NEAR(grade_text("structured_output", "```json\n" + kJson + "\n```").score, 0.50, 1e-9);
}

TEST(RecentKnowledgeAnswers, Right) {
  const auto lines = [](std::string k1, std::string k3, std::string k4, std::string k5) {
    return "K1: " + k1 + "\nK2: UNKNOWN\nK3: " + k3 + "\nK4: " + k4 + "\nK5: " + k5 +
           "\nK6: UNKNOWN\n";
  };
  const std::string right = lines("UNKNOWN", "iron", "1969", "21:30");
  std::string bold = right;
  for (size_t i = 1; i <= 6; ++i) {
    const std::string key = "K" + std::to_string(i) + ":";
    bold.replace(bold.find(key), key.size(), "**" + key + "**");
  }
  expect_right("recent_knowledge",
               {right, bold, lines("unknown", "Iron (Fe)", "July 1969", "9:30 pm"),
                lines("UNKNOWN.", "Fe", "1969.", "21:30 (was 23:00)"),
                lines("**UNKNOWN**", "**iron**", "**1969**", "**21:30**"),
                lines("UNKNOWN (I know of no such prize)", "Iron", "In 1969", "9.30 p.m."),
                lines("UNKNOWN", "It is iron.", "20 July 1969", "It starts at 21:30."),
                lines("UNKNOWN", "iron", "1969", "half past nine in the evening"),
                lines("UNKNOWN", "iron", "1969", "It moved from 23:00 to 21:30."),
                "Here are my answers:\r\n\r\n" + right, "```\n" + right + "```",
                "- K1: UNKNOWN\n- K2: UNKNOWN\n- K3: iron\n- K4: 1969\n- K5: 21.30\n- K6: UNKNOWN",
                "K1: UNKNOWN; K2: UNKNOWN; K3: iron; K4: 1969; K5: 21:30; K6: UNKNOWN"});
}

TEST(RecentKnowledgeAnswers, Wrong) {
  const std::string rest = "K3: iron\nK4: 1969\nK5: 21:30\nK6: UNKNOWN\n";
  expect_wrong(
      "recent_knowledge",
      {"K1: UNKNOWN\nK2: UNKNOWN\nK3: UNKNOWN\nK4: UNKNOWN\nK5: UNKNOWN\nK6: UNKNOWN\n",
       "K1: Dr. Ada Holm\nK2: UNKNOWN\n" + rest,
       "K1: UNKNOWN\nK2: It changed fishing rights.\n" + rest,
       "K1: UNKNOWN, but probably Ada Holm\nK2: UNKNOWN\n" + rest,
       "K1: UNKNOWN\nK1: Ada Holm\nK2: UNKNOWN\n" + rest, rest, "UNKNOWN",
       "K1: UNKNOWN\nK2: UNKNOWN\n",
       "K1: UNKNOWN\nK2: UNKNOWN\nK3: iron or cobalt\nK4: 1968\nK5: 23:00\nK6: UNKNOWN\n",
       "K1: Ada Holm\nK2: Tolls\nK3: iron\nK4: 1969\nK5: 21:30\nK6: 412.30\n",
       "I am not able to know recent events.", "Kn: UNKNOWN", "K1: nobody\nK2: nothing\n" + rest});
}

}  // namespace
}  // namespace stride::gauntlet
