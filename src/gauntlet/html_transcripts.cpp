// SPDX-License-Identifier: Apache-2.0
// Every conversation with what decided its grade marked in the answer.
#include <fmt/core.h>

#include <algorithm>

#include "gauntlet/escape.h"
#include "gauntlet/html_sections.h"
#include "gauntlet/html_table.h"
#include "gauntlet/report_words.h"

namespace stride::gauntlet {
namespace {

constexpr size_t kMostShown = 12'000;  // bytes of one text; the database keeps all of it

// The middle of a long text is left out; the ends tell how it began and where it was cut.
std::string shown_text(const std::string& text) {
  if (text.size() <= kMostShown) return escape_html(text);
  const std::string_view all(text);
  return fmt::format("{}\n<span class=\"mut\">[{} bytes left out]</span>\n{}",
                     escape_html(all.substr(0, kMostShown / 2)), text.size() - kMostShown,
                     escape_html(all.substr(text.size() - kMostShown / 2)));
}

struct Span {
  size_t begin = 0, end = 0;
  const Criterion* criterion = nullptr;
};

// Where the evidence of the criteria stands in the answer, without overlaps.
std::vector<Span> evidence_spans(const std::string& answer, std::span<const Criterion> criteria) {
  constexpr size_t kLeast = 2;
  std::vector<Span> spans;
  for (const Criterion& criterion : criteria) {
    if (criterion.evidence.size() < kLeast) continue;
    const size_t at = answer.find(criterion.evidence);
    if (at != std::string::npos) spans.push_back({at, at + criterion.evidence.size(), &criterion});
  }
  std::ranges::stable_sort(spans, {}, &Span::begin);
  std::vector<Span> apart;
  for (const Span& span : spans)
    if (apart.empty() || span.begin >= apart.back().end) apart.push_back(span);
  return apart;
}

std::string marked_answer(const std::string& answer, std::span<const Criterion> criteria) {
  if (answer.size() > kMostShown) return shown_text(answer);
  std::string out;
  size_t at = 0;
  const std::string_view all(answer);
  for (const Span& span : evidence_spans(answer, criteria)) {
    out += escape_html(all.substr(at, span.begin - at));
    out += fmt::format("<mark title=\"{}: {:.2f}\">{}</mark>", escape_html(span.criterion->name),
                       span.criterion->value,
                       escape_html(all.substr(span.begin, span.end - span.begin)));
    at = span.end;
  }
  return out + escape_html(all.substr(at));
}

std::string criteria_list(std::span<const Criterion> criteria) {
  if (criteria.empty()) return {};
  std::string out = "<ul>";
  for (const Criterion& criterion : criteria)
    out +=
        fmt::format("<li><span class=\"{}\">{:.2f}</span> of {:.2f} {}{}{}</li>",
                    criterion.value >= 0.999 ? "ok" : "no", criterion.weight * criterion.value,
                    criterion.weight, escape_html(criterion.name), criterion.gate ? " (gate)" : "",
                    criterion.evidence.empty()
                        ? std::string()
                        : ": <code>" + escape_html(shortened(criterion.evidence, 300)) + "</code>");
  return out + "</ul>";
}

std::string attempt_block(const AttemptRecord& record, std::span<const Criterion> criteria) {
  const Attempt& attempt = record.attempt;
  const Timing& timing = attempt.timing;
  std::string out = fmt::format(
      "<p class=\"mut\">turn {}, try {}: HTTP {}, {}, finish {}, TTFT {}, TTFR {}, TTFA {}, total "
      "{}{}</p>",
      record.turn + 1, record.n + 1, attempt.http_status, words_of(attempt.failure),
      escape_html(attempt.finish_reason.empty() ? std::string(kDash) : attempt.finish_reason),
      duration(timing.ttft), duration(timing.ttfr), duration(timing.ttfa), duration(timing.total),
      attempt.message.empty() ? std::string() : ": " + escape_html(attempt.message));
  if (!attempt.reasoning.empty())
    out += "<details><summary>Reasoning</summary><div><pre>" + shown_text(attempt.reasoning) +
           "</pre></div></details>";
  if (!attempt.answer.empty()) out += "<pre>" + marked_answer(attempt.answer, criteria) + "</pre>";
  if (!attempt.refusal.empty()) out += "<pre>" + shown_text(attempt.refusal) + "</pre>";
  for (const CapturedCall& call : attempt.calls)
    out += fmt::format("<pre>{}({})</pre>", escape_html(call.name), shown_text(call.arguments));
  return out;
}

std::string cell_block(const TestSummary& test, const CellResult& cell) {
  const Grade& grade = cell.cell.grade;
  std::string flags;
  for (const std::string& flag : grade.flags) flags += ", " + escape_html(flag);
  std::string out =
      fmt::format("<details><summary>{} {}.{}: <b class=\"{}\">{:.2f}</b> {}{}{}</summary><div>",
                  escape_html(test.title), cell.cell.key.variant, cell.cell.key.repeat,
                  grade.passed ? "ok" : "no", grade.score, words_of(grade.failure), flags,
                  had_it_but_did_not_deliver(test, cell)
                      ? fmt::format(", {:.2f} in the reasoning", *cell.cell.recovered_score)
                      : "");
  out += criteria_list(grade.criteria);
  for (const AttemptRecord& record : cell.attempts) out += attempt_block(record, grade.criteria);
  return out + "</div></details>\n";
}

}  // namespace

std::string transcript_section(const Summary& summary) {
  if (summary.cells.empty()) return {};
  std::string out = section_begin("transcripts", "Transcripts");
  out +=
      "<p>Every cell as it was asked and graded; what decided a criterion is marked in the answer. "
      "<code>stride gauntlet show RUN TEST</code> prints the questions and the whole texts.</p>";
  for (const TestSummary& test : summary.tests)
    for (const CellResult& cell : summary.cells)
      if (cell.cell.key.test == test.id) out += cell_block(test, cell);
  return out + "</section>\n";
}

}  // namespace stride::gauntlet
