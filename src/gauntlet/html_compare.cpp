// SPDX-License-Identifier: Apache-2.0
// What stands beside a run: the contract of its endpoint, other runs, the published tables.
#include <fmt/core.h>

#include <algorithm>

#include "gauntlet/chart.h"
#include "gauntlet/escape.h"
#include "gauntlet/html_sections.h"
#include "gauntlet/html_table.h"
#include "gauntlet/report_words.h"

namespace stride::gauntlet {
namespace {

std::string forest_chart(const Comparison& comparison, std::string_view a, std::string_view b) {
  constexpr double kRow = 30;
  const double bottom = kRow * static_cast<double>(comparison.tests.size() + 1) + 22;
  Chart chart(bottom + 16, "Differences with their intervals");
  const auto place = [](double difference) { return 50 + 48 * std::clamp(difference, -1.0, 1.0); };
  chart.box(place(-kTieMargin), 16, place(kTieMargin) - place(-kTieMargin), bottom - 16, "s7",
            "a tie lies in here");
  for (const double mark : {-1.0, -0.5, 0.0, 0.5, 1.0}) {
    chart.line(place(mark), 16, place(mark), bottom, "g");
    chart.text(place(mark), bottom + 13, fmt::format("{:+}", mark), Anchor::middle, "m");
  }
  chart.text(0, 10, fmt::format("\xe2\x97\x80 {} better", b), Anchor::start, "m");
  chart.text(100, 10, fmt::format("{} better \xe2\x96\xb6", a), Anchor::end, "m");
  double y = 18;
  const auto row = [&](std::string_view words, const Estimate& difference, Verdict verdict) {
    chart.text(0, y + 11, words);
    const double centre = y + 20;
    if (difference.ci) chart.whisker(place(difference.ci->low), place(difference.ci->high), centre);
    chart.dot(place(difference.value), centre, 5,
              verdict == Verdict::a   ? "s1"
              : verdict == Verdict::b ? "s2"
                                      : "s6",
              fmt::format("{}: {}", words, with_ci(difference, 3)));
    y += kRow;
  };
  row("Average of all tests", comparison.difference, comparison.verdict);
  for (const TestComparison& test : comparison.tests)
    row(test.title, test.difference, test.verdict);
  return figure("Difference of each test with its 95 % interval; the band is a tie.",
                chart.finish());
}

std::string verdict_words(Verdict verdict, std::string_view a, std::string_view b) {
  if (verdict == Verdict::a) return std::string(a);
  if (verdict == Verdict::b) return std::string(b);
  return std::string(name(verdict));
}

std::string pair_block(const ReportInput& input, const HeadToHead& pair, size_t index) {
  const std::string a = label(input.runs[pair.a]), b = label(input.runs[pair.b]);
  const Comparison& comparison = pair.comparison;
  std::string out = fmt::format("<h3>{} against {}</h3>", escape_html(a), escape_html(b));
  out += fmt::format(
      "<p>Average {:.3f} against {:.3f}, difference {} over {} paired cells, p {:.3f}: <b>{}</b>. "
      "A winner needs an interval without 0 and p below 0.05, adjusted over the tests by "
      "Holm.</p>",
      comparison.a, comparison.b, escape_html(with_ci(comparison.difference, 3)),
      comparison.n_pairs, comparison.p, escape_html(verdict_words(comparison.verdict, a, b)));
  HtmlTable table(fmt::format("versus{}", index), "Head to head",
                  {{"Test", "minmax(9rem,1fr)"},
                   {"A", "auto", true},
                   {"B", "auto", true},
                   {"A - B", "auto", true},
                   {"95 % CI"},
                   {"p (Holm)", "auto", true},
                   {"A clean", "auto", true},
                   {"B clean", "auto", true},
                   {"Verdict"}});
  size_t n_a = 0, n_b = 0, n_tie = 0;
  for (const TestComparison& test : comparison.tests) {
    n_a += test.verdict == Verdict::a ? 1 : 0;
    n_b += test.verdict == Verdict::b ? 1 : 0;
    n_tie += test.verdict == Verdict::tie ? 1 : 0;
    const auto& ci = test.difference.ci;
    table.row(
        {text_cell(test.title), value_cell(number(test.a), test.a),
         value_cell(number(test.b), test.b),
         value_cell(fmt::format("{:+.2f}", test.difference.value), test.difference.value),
         text_cell(ci ? fmt::format("{:+.2f} to {:+.2f}", ci->low, ci->high) : std::string(kDash)),
         value_cell(number(test.p_adjusted, 3), test.p_adjusted),
         value_cell(percent(test.a_clean), test.a_clean),
         value_cell(percent(test.b_clean), test.b_clean), text_cell(name(test.verdict))});
  }
  out += table.finish();
  out += fmt::format("<p>A wins {}, B wins {}, {} ties, {} undecided.</p>", n_a, n_b, n_tie,
                     comparison.tests.size() - n_a - n_b - n_tie);
  return out + forest_chart(comparison, "A", "B");
}

// Ours on the left with its own axis, theirs on the right as a mark in the range it can take.
std::string published_chart(const Summary& summary, const PublishedModel& model) {
  constexpr double kRow = 34, kTheirs = 53;
  const double bottom = kRow * kPublishedTests + 26;
  Chart chart(bottom + 16, "Ours, and the published score in the range its evaluator can give");
  chart.text(0, 12, "ours, 0 to 1", Anchor::start, "m");
  chart.text(kTheirs, 12, "published: what the evaluator can give", Anchor::start, "m");
  const auto theirs = [&](double score) { return kTheirs + score * (100 - kTheirs); };
  double y = 20;
  for (size_t i = 0; i < kPublishedTests; ++i) {
    const PublishedTest& published = published_tests()[i];
    const TestSummary* ours = find(summary, published.id);
    chart.text(0, y + 11, find_test(published.id)->title);
    chart.box(0, y + 17, 47, 8, "s7");
    if (ours != nullptr && ours->n_cells > 0) {
      chart.box(0, y + 17, 47 * ours->score.value, 8, "s1", with_ci(ours->score));
      if (ours->score.ci)
        chart.whisker(47 * std::max(0.0, ours->score.ci->low),
                      47 * std::min(1.0, ours->score.ci->high), y + 21);
    }
    chart.line(theirs(0), y + 21, theirs(1), y + 21, "g");
    chart.box(theirs(published.empty), y + 17,
              std::max(0.4, theirs(published.max) - theirs(published.empty)), 8,
              published.constant ? "s6" : "s7",
              fmt::format("empty {:.2f}, most {:.2f}", published.empty, published.max));
    if (model.scores[i])
      chart.dot(theirs(*model.scores[i]), y + 21, 5,
                *model.scores[i] == published.empty ? "s4" : "s2",
                fmt::format("published {:.3g}", *model.scores[i]));
    y += kRow;
  }
  return figure(
      "Two scales, not to be subtracted. Right: the bar runs from the score of an empty answer to "
      "the highest any text can get; grey bars are constants, red dots equal the score of an empty "
      "answer.",
      chart.finish());
}

std::string published_table(const Summary& summary, const PublishedModel& model) {
  HtmlTable table("published-table", "Ours beside the published scores",
                  {{"Test", "minmax(9rem,auto)"},
                   {"Ours", "auto"},
                   {"Clean", "auto", true},
                   {"Published", "auto", true},
                   {"Its empty", "auto", true},
                   {"Its most", "auto", true},
                   {"Remark", "minmax(14rem,1fr)"}});
  for (size_t i = 0; i < kPublishedTests; ++i) {
    const PublishedTest& published = published_tests()[i];
    const TestSummary* ours = find(summary, published.id);
    const auto& score = model.scores[i];
    std::string remark;
    if (published.constant) remark = "constant: every answer gets this";
    if (!score) remark = "the request failed";
    if (score && *score == published.empty)
      remark += fmt::format("{}equals the score of an empty answer", remark.empty() ? "" : "; ");
    const bool graded = ours != nullptr && ours->n_cells > 0;
    std::vector<TableCell> cells = {
        text_cell(find_test(published.id)->title),
        text_cell(graded ? with_ci(ours->score) : std::string(kDash)),
        value_cell(graded ? percent(ours->n_clean, ours->n_cells) : std::string(kDash),
                   graded ? static_cast<double>(ours->n_clean) : -1),
        value_cell(score ? fmt::format("{:.3g}", *score) : "failed", score.value_or(-1)),
        value_cell(fmt::format("{:.3g}", published.empty), published.empty),
        value_cell(fmt::format("{:.3g}", published.max), published.max),
        text_cell(remark)};
    if (published.constant)
      for (size_t c = 3; c < cells.size(); ++c) cells[c].style = "grey";
    table.row(std::move(cells));
  }
  return table.finish();
}

// Every published average between what nothing and what everything right would get.
std::string floor_chart(const PublishedModel& chosen) {
  constexpr double kRow = 18;
  const double bottom = kRow * static_cast<double>(published_models().size()) + 22;
  Chart chart(bottom + 34, "Published averages with their floor and ceiling");
  const auto place = [](double score) { return 30 + 70 * score; };
  struct Mark {
    double at;
    const char* words;
  };
  double label_y = bottom + 14;
  for (const Mark& mark : {Mark{kPublishedFloor, "floor .33: an empty answer"},
                           Mark{kPublishedCeiling, "ceiling .645: everything right"}}) {
    chart.line(place(mark.at), 0, place(mark.at), bottom, "x");
    chart.text(place(mark.at), label_y, mark.words, Anchor::middle, "m");
    label_y += 14;
  }
  double y = 14;
  for (const PublishedModel& model : published_models()) {
    const double average = published_average(model);
    chart.text(0, y + 4, fmt::format("{}{}", model.id, model.other_evaluator ? " *" : ""),
               Anchor::start, "m");
    chart.line(place(0), y, place(1), y, "g");
    chart.dot(place(average), y, 5,
              &model == &chosen       ? "s4"
              : model.other_evaluator ? "s6"
                                      : "s2",
              fmt::format("{}: {:.3f}", model.id, average));
    y += kRow;
  }
  return figure(
      "What the published number could have been. * holds values that the public evaluator cannot "
      "give.",
      chart.finish());
}

}  // namespace

std::string contract_section(const Summary& summary) {
  if (summary.contract.empty()) return {};
  size_t n_pass = 0, n_fail = 0, n_unsupported = 0;
  std::string tiles;
  for (const ContractRow& row : summary.contract) {
    const bool known = row.result == "pass" || row.result == "fail";
    ++(row.result == "pass" ? n_pass : row.result == "fail" ? n_fail : n_unsupported);
    tiles +=
        fmt::format("<div class=\"tile {}\"><b>{}</b> {}<br><span class=\"mut\">{}</span></div>",
                    known ? row.result : "unsupported", escape_html(row.check),
                    escape_html(row.result), escape_html(shortened(row.detail, 240)));
  }
  return section_begin("contract", "Contract") +
         fmt::format("<p>{} passed, {} failed, {} unsupported.</p><div class=\"tiles\">{}</div>",
                     n_pass, n_fail, n_unsupported, tiles) +
         "</section>\n";
}

std::string head_to_head_section(const ReportInput& input) {
  if (input.pairs.empty()) return {};
  std::string out = section_begin("versus", "Head to head");
  for (size_t i = 0; i < input.pairs.size(); ++i) out += pair_block(input, input.pairs[i], i);
  return out + "</section>\n";
}

std::string published_section(const ReportInput& input) {
  if (input.published == nullptr) return {};
  const PublishedModel& model = *input.published;
  std::string out = section_begin("published", "Beside the published series");
  out += fmt::format(
      "<p>The series printed an average of {:.3f} for {}, {} of 15 passed{}. Its evaluator gives "
      "an "
      "empty answer {:.2f} on average and a sheet of correct answers {:.3f}; six of its tests are "
      "constants. Its scale is not ours: compare the rows, never subtract them.</p>",
      published_average(model), model.id, published_passes(model),
      model.readiness ? fmt::format(", readiness {:.1f} without a formula", *model.readiness) : "",
      kPublishedFloor, kPublishedCeiling);
  if (model.other_evaluator)
    out += "<p class=\"notes\">This column holds values that the public evaluator cannot give.</p>";
  if (model.id == "step-3.7-flash") {
    std::string pairs;
    for (const PublishedTimes& times : times_of_step_post())
      pairs += fmt::format("{}{:.1f} of {:.1f} s", pairs.empty() ? "" : ", ", times.ttft_s,
                           times.total_s);
    out += fmt::format(
        "<p class=\"notes\">Six of its times to the first token were not measured: they are a "
        "tenth of the total, which the harness puts in where it saw no token ({}).</p>",
        pairs);
  }
  return out + published_chart(input.runs.front(), model) +
         published_table(input.runs.front(), model) + floor_chart(model) + "</section>\n";
}

}  // namespace stride::gauntlet
