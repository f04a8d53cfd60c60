// SPDX-License-Identifier: Apache-2.0
// What was scored: the table of results, what was delivered, how stable the scores are.
#include <fmt/core.h>

#include <algorithm>

#include "gauntlet/chart.h"
#include "gauntlet/escape.h"
#include "gauntlet/html_sections.h"
#include "gauntlet/html_table.h"
#include "gauntlet/report_words.h"

namespace stride::gauntlet {
namespace {

TableCell optional_cell(std::string_view text, std::optional<double> key) {
  return {.html = escape_html(text), .key = key.value_or(-1)};
}

std::string results_table(const Summary& summary) {
  HtmlTable table("results-table", "Results",
                  {{"#", "auto", true},
                   {"Test", "minmax(7rem,auto)"},
                   {"Score", "auto", true},
                   {"95 % CI", "auto"},
                   {"Passed", "auto", true},
                   {"Pass rate", "auto"},
                   {"Clean", "auto", true},
                   {"pass^k", "auto", true},
                   {"Time", "auto", true},
                   {"TTFA", "auto", true},
                   {"Think", "auto", true},
                   {"Answer", "auto", true},
                   {"Classes", "minmax(6rem,auto)"},
                   {"Key finding", "minmax(12rem,1fr)"}});
  size_t n = 0;
  for (const TestSummary& test : summary.tests) {
    const Estimate& score = test.score;
    const bool graded = test.n_cells > 0;
    TableCell passed = value_cell(fmt::format("{}/{}", test.n_passed, test.n_cells),
                                  static_cast<double>(test.n_passed));
    passed.style = !graded ? "off" : test.passed ? "ok" : "no";
    ++n;
    table.row({value_cell(fmt::format("{}", n), static_cast<double>(n)), text_cell(test.title),
               value_cell(graded ? number(score.value) : std::string(kDash), score.value),
               text_cell(score.ci ? fmt::format("{:.2f} to {:.2f}", score.ci->low, score.ci->high)
                                  : std::string(kDash)),
               passed,
               text_cell(test.pass_ci ? fmt::format("{:.2f} to {:.2f}", test.pass_ci->low,
                                                    test.pass_ci->high)
                                      : std::string(kDash)),
               value_cell(percent(test.n_clean, test.n_cells), static_cast<double>(test.n_clean)),
               value_cell(graded ? fmt::format("{:.2f}", test.pass_hat) : std::string(kDash),
                          test.pass_hat),
               optional_cell(duration(test.times.total.p50), test.times.total.p50),
               optional_cell(duration(test.times.ttfa.p50), test.times.ttfa.p50),
               optional_cell(number(test.reasoning_tokens, 0), test.reasoning_tokens),
               optional_cell(number(test.answer_tokens, 0), test.answer_tokens),
               text_cell(class_counts(test.classes)), text_cell(shortened(test.key_finding, 220))});
  }
  return table.finish();
}

std::string score_chart(const Summary& summary) {
  constexpr double kRow = 30;
  Chart chart(kRow * static_cast<double>(summary.tests.size()) + 22, "Scores of the tests");
  const double bottom = kRow * static_cast<double>(summary.tests.size()) + 4;
  for (const double mark : {0.0, 0.25, 0.5, 0.75, 1.0}) {
    chart.line(mark * 100, 0, mark * 100, bottom, "g");
    chart.text(mark * 100, bottom + 14, fmt::format("{}", mark),
               mark == 0   ? Anchor::start
               : mark == 1 ? Anchor::end
                           : Anchor::middle,
               "m");
  }
  double y = 0;
  for (const TestSummary& test : summary.tests) {
    chart.text(0, y + 11, test.title);
    chart.box(0, y + 15, test.score.value * 100, 9, test.passed ? "s1" : "s2",
              fmt::format("{}: {}", test.title, with_ci(test.score)));
    if (test.score.ci)
      chart.whisker(std::max(0.0, test.score.ci->low) * 100,
                    std::min(1.0, test.score.ci->high) * 100, y + 19.5);
    y += kRow;
  }
  return figure("Mean score of each test with its 95 % interval.",
                legend({{"c1", "passed"}, {"c2", "not passed"}}) + chart.finish());
}

// How often each criterion was met: where a test loses its points.
std::string criteria_table(const Summary& summary) {
  struct Sum {
    double value = 0, weight = 0;
    size_t n = 0;
    bool gate = false;
  };
  HtmlTable table("criteria-table", "Criteria",
                  {{"Test"},
                   {"Criterion", "minmax(10rem,1fr)"},
                   {"Weight", "auto", true},
                   {"Met", "auto", true},
                   {"Lost", "auto", true},
                   {"Gate"}});
  for (const TestSummary& test : summary.tests) {
    std::vector<std::pair<std::string, Sum>> sums;  // in the order of the grader
    for (const CellResult& cell : summary.cells) {
      if (cell.cell.key.test != test.id) continue;
      for (const Criterion& criterion : cell.cell.grade.criteria) {
        auto found = std::ranges::find(sums, criterion.name, &std::pair<std::string, Sum>::first);
        if (found == sums.end()) found = sums.insert(sums.end(), {criterion.name, {}});
        found->second.value += criterion.value;
        found->second.weight = std::max(found->second.weight, criterion.weight);
        found->second.gate = found->second.gate || criterion.gate;
        ++found->second.n;
      }
    }
    for (const auto& [criterion, sum] : sums) {
      const double met = sum.value / static_cast<double>(sum.n);
      const double lost = sum.weight * (1 - met);
      table.row({text_cell(test.title), text_cell(criterion),
                 value_cell(number(sum.weight), sum.weight), value_cell(percent(met), met),
                 value_cell(number(lost, 3), lost), text_cell(sum.gate ? "gate" : "")});
    }
  }
  if (table.n_rows() == 0) return {};
  return "<details><summary>Criteria: what was met and what was lost</summary><div>" +
         table.finish() + "</div></details>";
}

// What was found of a long handbook, by depth and length.
std::string recall_table(const Summary& summary) {
  if (summary.rag.empty()) return {};
  std::vector<Column> columns = {{"Handbook"}, {"Cells", "auto", true}};
  for (const RagDepth& depth : kRagDepths)
    columns.push_back({fmt::format("{} % ({})", depth.percent, depth.question), "auto", true});
  HtmlTable table("recall-table", "Recall by depth", columns);
  for (const RagRecall& recall : summary.rag) {
    std::vector<TableCell> row = {
        text_cell(fmt::format("{} words ({})", rag_words(recall.env), recall.env)),
        value_cell(fmt::format("{}", recall.n_cells), static_cast<double>(recall.n_cells))};
    for (const size_t n : recall.n_right)
      row.push_back(value_cell(percent(n, recall.n_cells), static_cast<double>(n)));
    table.row(std::move(row));
  }
  return "<h3>Long context: what was found at which depth</h3>" + table.finish();
}

struct ChannelCount {
  size_t answer = 0, reasoning_only = 0, nothing = 0, leak = 0, hidden = 0, late_open = 0;
};

ChannelCount channels_of(const Summary& summary) {
  ChannelCount count;
  for (const CellResult& cell : summary.cells) {
    const AttemptRecord* last = last_attempt(cell);
    if (last == nullptr) continue;
    const Attempt& attempt = last->attempt;
    if (cell.n_delivered == cell.n_requests)
      ++count.answer;
    else if (!attempt.reasoning.empty() || attempt.timing.ttfr)
      ++count.reasoning_only;
    else
      ++count.nothing;
    count.leak += attempt.tag_leak ? 1 : 0;
    count.hidden += attempt.hidden ? 1 : 0;
    count.late_open += attempt.late_open ? 1 : 0;
  }
  return count;
}

std::string channel_chart(const ChannelCount& count) {
  const size_t n = count.answer + count.reasoning_only + count.nothing;
  if (n == 0) return {};
  Chart chart(30, "What arrived in which channel");
  double x = 0;
  struct Part {
    size_t n;
    const char *style, *words;
  };
  for (const Part& part :
       {Part{count.answer, "s3", "delivered"},
        Part{count.reasoning_only, "s5", "reasoning arrived, the answer did not"},
        Part{count.nothing, "s4", "nothing that counts"}}) {
    const double width = 100.0 * static_cast<double>(part.n) / static_cast<double>(n);
    chart.box(x, 0, width, 24, part.style, fmt::format("{}: {}", part.words, part.n));
    x += width;
  }
  return figure("What arrived, by cell.",
                legend({{"c3", fmt::format("delivered {}", count.answer)},
                        {"c5", fmt::format("reasoning, no answer {}", count.reasoning_only)},
                        {"c4", fmt::format("neither {}", count.nothing)}}) +
                    chart.finish());
}

std::string undelivered_table(const Summary& summary) {
  HtmlTable table("undelivered", "Had it but did not deliver",
                  {{"Test"},
                   {"Cell"},
                   {"Score", "auto", true},
                   {"In the reasoning", "auto", true},
                   {"Class"},
                   {"What happened", "minmax(12rem,1fr)"}});
  for (const TestSummary& test : summary.tests)
    for (const CellResult& cell : summary.cells) {
      if (cell.cell.key.test != test.id || !had_it_but_did_not_deliver(test, cell)) continue;
      const AttemptRecord* last = last_attempt(cell);
      table.row({text_cell(test.title),
                 text_cell(fmt::format("{}.{}", cell.cell.key.variant, cell.cell.key.repeat)),
                 value_cell(number(cell.cell.grade.score), cell.cell.grade.score),
                 value_cell(number(cell.cell.recovered_score), *cell.cell.recovered_score),
                 text_cell(words_of(cell.cell.grade.failure)),
                 text_cell(last == nullptr ? "" : shortened(last->attempt.message, 160))});
    }
  if (table.n_rows() == 0) return {};
  return "<h3>Had it but did not deliver</h3><p>The reasoning held an answer that would have "
         "passed; the answer channel did not. These cells score what was delivered.</p>" +
         table.finish();
}

std::string class_chart(const Summary& summary) {
  size_t most = 0;
  for (const auto& [failure, n] : summary.classes) most = std::max(most, n);
  if (most == 0) return {};
  constexpr double kRow = 30;
  Chart chart(kRow * static_cast<double>(summary.classes.size()) + 2, "Cells by class");
  double y = 0;
  for (const auto& [failure, n] : summary.classes) {
    chart.text(0, y + 11, words_of(failure));
    chart.text(100, y + 11, fmt::format("{}", n), Anchor::end, "m");
    chart.box(0, y + 15, 100.0 * static_cast<double>(n) / static_cast<double>(most), 9,
              class_style(failure));
    y += kRow;
  }
  return figure(
      "Cells by class.",
      legend({{"c3", "ok"}, {"c2", "the answer"}, {"c5", "delivery"}, {"c4", "transport"}}) +
          chart.finish());
}

std::string oddities(const Summary& summary, const ChannelCount& count) {
  std::map<std::string, size_t> notes;
  for (const CellResult& cell : summary.cells)
    for (const AttemptRecord& record : cell.attempts)
      for (const std::string& note : record.attempt.notes) ++notes[note];
  std::string out;
  const auto add = [&](size_t n, std::string_view words) {
    if (n > 0) out += fmt::format("<li>{} {}</li>", n, words);
  };
  add(count.leak, "answers hold a reasoning tag");
  add(count.hidden, "answers are billed for reasoning that was not shown");
  add(count.late_open, "answers close a reasoning tag that was never opened");
  for (const auto& [note, n] : notes)
    out += fmt::format("<li>{}x {}</li>", n, escape_html(shortened(note, 200)));
  return out.empty() ? out : "<h3>Oddities of the protocol</h3><ul>" + out + "</ul>";
}

}  // namespace

std::string results_section(const Summary& summary) {
  std::string out = section_begin("results", "Results");
  out += fmt::format(
      "<p>{} of {} tests passed; average {}. Passed counts cells; a test is passed when more than "
      "half of them are. pass^k is the chance that k = 3 draws all pass. Think and Answer are mean "
      "tokens, times are medians.</p>",
      summary.n_tests_passed, summary.tests.size(), escape_html(with_ci(summary.average, 3)));
  return out + results_table(summary) + score_chart(summary) + recall_table(summary) +
         criteria_table(summary) + "</section>\n";
}

std::string delivery_section(const Summary& summary) {
  const ChannelCount count = channels_of(summary);
  std::string out = section_begin("delivery", "Delivery");
  out += fmt::format(
      "<p>{} of {} requests were delivered: something in the answer channel, an end that the "
      "endpoint named, no reasoning tag in the answer. {} requests needed {} tries in all.</p>",
      summary.n_delivered, summary.n_requests, summary.n_requests, summary.n_tries);
  return out + channel_chart(count) + class_chart(summary) + undelivered_table(summary) +
         oddities(summary, count) + "</section>\n";
}

std::string stability_section(const Summary& summary) {
  if (summary.cells.empty()) return {};
  constexpr double kRow = 34;
  Chart chart(kRow * static_cast<double>(summary.tests.size()) + 20, "Scores of single cells");
  const double bottom = kRow * static_cast<double>(summary.tests.size()) + 2;
  // The field is inset so that dots at 0 and 1 are whole.
  const auto place = [](double score) { return 2 + 96 * score; };
  for (const double mark : {0.0, 0.5, 1.0}) {
    chart.line(place(mark), 0, place(mark), bottom, "g");
    chart.text(place(mark), bottom + 14, fmt::format("{}", mark), Anchor::middle, "m");
  }
  double y = 0;
  for (const TestSummary& test : summary.tests) {
    chart.text(0, y + 11, test.title);
    std::map<int, int> used;  // dots of the same score stand beside each other
    for (const CellResult& cell : summary.cells) {
      if (cell.cell.key.test != test.id) continue;
      const double score = cell.cell.grade.score;
      const int n = used[static_cast<int>(score * 100)]++;
      const double aside = (score > 0.5 ? -1.6 : 1.6) * (n % 30);
      chart.dot(
          place(score) + aside, y + 22, 5, class_style(cell.cell.grade.failure),
          fmt::format("{} variant {} repeat {}: {:.2f}, {}", test.title, cell.cell.key.variant,
                      cell.cell.key.repeat, score, words_of(cell.cell.grade.failure)));
    }
    y += kRow;
  }
  return section_begin("stability", "Stability") +
         figure(
             "Every cell by its score; equal ones stand side by side.",
             legend({{"c3", "ok"}, {"c2", "the answer"}, {"c5", "delivery"}, {"c4", "transport"}}) +
                 chart.finish()) +
         "</section>\n";
}

}  // namespace stride::gauntlet
