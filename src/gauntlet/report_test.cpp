// SPDX-License-Identifier: Apache-2.0
#include "gauntlet/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "gauntlet/testing/made_run.h"
#include "json/json.h"

namespace stride::gauntlet {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

constexpr const char* kHostile = "</pre><script>alert(1)</script>\x1b[2J \xe2\x80\xae |x| `y` \xff";

ReportInput made_input(MadeRuns& runs) {
  const RunPlan plan{.prices = Prices{0.1, 0.1, 0.3}};
  const auto make = [](const CellKey& key) {
    const double score = key.test == "debugging" ? 0.2 : 0.6 + 0.1 * (key.variant % 5);
    FinishedCell cell = graded(score, delivered_answer(std::string("42 ") + kHostile));
    cell.attempts[0].attempt.reasoning = kHostile;
    cell.attempts[0].attempt.message = kHostile;
    cell.attempts[0].attempt.finish_reason = kHostile;
    cell.attempts[0].attempt.notes = {kHostile};
    cell.attempts[0].attempt.calls = {{kHostile, kHostile, kHostile}};
    cell.attempts[0].cost_usd = 0.001;
    cell.grade.criteria[0].evidence = "42 ";
    cell.grade.criteria[1].evidence = kHostile;
    cell.recovered_score = 0.9;
    return cell;
  };
  const int64_t a = runs.add(plan, make, std::string("model ") + kHostile);
  const int64_t b =
      runs.add(plan, [](const CellKey&) { return graded(1, delivered_answer("42")); });
  const ContractRow rows[] = {{"C01", "pass", "fine"}, {"C02", "fail", kHostile}};
  runs.store().put_contract(a, rows).value();
  runs.store()
      .put_load(
          a,
          {"closed", 4,
           R"({"requests":20,"delivered":19,"requests_per_s":2.5,"goodput_per_s":0.8,"total_s":{"p50":1.5}})"})
      .value();
  std::vector<Summary> summaries;
  for (const int64_t id : {a, b})
    summaries.push_back(summarize(runs.store(), id, Texts::load).value());
  std::vector<std::string> notes;
  ReportInput input = report_input(std::move(summaries), notes);
  EXPECT_THAT(notes, IsEmpty());
  input.published = find_published("step-3.7-flash");
  return input;
}

size_t count(std::string_view text, std::string_view part) {
  size_t n = 0;
  for (size_t at = text.find(part); at != std::string_view::npos; at = text.find(part, at + 1)) ++n;
  return n;
}

TEST(Report, HtmlHoldsEverySectionAndNothingHostile) {
  MadeRuns runs("report_html");
  const std::string html = to_html(made_input(runs));
  for (const char* id : {"overview", "results", "delivery", "speed", "stability", "load", "cost",
                         "contract", "versus", "published", "transcripts", "method"}) {
    EXPECT_THAT(html, HasSubstr(fmt::format("<section id=\"{}\"", id)));
    EXPECT_THAT(html, HasSubstr(fmt::format("<a href=\"#{}\"", id)));
  }
  EXPECT_THAT(html, Not(HasSubstr("<script")));
  EXPECT_THAT(html, Not(HasSubstr("\x1b")));
  EXPECT_THAT(html, Not(HasSubstr("\xe2\x80\xae")));
  EXPECT_THAT(html, HasSubstr("&lt;script&gt;alert(1)"));
  EXPECT_THAT(html, HasSubstr("<mark title=\"answer: 0.60\">42 </mark>"));
  EXPECT_THAT(html, HasSubstr("default-src 'none'"));
  EXPECT_THAT(html, Not(HasSubstr("http-equiv=\"refresh\"")));
  for (const char* tag : {"section", "table", "svg", "figure", "details", "div", "tr", "td", "pre"})
    EXPECT_EQ(count(html, fmt::format("<{} ", tag)) + count(html, fmt::format("<{}>", tag)),
              count(html, fmt::format("</{}>", tag)))
        << tag;
  // Nothing is fetched.
  for (const char* source : {"src=", "@import", "url(", "<link", "<iframe", "<object"})
    EXPECT_THAT(html, Not(HasSubstr(source)));
}

TEST(Report, RecallIsShownByDepthAndLength) {
  MadeRuns runs("report_recall");
  const int64_t id =
      runs.add({.tests = {"long_context_rag"}, .envs = {"warm", "rag_2k"}}, [](const CellKey& key) {
        FinishedCell cell = graded(0.5, delivered_answer("Q1: 7"));
        cell.grade.criteria.clear();
        for (const RagDepth& depth : kRagDepths) {
          const bool right = key.env == "rag_2k" || depth.percent < 50;
          cell.grade.criteria.push_back(
              {.name = std::string(depth.question), .weight = 0.13, .value = right ? 1.0 : 0.0});
        }
        return cell;
      });
  ReportInput input{.runs = {summarize(runs.store(), id, Texts::load).value()}};
  const std::string markdown = to_markdown(input);
  EXPECT_THAT(markdown, HasSubstr("| 2000 words (rag_2k) | 5 | 100 % | 100 % | 100 % | 100 % |"));
  EXPECT_THAT(markdown, HasSubstr("| 8000 words (warm) | 5 | 100 % | 100 % | 100 % | 0 % | 0 % |"));
  EXPECT_LT(markdown.find("2000 words"), markdown.find("8000 words"));
  EXPECT_THAT(to_html(input), HasSubstr("Long context: what was found at which depth"));
  EXPECT_THAT(to_json(input), HasSubstr("\"depth_percent\":4"));
}

TEST(Report, EmptySectionsAreLeftOut) {
  MadeRuns runs("report_small");
  const int64_t id = runs.add({.tests = {"debugging"}},
                              [](const CellKey&) { return graded(1, delivered_answer("42")); });
  std::vector<std::string> notes;
  const ReportInput input = report_input({summarize(runs.store(), id, Texts::load).value()}, notes);
  const std::string html = to_html(input);
  for (const char* section : {"load", "contract", "versus", "published"})
    EXPECT_THAT(html, Not(HasSubstr(fmt::format("<section id=\"{}\"", section))));
  EXPECT_THAT(html, HasSubstr("Only 1 of 15 tests were asked"));
  EXPECT_THAT(to_markdown(input), HasSubstr("Only 1 of 15 tests were asked"));
}

TEST(Report, ARunWithoutAnyCellIsReportedAsSuch) {
  MadeRuns runs("report_nothing");
  const int64_t id = runs.add({}, [](const CellKey&) { return FinishedCell{}; });
  std::vector<std::string> notes;
  const ReportInput input = report_input({summarize(runs.store(), id, Texts::load).value()}, notes);
  EXPECT_THAT(to_html(input), HasSubstr("75 cells are not finished"));
  EXPECT_THAT(to_markdown(input), HasSubstr("75 cells are not finished"));
  EXPECT_TRUE(json::parse(to_json(input)));
}

TEST(Report, MarkdownHasTheLayoutOfTheSeries) {
  MadeRuns runs("report_markdown");
  const std::string text = to_markdown(made_input(runs));
  size_t at = 0;
  for (const char* part :
       {"---\ntitle:", "## The Series", "**Model:**", "## Results: raw data", "> Only the answer",
        "## Deep dive", "### Where it excels", "### Where it struggles", "## Speed profile",
        "## Head-to-head", "## Beside the published series", "## Verdict", "**NOT for:**",
        "## Production Readiness Score:", "## Provider note", "## Next", "## Methodology"}) {
    const size_t found = text.find(part, at);
    ASSERT_NE(found, std::string::npos) << part;
    at = found;
  }
  EXPECT_THAT(text, Not(HasSubstr("<script>")));
  // Rows of a table all have the columns of its head, whatever the model wrote.
  std::istringstream lines(text);
  size_t columns = 0;
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("|")) {
      columns = 0;
      continue;
    }
    const size_t n = count(line, "|") - count(line, "\\|");
    if (columns == 0) columns = n;
    EXPECT_EQ(n, columns) << line;
  }
}

TEST(Report, JsonAgreesWithTheSummary) {
  MadeRuns runs("report_json");
  const ReportInput input = made_input(runs);
  const Json json = json::parse(to_json(input)).value();
  const Json& run = json["runs"][0];
  EXPECT_DOUBLE_EQ(run["average"]["value"].get<double>(), input.runs[0].average.value);
  EXPECT_THAT(run["tests"], SizeIs(15));
  EXPECT_THAT(run["cells"], SizeIs(75));
  EXPECT_EQ(run["plan"]["repeats"], 1);
  EXPECT_THAT(json["head_to_head"][0]["tests"], SizeIs(15));
  EXPECT_DOUBLE_EQ(json["published"]["floor"].get<double>(), 0.33);
}

// Splits a line of RFC 4180 that holds no line break.
size_t n_fields(std::string_view line) {
  size_t n = 1;
  bool quoted = false;
  for (const char c : line) {
    if (c == '"') quoted = !quoted;
    if (c == ',' && !quoted) ++n;
  }
  return n;
}

TEST(Report, CsvHasALineForEachCell) {
  MadeRuns runs("report_csv");
  const std::string csv = to_csv(made_input(runs).runs);
  std::istringstream lines(csv);
  size_t n = 0, columns = 0;
  for (std::string line; std::getline(lines, line); ++n) {
    if (n == 0) columns = n_fields(line);
    EXPECT_EQ(n_fields(line), columns) << line;
  }
  EXPECT_EQ(n, 1 + 2 * 75);
}

TEST(Report, JunitCountsFailures) {
  MadeRuns runs("report_junit");
  const std::string xml = to_junit(made_input(runs).runs);
  EXPECT_EQ(count(xml, "<testcase"), 150);
  // Five of debugging, and of the other fourteen tests the variant that scores 0.6.
  EXPECT_EQ(count(xml, "<failure"), 5 + 14);
  EXPECT_THAT(xml, HasSubstr("<testsuites tests=\"150\" failures=\"19\">"));
  EXPECT_THAT(xml, Not(HasSubstr("<script")));
}

}  // namespace
}  // namespace stride::gauntlet
