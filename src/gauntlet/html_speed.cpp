// SPDX-License-Identifier: Apache-2.0
// How fast answers came and what they cost.
#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "gauntlet/chart.h"
#include "gauntlet/escape.h"
#include "gauntlet/html_sections.h"
#include "gauntlet/html_table.h"
#include "gauntlet/pace.h"
#include "gauntlet/report_words.h"

namespace stride::gauntlet {
namespace {

TableCell time_cell(std::optional<double> seconds) {
  return value_cell(duration(seconds), seconds.value_or(-1));
}

std::string time_table(const Summary& summary) {
  HtmlTable table("times", "Times",
                  {{"Time", "minmax(11rem,auto)"},
                   {"n", "auto", true},
                   {"mean", "auto", true},
                   {"p50", "auto", true},
                   {"p90", "auto", true},
                   {"p95", "auto", true},
                   {"p99", "auto", true},
                   {"max", "auto", true}});
  const auto add = [&](std::string_view words, const Quantiles& q) {
    table.row({text_cell(words), value_cell(fmt::format("{}", q.n), static_cast<double>(q.n)),
               time_cell(q.mean), time_cell(q.p50), time_cell(q.p90), time_cell(q.p95),
               time_cell(q.p99), time_cell(q.max)});
  };
  const Times& times = summary.times;
  add("TTFT, any token", times.ttft);
  add("TTFR, reasoning token", times.ttfr);
  add("TTFA, answer token", times.ttfa);
  add("thinking, TTFA - TTFR", times.think);
  add("answering", times.answer);
  add("total", times.total);
  add("longest gap", times.max_gap);
  return table.finish();
}

std::string by_test_table(const Summary& summary) {
  HtmlTable table("speed-table", "Speed by test",
                  {{"Test", "minmax(9rem,1fr)"},
                   {"TTFT", "auto", true},
                   {"TTFR", "auto", true},
                   {"TTFA", "auto", true},
                   {"Total", "auto", true},
                   {"n", "auto", true},
                   {"Published limit", "auto", true}});
  for (const TestSummary& test : summary.tests)
    table.row(
        {text_cell(test.title), time_cell(test.times.ttft.p50), time_cell(test.times.ttfr.p50),
         time_cell(test.times.ttfa.p50), time_cell(test.times.total.p50),
         value_cell(fmt::format("{}", test.times.total.n), static_cast<double>(test.times.total.n)),
         time_cell(test.published_timeout_s)});
  return table.finish();
}

// Waiting, thinking, answering and the rest of the median request of each test.
std::string stacked_chart(const Summary& summary) {
  double most = 0;
  for (const TestSummary& test : summary.tests)
    most = std::max(most, test.times.total.p50.value_or(0));
  if (most == 0) return {};
  constexpr double kRow = 30;
  const double bottom = kRow * static_cast<double>(summary.tests.size()) + 4;
  Chart chart(bottom + 18, "Where the time of each test goes");
  for (const double mark : axis_marks(most)) {
    chart.line(100 * mark / most, 0, 100 * mark / most, bottom, "g");
    chart.text(100 * mark / most, bottom + 14, mark == 0 ? "0" : mark_text(mark),
               mark == 0            ? Anchor::start
               : mark > most * 0.97 ? Anchor::end
                                    : Anchor::middle,
               "m");
  }
  double y = 0;
  for (const TestSummary& test : summary.tests) {
    const Times& times = test.times;
    const double total = times.total.p50.value_or(0);
    const double wait = std::min(total, times.ttft.p50.value_or(total));
    const double first_answer = times.ttfa.p50.value_or(times.ttfr.p50 ? total : wait);
    const double think = std::clamp(first_answer - wait, 0.0, total - wait);
    const double answer = std::max(0.0, total - wait - think);
    chart.text(0, y + 11, test.title);
    double x = 0;
    struct Part {
      double seconds;
      const char *style, *words;
    };
    for (const Part& part : {Part{wait, "s6", "waiting"}, Part{think, "s5", "thinking"},
                             Part{answer, "s1", "answering"}}) {
      chart.box(100 * x / most, y + 15, 100 * part.seconds / most, 10, part.style,
                fmt::format("{}: {} {}", test.title, part.words, seconds_text(part.seconds)));
      x += part.seconds;
    }
    y += kRow;
  }
  return figure(
      "Median time of each test: waiting for the first token, thinking, answering.",
      legend({{"c6", "waiting"}, {"c5", "thinking"}, {"c1", "answering"}}) + chart.finish());
}

struct Series {
  std::string_view words, style, colour;
  std::vector<double> values{};
};

std::vector<Series> time_series(const Summary& summary) {
  std::vector<Series> series = {
      {"TTFT", "l6", "c6"}, {"TTFR", "l5", "c5"}, {"TTFA", "l1", "c1"}, {"total", "l3", "c3"}};
  for (const CellResult& cell : summary.cells) {
    const AttemptRecord* record = timed_attempt(cell);
    if (record == nullptr || is_transport(record->attempt.failure)) continue;
    const Timing& timing = record->attempt.timing;
    if (timing.ttft) series[0].values.push_back(*timing.ttft);
    if (timing.ttfr) series[1].values.push_back(*timing.ttfr);
    if (timing.ttfa) series[2].values.push_back(*timing.ttfa);
    series[3].values.push_back(timing.total);
  }
  for (Series& one : series) std::ranges::sort(one.values);
  std::erase_if(series, [](const Series& one) { return one.values.empty(); });
  return series;
}

// Places a positive value on a logarithmic axis, 0..1.
class LogAxis {
 public:
  LogAxis(double least, double most)
      : low_(std::log10(std::max(1e-6, least))),
        high_(std::max(low_ + 0.3, std::log10(std::max(1e-6, most)))) {}
  double place(double value) const {
    return std::clamp((std::log10(std::max(1e-6, value)) - low_) / (high_ - low_), 0.0, 1.0);
  }
  double least() const { return std::pow(10, low_); }
  double most() const { return std::pow(10, high_); }

 private:
  double low_, high_;
};

void draw_log_axis(Chart& chart, const LogAxis& axis, double height) {
  for (const double mark : log_marks(axis.least(), axis.most())) {
    const double x = 100 * axis.place(mark);
    chart.line(x, 0, x, height, "g");
    chart.text(x, height + 14, mark_text(mark),
               x < 4    ? Anchor::start
               : x > 96 ? Anchor::end
                        : Anchor::middle,
               "m");
  }
}

std::string ecdf_chart(const Summary& summary) {
  const std::vector<Series> series = time_series(summary);
  if (series.empty()) return {};
  double least = 1e9, most = 0;
  for (const Series& one : series) {
    least = std::min(least, one.values.front());
    most = std::max(most, one.values.back());
  }
  const LogAxis axis(least * 0.9, most * 1.1);
  constexpr double kHeight = 220;
  Chart chart(kHeight + 20, "Share of requests that were faster");
  draw_log_axis(chart, axis, kHeight);
  for (const double share : {0.0, 0.25, 0.5, 0.75, 1.0}) {
    const double y = kHeight * (1 - share);
    chart.line(0, y, 100, y, "g");
    if (share > 0 && share < 1)
      chart.text(0, y - 3, fmt::format("{:.0f} %", 100 * share), Anchor::start, "m");
  }
  std::string entries;
  for (const Series& one : series) {
    std::vector<std::pair<double, double>> points;
    const auto n = static_cast<double>(one.values.size());
    double share = 0;
    for (const double value : one.values) {
      points.emplace_back(axis.place(value), share);
      share += 1 / n;
      points.emplace_back(axis.place(value), share);
    }
    points.emplace_back(1, 1);
    chart.curve(points, 0, kHeight, one.style);
    entries +=
        fmt::format("<span><i style=\"background:var(--{})\"></i>{}</span>", one.colour, one.words);
  }
  return figure("Share of requests that were faster (logarithmic).",
                "<div class=\"legend\">" + entries + "</div>" + chart.finish());
}

std::string gap_histogram(const Summary& summary) {
  std::vector<double> gaps;
  bool normed = true;
  for (const CellResult& cell : summary.cells)
    for (const AttemptRecord& record : cell.attempts) {
      const Timing& timing = record.attempt.timing;
      const auto& list = timing.itl_norm.empty() ? timing.itl : timing.itl_norm;
      normed = normed && (list.empty() || !timing.itl_norm.empty());
      gaps.insert(gaps.end(), list.begin(), list.end());
    }
  if (gaps.size() < 2) return {};
  const auto [least, most] = std::ranges::minmax(gaps);
  const LogAxis axis(std::max(1e-5, least * 0.9), std::max(2e-5, most * 1.1));
  constexpr size_t kBins = 40;
  std::vector<size_t> bins(kBins);
  for (const double gap : gaps)
    ++bins[std::min(kBins - 1, static_cast<size_t>(axis.place(gap) * kBins))];
  const auto tallest = static_cast<double>(std::ranges::max(bins));
  constexpr double kHeight = 150;
  Chart chart(kHeight + 20, "Gaps between tokens");
  draw_log_axis(chart, axis, kHeight);
  for (size_t i = 0; i < kBins; ++i) {
    const double height = kHeight * static_cast<double>(bins[i]) / tallest;
    if (bins[i] > 0)
      chart.box(100.0 * static_cast<double>(i) / kBins, kHeight - std::max(1.0, height),
                100.0 / kBins - 0.3, std::max(1.0, height), "s1", fmt::format("{}", bins[i]));
  }
  const auto p95 = quantile(gaps, 0.95);
  return figure(fmt::format("Gaps between tokens{}: {} of them, median {}, p95 {} (logarithmic).",
                            normed ? ", each divided by the tokens of its frame" : " or frames",
                            gaps.size(), duration(quantile(gaps, 0.5)), duration(p95)),
                chart.finish());
}

std::string environments_table(const Summary& summary) {
  if (summary.other_envs.empty()) return {};
  HtmlTable table("envs", "Environments",
                  {{"Environment"},
                   {"Cells", "auto", true},
                   {"Average", "auto"},
                   {"TTFT p50", "auto", true},
                   {"TTFA p50", "auto", true},
                   {"Total p50", "auto", true}});
  const auto add = [&](std::string_view env, size_t n, const Estimate& average,
                       const Times& times) {
    table.row({text_cell(env), value_cell(fmt::format("{}", n), static_cast<double>(n)),
               text_cell(with_ci(average, 3)), time_cell(times.ttft.p50), time_cell(times.ttfa.p50),
               time_cell(times.total.p50)});
  };
  add(summary.env, summary.n_graded, summary.average, summary.times);
  for (const EnvironmentSummary& env : summary.other_envs)
    add(env.env, env.n_cells, env.average, env.times);
  return "<h3>Environments, request modes and lengths</h3>" + table.finish();
}

// Score against time to the answer: of the runs, or of the tests where there is one run.
std::string pareto_chart(const ReportInput& input) {
  struct Point {
    std::string words;
    double seconds, score;
    std::optional<double> cost;
  };
  std::vector<Point> points;
  const bool many = input.runs.size() > 1;
  if (many) {
    for (const Summary& run : input.runs)
      if (run.times.ttfa.p50)
        points.push_back(
            {label(run), *run.times.ttfa.p50, run.average.value, run.costs.per_thousand});
  } else {
    for (const TestSummary& test : input.runs[0].tests)
      if (test.times.ttfa.p50)
        points.push_back({test.title, *test.times.ttfa.p50, test.score.value, std::nullopt});
  }
  if (points.size() < 2) return {};
  double least = 1e9, most = 0;
  for (const Point& point : points) {
    least = std::min(least, point.seconds);
    most = std::max(most, point.seconds);
  }
  const LogAxis axis(least * 0.5, most * 2);
  constexpr double kHeight = 260, kInset = 10;
  Chart chart(kHeight + 20, "Score against time to the answer");
  draw_log_axis(chart, axis, kHeight);
  const auto y_of = [&](double score) { return kHeight - kInset - score * (kHeight - 2 * kInset); };
  for (const double mark : {0.0, 0.5, 1.0}) {
    chart.line(0, y_of(mark), 100, y_of(mark), "g");
    chart.text(0, y_of(mark) - 3, fmt::format("{}", mark), Anchor::start, "m");
  }
  for (const Point& point : points) {
    const bool dominated = std::ranges::any_of(points, [&](const Point& other) {
      return other.seconds <= point.seconds && other.score >= point.score &&
             (other.seconds < point.seconds || other.score > point.score);
    });
    const double x = 100 * axis.place(point.seconds);
    chart.dot(
        x, y_of(point.score), 6, dominated ? "s6" : "s1",
        fmt::format("{}: {:.2f}, {}{}", point.words, point.score, seconds_text(point.seconds),
                    point.cost ? fmt::format(", {} per 1,000 requests", money(point.cost)) : ""));
    if (many)
      chart.text(x, y_of(point.score) - 9, point.words,
                 x > 70   ? Anchor::end
                 : x < 30 ? Anchor::start
                          : Anchor::middle);
  }
  return figure(many ? "Score against the median time to the first answer token, by run. Blue: no "
                       "other run is both better and faster."
                     : "Score against the median time to the first answer token, by test. Blue: no "
                       "other test is both better and faster.",
                chart.finish());
}

}  // namespace

std::string speed_section(const Summary& summary) {
  std::string out = section_begin("speed", "Speed profile");
  out += fmt::format(
      "<p>Decoding {} tokens/s, the answer alone {} tokens/s, prompt {} tokens/s (medians); {} of "
      "the output tokens are reasoning.</p>",
      number(summary.decode_rate, 1), number(summary.answer_rate, 1),
      number(summary.prefill_rate, 0), percent(summary.reasoning_share));
  return out + time_table(summary) + stacked_chart(summary) + ecdf_chart(summary) +
         gap_histogram(summary) + environments_table(summary) + "<h3>By test, medians</h3>" +
         by_test_table(summary) + "</section>\n";
}

std::string cost_section(const ReportInput& input) {
  const std::string pareto = pareto_chart(input);
  const bool known = std::ranges::any_of(
      input.runs, [](const Summary& run) { return run.costs.total.has_value(); });
  if (!known && pareto.empty()) return {};
  std::string out = section_begin("cost", "Cost, speed and score");
  if (known) {
    HtmlTable table("costs", "Cost",
                    {{"Run", "minmax(10rem,1fr)"},
                     {"Total", "auto", true},
                     {"Per passed cell", "auto", true},
                     {"Per 1,000 requests", "auto", true},
                     {"On reasoning", "auto", true},
                     {"Requests", "auto", true}});
    for (const Summary& run : input.runs) {
      const Costs& costs = run.costs;
      table.row(
          {text_cell(label(run)), value_cell(money(costs.total), costs.total.value_or(-1)),
           value_cell(money(costs.per_passed), costs.per_passed.value_or(-1)),
           value_cell(money(costs.per_thousand), costs.per_thousand.value_or(-1)),
           value_cell(money(costs.reasoning), costs.reasoning.value_or(-1)),
           value_cell(fmt::format("{}", costs.n_requests), static_cast<double>(costs.n_requests))});
    }
    out += table.finish();
  } else {
    out +=
        "<p class=\"mut\">No prices: the endpoint reports no cost and --price was not given.</p>";
  }
  return out + pareto + "</section>\n";
}

}  // namespace stride::gauntlet
