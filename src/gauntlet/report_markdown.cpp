// SPDX-License-Identifier: Apache-2.0
// The report as a post in the layout of the published series.
#include <fmt/core.h>

#include <algorithm>

#include "base/utf8.h"
#include "gauntlet/escape.h"
#include "gauntlet/report.h"
#include "gauntlet/report_words.h"

namespace stride::gauntlet {
namespace {

std::string md(std::string_view text) {
  return escape_markdown(text);
}

// A quoted scalar of YAML. Markup is written as numbers, as the front matter reaches pages too.
std::string yaml(std::string_view text) {
  std::string out = "\"";
  for (const char c : to_valid_utf8(shortened(text, 200))) {
    const bool plain = static_cast<unsigned char>(c) >= 0x20 &&
                       std::string_view("\"\\<>&").find(c) == std::string_view::npos;
    out += plain ? std::string(1, c) : fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
  }
  return out + '"';
}

std::string front_matter(const Summary& summary) {
  const Readiness& ready = headline(summary);
  return fmt::format(
      "---\ntitle: {}\ndate: {}\nmodel: {}\nscore: {:.3f}\nreadiness: {:.1f}\ntests_passed: "
      "{}\ntests: {}\n---\n\n",
      yaml(subject(summary) + " through the gauntlet"),
      date_text(summary.run.created).substr(0, 10), yaml(subject(summary)), summary.average.value,
      ready.score.value, summary.n_tests_passed, summary.tests.size());
}

std::string series(const ReportInput& input) {
  std::string out = "## The Series\n\n";
  for (const Summary& run : input.runs)
    out += fmt::format("- {}: {}, {} of {} passed, readiness {:.1f}/10\n", md(label(run)),
                       with_ci(run.average, 3), run.n_tests_passed, run.tests.size(),
                       headline(run).score.value);
  return out + "\n";
}

std::string results(const Summary& summary) {
  std::string out =
      "## Results: raw data\n\n"
      "| # | Test | Score | 95 % CI | Passed | Clean | Time | TTFA | Think / answer tokens | Key "
      "finding |\n|--:|---|--:|---|--:|--:|--:|--:|--:|---|\n";
  size_t n = 0;
  for (const TestSummary& test : summary.tests) {
    const auto& ci = test.score.ci;
    out += fmt::format(
        "| {} | {} | {} | {} | {}/{} | {} | {} | {} | {} / {} | {} |\n", ++n, md(test.title),
        test.n_cells == 0 ? std::string(kDash) : number(test.score.value),
        ci ? fmt::format("{:.2f} to {:.2f}", ci->low, ci->high) : std::string(kDash), test.n_passed,
        test.n_cells, percent(test.n_clean, test.n_cells), duration(test.times.total.p50),
        duration(test.times.ttfa.p50), number(test.reasoning_tokens, 0),
        number(test.answer_tokens, 0), md(shortened(test.key_finding, 220)));
  }
  out += fmt::format(
      "\n**{} of {} passed, average {}, first answer token {}, total {} (medians), delivered {}, "
      "first try held {}.**\n\n",
      summary.n_tests_passed, summary.tests.size(), with_ci(summary.average, 3),
      duration(summary.times.ttfa.p50), duration(summary.times.total.p50),
      percent(summary.n_delivered, summary.n_requests),
      percent(summary.n_first_try, summary.n_requests));
  return out;
}

std::string caveat(const Summary& summary) {
  std::string out =
      "> Only the answer channel is graded. Failed requests score 0. Times are of requests that "
      "arrived; what was not observed is a dash.";
  for (const std::string& line : caveats(summary)) out += "\n> " + md(line);
  return out + "\n\n";
}

// A line of an answer to a cell of the test, as a quotation.
std::string quote(const Summary& summary, const TestSummary& test, bool wanted_good) {
  for (const CellResult& cell : summary.cells) {
    if (cell.cell.key.test != test.id || cell.cell.grade.passed != wanted_good) continue;
    const AttemptRecord* last = last_attempt(cell);
    if (last == nullptr || last->attempt.answer.empty()) continue;
    return fmt::format("  > {}\n", md(shortened(last->attempt.answer, 200)));
  }
  return {};
}

std::string deep_dive(const Summary& summary) {
  std::vector<const TestSummary*> order;
  for (const TestSummary& test : summary.tests)
    if (test.n_cells > 0) order.push_back(&test);
  std::ranges::stable_sort(
      order, [](const auto* a, const auto* b) { return a->score.value > b->score.value; });
  constexpr size_t kShown = 3;
  std::string good, bad;
  for (size_t i = 0; i < order.size(); ++i) {
    const TestSummary& test = *order[i];
    if (test.passed && i < kShown)
      good += fmt::format("- **{}** ({:.2f}): {}\n{}", md(test.title), test.score.value,
                          md(shortened(test.key_finding, 220)), quote(summary, test, true));
    if (!test.passed && i + kShown >= order.size())
      bad += fmt::format("- **{}** ({:.2f}): {}\n{}", md(test.title), test.score.value,
                         md(shortened(test.key_finding, 220)), quote(summary, test, false));
  }
  return fmt::format("## Deep dive\n\n### Where it excels\n\n{}\n### Where it struggles\n\n{}\n",
                     good.empty() ? "Nowhere yet: no test is passed.\n" : good,
                     bad.empty() ? "Nowhere: every test is passed.\n" : bad);
}

std::string recall(const Summary& summary) {
  if (summary.rag.empty()) return {};
  std::string out = "## Long context: what was found at which depth\n\n| Handbook | Cells |";
  std::string rule = "|---|--:|";
  for (const RagDepth& depth : kRagDepths) {
    out += fmt::format(" {} % ({}) |", depth.percent, depth.question);
    rule += "--:|";
  }
  out += '\n' + rule + '\n';
  for (const RagRecall& of_env : summary.rag) {
    out += fmt::format("| {} words ({}) | {} |", rag_words(of_env.env), of_env.env, of_env.n_cells);
    for (const size_t n : of_env.n_right) out += fmt::format(" {} |", percent(n, of_env.n_cells));
    out += '\n';
  }
  return out + '\n';
}

std::string speed(const Summary& summary) {
  const Profile profile = find_profile(summary.plan.profile).value_or(profiles()[0]);
  std::string out =
      "## Speed profile\n\n| Test | TTFT | TTFA | Total | Assessment |\n|---|--:|--:|--:|---|\n";
  for (const TestSummary& test : summary.tests) {
    const Times& times = test.times;
    std::string assessment = "within the service levels";
    if (!times.ttfa.p50) {
      assessment = "no answer token seen";
    } else if (profile.slo.ttfa && *times.ttfa.p50 > *profile.slo.ttfa) {
      assessment = fmt::format("first answer token after {} s", *profile.slo.ttfa);
    } else if (profile.slo.total && times.total.p50.value_or(0) > *profile.slo.total) {
      assessment = fmt::format("longer than {} s", *profile.slo.total);
    }
    out += fmt::format("| {} | {} | {} | {} | {} |\n", md(test.title), duration(times.ttft.p50),
                       duration(times.ttfa.p50), duration(times.total.p50), assessment);
  }
  return out +
         fmt::format(
             "\nDecoding {} tokens/s, the answer alone {} tokens/s, prompt {} tokens/s; {} of "
             "the output is reasoning.\n\n",
             number(summary.decode_rate, 1), number(summary.answer_rate, 1),
             number(summary.prefill_rate, 0), percent(summary.reasoning_share));
}

std::string versus(const ReportInput& input) {
  if (input.pairs.empty()) return {};
  std::string out = "## Head-to-head\n\n";
  for (const HeadToHead& pair : input.pairs) {
    const Summary &a = input.runs[pair.a], &b = input.runs[pair.b];
    out += fmt::format(
        "| Test | {} | {} | Difference | p (Holm) | Best |\n|---|--:|--:|---|--:|---|\n",
        md(label(a)), md(label(b)));
    size_t wins_a = 0, wins_b = 0;
    for (const TestComparison& test : pair.comparison.tests) {
      wins_a += test.verdict == Verdict::a ? 1 : 0;
      wins_b += test.verdict == Verdict::b ? 1 : 0;
      const std::string best = test.verdict == Verdict::a   ? subject(a)
                               : test.verdict == Verdict::b ? subject(b)
                                                            : std::string(name(test.verdict));
      out += fmt::format("| {} | {:.2f} | {:.2f} | {} | {:.3f} | {} |\n", md(test.title), test.a,
                         test.b, with_ci(test.difference), test.p_adjusted, md(best));
    }
    out += fmt::format("\nWins: {} {}, {} {}. Average difference {}: {}.\n\n", md(subject(a)),
                       wins_a, md(subject(b)), wins_b, with_ci(pair.comparison.difference, 3),
                       pair.comparison.verdict == Verdict::a ? md(label(a)) + " is better"
                       : pair.comparison.verdict == Verdict::b
                           ? md(label(b)) + " is better"
                           : std::string(name(pair.comparison.verdict)));
  }
  return out;
}

std::string published(const ReportInput& input) {
  if (input.published == nullptr) return {};
  const PublishedModel& model = *input.published;
  std::string out = fmt::format(
      "## Beside the published series: {}\n\nTwo scales that must not be subtracted. Published "
      "average {:.3f}; its evaluator gives {:.2f} for empty answers and {:.3f} for correct "
      "ones.\n\n"
      "| Test | Ours | Clean | Published | Its empty | Its most | Remark |\n"
      "|---|---|--:|--:|--:|--:|---|\n",
      model.id, published_average(model), kPublishedFloor, kPublishedCeiling);
  for (size_t i = 0; i < kPublishedTests; ++i) {
    const PublishedTest& test = published_tests()[i];
    const TestSummary* ours = find(input.runs.front(), test.id);
    const auto& score = model.scores[i];
    std::string remark = test.constant ? "constant" : "";
    if (score && *score == test.empty)
      remark += remark.empty() ? "equals its empty score" : ", equals its empty score";
    out += fmt::format(
        "| {} | {} | {} | {} | {:.3g} | {:.3g} | {} |\n", find_test(test.id)->title,
        ours == nullptr || ours->n_cells == 0 ? std::string(kDash) : with_ci(ours->score),
        ours == nullptr ? std::string(kDash) : percent(ours->n_clean, ours->n_cells),
        score ? fmt::format("{:.3g}", *score) : "failed", test.empty, test.max, remark);
  }
  return out + "\n";
}

std::string verdict_part(const Summary& summary) {
  const Fitness fit = fitness(summary);
  const Readiness& ready = headline(summary);
  std::string out =
      fmt::format("## Verdict\n\n**For:** {}.\n\n**NOT for:** {}.\n\n", fit.fit_for, fit.not_for);
  out += fmt::format("## Production Readiness Score: {:.1f}/10\n\n{}, profile {}{}.",
                     ready.score.value, band(ready.score.value), ready.profile,
                     ready.score.ci ? fmt::format(", 95 % CI {:.1f} to {:.1f}", ready.score.ci->low,
                                                  ready.score.ci->high)
                                    : "");
  out += fmt::format(
      " Quality {:.3f}, consistency {:.3f}, delivery {:.3f}, latency {:.3f}, reliability {:.3f}; "
      "{:.2f} before blockers.\n\n",
      ready.shares.quality, ready.shares.consistency, ready.shares.delivery, ready.shares.latency,
      ready.shares.reliability, ready.before_blockers);
  for (const std::string& blocker : ready.blockers) out += fmt::format("- Blocker: {}\n", blocker);
  return out + (ready.blockers.empty() ? "" : "\n");
}

std::string provider_note(const Summary& summary) {
  size_t n_pass = 0, n_fail = 0;
  std::string failed;
  for (const ContractRow& row : summary.contract) {
    n_pass += row.result == "pass" ? 1 : 0;
    if (row.result != "fail") continue;
    ++n_fail;
    failed += fmt::format("- {}: {}\n", md(row.check), md(shortened(row.detail, 200)));
  }
  std::string out = "## Provider note\n\n";
  out += summary.contract.empty()
             ? std::string("The contract battery did not run.\n")
             : fmt::format("Contract: {} passed, {} failed.\n\n{}", n_pass, n_fail, failed);
  out += fmt::format("\nClasses: {}. Cost: {}.\n\n", class_counts(summary.classes),
                     money(summary.costs.total));
  return out;
}

std::string next_steps(const Summary& summary) {
  std::string out = "## Next\n\n";
  if (summary.n_open > 0)
    out += fmt::format("- Finish it: `stride gauntlet resume {}`\n", summary.run.id);
  out += fmt::format("- More certainty: `stride gauntlet resume {} --repeats {}`\n", summary.run.id,
                     summary.plan.repeats + 1);
  return out + fmt::format(
                   "- As a gate: `stride gauntlet gate NEW --baseline {} --policy "
                   "policy.json`\n\n",
                   summary.run.id);
}

std::string method(const Summary& summary) {
  return fmt::format(
      "## Methodology\n\n{}; {} at {} ({}); environment {}; {} variants x {} repeats; budget: {}; "
      "sampling: {}; timeouts by test x {}; intervals by bootstrap ({} resamples, PCG64, seed {}); "
      "questions {} sha256 {}; stride {}.\n",
      date_text(summary.run.created), md(summary.endpoint.model), md(summary.endpoint.url),
      name(summary.endpoint.api), summary.env, summary.plan.n_variants, summary.plan.repeats,
      md(budget_text(summary)), md(sampling_text(summary.endpoint)), summary.plan.deadline_scale,
      kResamples, kBootstrapSeed, summary.run.pack, summary.run.pack_sha, summary.run.tool_version);
}

}  // namespace

std::string to_markdown(const ReportInput& input) {
  const Summary& summary = input.runs.front();
  return front_matter(summary) +
         fmt::format("# {} through the gauntlet\n\n", md(subject(summary))) + series(input) +
         fmt::format("**Model:** {} · **Endpoint:** {} ({}) · **Environment:** {}\n\n",
                     md(summary.endpoint.model), md(summary.endpoint.url),
                     name(summary.endpoint.api), summary.env) +
         results(summary) + caveat(summary) + deep_dive(summary) + recall(summary) +
         speed(summary) + versus(input) + published(input) + verdict_part(summary) +
         provider_note(summary) + next_steps(summary) + method(summary);
}

}  // namespace stride::gauntlet
