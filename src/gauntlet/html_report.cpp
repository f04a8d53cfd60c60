// SPDX-License-Identifier: Apache-2.0
// The page around the sections, its overview and its methodology.
#include <fmt/core.h>

#include <algorithm>

#include "gauntlet/chart.h"
#include "gauntlet/escape.h"
#include "gauntlet/html_sections.h"
#include "gauntlet/html_table.h"
#include "gauntlet/report_words.h"

namespace stride::gauntlet {
namespace {

std::string card(std::string_view what, std::string_view value, std::string_view more,
                 std::string_view style = {}) {
  return fmt::format("<div class=\"card {}\"><span>{}</span><b>{}</b><span>{}</span></div>", style,
                     escape_html(what), escape_html(value), escape_html(more));
}

std::string interval_text(const Estimate& estimate, int digits) {
  if (!estimate.ci) return "no interval";
  return fmt::format("95 % CI {:.{}f} to {:.{}f}", estimate.ci->low, digits, estimate.ci->high,
                     digits);
}

std::string cards(const Summary& summary) {
  const Readiness& ready = headline(summary);
  std::string out = "<div class=\"cards\">";
  const bool capped = ready.before_blockers > ready.score.value + 0.05;
  out += card("Production readiness", fmt::format("{:.1f} / 10", ready.score.value),
              fmt::format("{}, profile {}; {}", band(ready.score.value), ready.profile,
                          capped ? fmt::format("capped by blockers, {:.1f} without them",
                                               ready.before_blockers)
                                 : interval_text(ready.score, 1)),
              "big");
  out += card("Average score", number(summary.average.value, 3), interval_text(summary.average, 3));
  out += card("Tests passed", fmt::format("{} / {}", summary.n_tests_passed, summary.tests.size()),
              "more than half of the cells");
  out += card("Delivered", percent(summary.n_delivered, summary.n_requests),
              fmt::format("{} of {} requests", summary.n_delivered, summary.n_requests));
  out += card("First try held", percent(summary.n_first_try, summary.n_requests),
              fmt::format("in the end {}", percent(summary.n_eventually, summary.n_requests)));
  out += card(
      "First answer token", duration(summary.times.ttfa.p50),
      fmt::format("median of {}; p95 {}", summary.times.ttfa.n, duration(summary.times.ttfa.p95)));
  out += card("Total time", duration(summary.times.total.p50),
              fmt::format("median; p95 {}", duration(summary.times.total.p95)));
  if (summary.costs.total)
    out += card("Cost", money(summary.costs.total),
                fmt::format("{} for each passed cell", money(summary.costs.per_passed)));
  return out + "</div>";
}

// The scale of the score with its bands, the value and its interval.
std::string gauge(const Readiness& ready) {
  Chart chart(64, fmt::format("Readiness {:.1f} of 10", ready.score.value));
  struct Band {
    double from, to;
    const char *style, *words;
  };
  for (const Band& zone : {Band{0, 5, "s4", "not ready"}, Band{5, 7, "s2", "pilot"},
                           Band{7, 8.5, "s1", "guardrails"}, Band{8.5, 10, "s3", "ready"}}) {
    chart.box(zone.from * 10, 24, (zone.to - zone.from) * 10 - 0.4, 6, zone.style);
    // The last word ends at the edge: on a narrow screen it would run into the one before it.
    const bool last = zone.to == 10;
    chart.text(last ? 100 : zone.from * 10, 46, zone.words, last ? Anchor::end : Anchor::start,
               "m");
    chart.text(zone.from * 10, 60, fmt::format("{}", zone.from), Anchor::start, "m");
  }
  const double at = ready.score.value * 10;
  if (ready.score.ci) chart.whisker(ready.score.ci->low * 10, ready.score.ci->high * 10, 14);
  chart.dot(at, 14, 6, "s5", fmt::format("{:.2f}", ready.score.value));
  if (ready.before_blockers > ready.score.value + 0.05) {
    chart.dot(ready.before_blockers * 10, 14, 4, "s6",
              fmt::format("{:.2f} before blockers", ready.before_blockers));
    chart.text(ready.before_blockers * 10 + 1.2, 8,
               fmt::format("{:.1f} before blockers", ready.before_blockers), Anchor::start, "m");
  }
  return figure("The score, its 95 % interval and the bands.", chart.finish());
}

// What each share adds to the ten points.
std::string contributions(const Readiness& ready) {
  const Profile profile = find_profile(ready.profile).value_or(profiles()[0]);
  struct Part {
    const char* words;
    double weight, share;
    const char* style;
  };
  const Shares& s = ready.shares;
  const Weights& w = profile.weights;
  const Part parts[] = {{"quality: mean score", w.quality, s.quality, "s1"},
                        {"consistency: pass^k", w.consistency, s.consistency, "s5"},
                        {"delivery", w.delivery, s.delivery, "s3"},
                        {"latency: within service levels", w.latency, s.latency, "s2"},
                        {"reliability: first tries", w.reliability, s.reliability, "s6"}};
  constexpr double kRow = 34;
  Chart chart(kRow * std::size(parts) + 4, "What each share adds to the score");
  double y = 0;
  for (const Part& part : parts) {
    chart.text(0, y + 12, part.words);
    chart.text(
        100, y + 12,
        fmt::format("{:.2f} of {:.1f} points", 10 * part.weight * part.share, 10 * part.weight),
        Anchor::end, "m");
    // The widest weight is half of the score.
    chart.box(0, y + 17, part.weight * 200, 9, "s7");
    chart.box(0, y + 17, part.weight * part.share * 200, 9, part.style,
              fmt::format("{:.3f}", part.share));
    y += kRow;
  }
  return figure("What each share adds to the score, of what it could add.", chart.finish());
}

std::string profile_table(const Summary& summary) {
  HtmlTable table("profiles", "Readiness by profile",
                  {{"Profile"},
                   {"Score", "auto", true},
                   {"95 % CI"},
                   {"Band"},
                   {"Blockers", "minmax(14rem,1fr)"}});
  for (const Readiness& ready : summary.readiness) {
    std::string list;
    for (const std::string& blocker : ready.blockers)
      list += fmt::format("{}{}", list.empty() ? "" : "; ", blocker);
    table.row({text_cell(ready.profile),
               value_cell(fmt::format("{:.1f}", ready.score.value), ready.score.value),
               text_cell(ready.score.ci ? fmt::format("{:.1f} to {:.1f}", ready.score.ci->low,
                                                      ready.score.ci->high)
                                        : std::string(kDash)),
               text_cell(band(ready.score.value)), text_cell(list.empty() ? kDash : list)});
  }
  return table.finish();
}

std::string list_box(std::string_view style, std::string_view title,
                     const std::vector<std::string>& lines) {
  if (lines.empty()) return {};
  std::string out = fmt::format("<div class=\"notes {}\"><b>{}</b><ul>", style, title);
  for (const std::string& line : lines) out += fmt::format("<li>{}</li>", escape_html(line));
  return out + "</ul></div>";
}

std::string method_row(std::string_view what, std::string_view value) {
  return fmt::format("<dt>{}</dt><dd><code>{}</code></dd>", escape_html(what), escape_html(value));
}

std::string navigation(const std::string& body) {
  struct Link {
    std::string_view id, words;
  };
  constexpr Link kLinks[] = {
      {"overview", "Overview"},   {"results", "Results"},         {"delivery", "Delivery"},
      {"speed", "Speed"},         {"stability", "Stability"},     {"load", "Load"},
      {"cost", "Cost"},           {"contract", "Contract"},       {"versus", "Head to head"},
      {"published", "Published"}, {"transcripts", "Transcripts"}, {"method", "Methodology"}};
  std::string out = "<nav aria-label=\"sections\">";
  for (const Link& link : kLinks)
    if (body.find(fmt::format("<section id=\"{}\"", link.id)) != std::string::npos)
      out += fmt::format("<a href=\"#{}\">{}</a>", link.id, link.words);
  return out + "</nav>";
}

}  // namespace

std::string section_begin(std::string_view id, std::string_view title) {
  return fmt::format("<section id=\"{}\"><h2>{}</h2>\n", id, title);
}

std::string figure(std::string_view caption, std::string_view chart) {
  return fmt::format("<figure><figcaption>{}</figcaption>{}</figure>\n", caption, chart);
}

std::string legend(std::initializer_list<std::pair<std::string_view, std::string_view>> entries) {
  std::string out = "<div class=\"legend\">";
  for (const auto& [colour, words] : entries)
    out += fmt::format("<span><i style=\"background:var(--{})\"></i>{}</span>", colour,
                       escape_html(words));
  return out + "</div>";
}

std::string_view class_style(FailureClass failure) {
  switch (failure) {
    case FailureClass::ok:
      return "s3";
    case FailureClass::wrong:
    case FailureClass::constraint_miss:
    case FailureClass::unparseable:
    case FailureClass::tool_as_text:
    case FailureClass::tool_invalid:
    case FailureClass::echo:
      return "s2";
    case FailureClass::empty_answer:
    case FailureClass::reasoning_only:
    case FailureClass::truncated_in_reasoning:
    case FailureClass::truncated_in_answer:
    case FailureClass::refused:
    case FailureClass::content_filter:
      return "s5";
    default:
      return "s4";
  }
}

std::string overview_section(const Summary& summary) {
  const Readiness& ready = headline(summary);
  const Fitness fit = fitness(summary);
  std::string out = section_begin("overview", "Overview");
  out += cards(summary);
  out += list_box("block", "Blockers", ready.blockers);
  out += list_box("", "Read this with the figures", caveats(summary));
  out += gauge(ready);
  out += contributions(ready);
  out += "<h3>Readiness by profile</h3>" + profile_table(summary);
  out += fmt::format("<p><b>For:</b> {}. <b>Not for:</b> {}.</p>", escape_html(fit.fit_for),
                     escape_html(fit.not_for));
  return out + "</section>\n";
}

std::string method_section(const Summary& summary) {
  std::string out = section_begin("method", "Methodology");
  out += "<dl class=\"method\">";
  const RunPlan& plan = summary.plan;
  std::string reported;
  for (const CellResult& cell : summary.cells)
    if (const AttemptRecord* last = last_attempt(cell); last != nullptr && reported.empty())
      reported = last->attempt.model;
  std::string sources;
  for (const auto& [source, n] : summary.token_sources)
    sources += fmt::format("{}{} {}", sources.empty() ? "" : ", ", n, source);
  out += method_row("run",
                    fmt::format("{}, begun {}", summary.run.id, date_text(summary.run.created)));
  out += method_row("tool",
                    fmt::format("stride {}, graders {}", summary.run.tool_version, kGraderVersion));
  out += method_row("endpoint",
                    fmt::format("{} ({})", summary.endpoint.url, name(summary.endpoint.api)));
  out += method_row("model asked for", summary.endpoint.model);
  out += method_row("model as it names itself", reported);
  out +=
      method_row("questions", fmt::format("{}, sha256 {}", summary.run.pack, summary.run.pack_sha));
  out += method_row(
      "cells",
      fmt::format("{} variants ({}) x {} repeats, {} graded in environment {}", plan.n_variants,
                  plan.fresh_seed ? fmt::format("fresh, seed {}", *plan.fresh_seed) : "frozen",
                  plan.repeats, summary.n_graded, summary.env));
  out += method_row("date told to the model", plan.today);
  out += method_row("budget", budget_text(summary));
  out += method_row("sampling",
                    fmt::format("{}; seed {}", sampling_text(summary.endpoint),
                                plan.send_seed ? fmt::format("{} + cell", plan.seed) : "not sent"));
  out += method_row(
      "timeouts",
      fmt::format("connect {} s, first event {} s, idle {} s, total by test x {}",
                  summary.endpoint.connect_timeout_s, summary.endpoint.first_event_timeout_s,
                  summary.endpoint.idle_timeout_s, plan.deadline_scale));
  out += method_row("concurrency", plan.adaptive ? fmt::format("auto, at most {}", plan.concurrency)
                                                 : fmt::format("{}", plan.concurrency));
  out += method_row("token counts from", sources.empty() ? std::string(kDash) : sources);
  out += method_row("host", summary.run.host_json);
  out +=
      method_row("bootstrap", fmt::format("{} resamples, PCG64, seed {}; the {} tests are strata, "
                                          "variants are drawn with their repeats",
                                          kResamples, kBootstrapSeed, summary.tests.size()));
  out += "</dl>";
  out +=
      "<p>A cell is one variant of a test, asked once. A test's score is the mean of its cells; "
      "the "
      "average is the unweighted mean of the tests. Only the answer channel is graded; what stood "
      "in the reasoning is shown as a diagnostic and earns nothing. Failed requests score 0. Times "
      "are of requests that the transport did not lose, with their number; a time that was not "
      "observed is a dash. p95 is printed from 20 values on, p99 from 100. Service levels of the "
      "profile decide the latency share.</p>";
  return out + "</section>\n";
}

std::string to_html(const ReportInput& input) {
  const Summary& summary = input.runs.front();
  std::string body =
      overview_section(summary) + results_section(summary) + delivery_section(summary) +
      speed_section(summary) + stability_section(summary) + load_section(summary) +
      cost_section(input) + contract_section(summary) + head_to_head_section(input) +
      published_section(input) + transcript_section(summary) + method_section(summary);
  const std::string title = escape_html(subject(summary));
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
      "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
      "'unsafe-inline'\"><meta name=\"referrer\" content=\"no-referrer\">"
      "<title>{0} through the gauntlet</title><style>{1}</style></head>\n<body>"
      "<header><h1>{0} through the gauntlet</h1><p class=\"mut\">Run {2} of {3}, environment {4}, "
      "{5}, at {6}</p></header>{7}<main>\n{8}</main></body></html>\n",
      title, style_sheet(), summary.run.id, escape_html(summary.run.pack), summary.env,
      date_text(summary.run.created), escape_html(summary.endpoint.url), navigation(body), body);
}

ReportInput report_input(std::vector<Summary> runs, std::vector<std::string>& notes) {
  ReportInput input{.runs = std::move(runs)};
  for (size_t i = 1; i < input.runs.size(); ++i) {
    auto comparison = compare(input.runs[0], input.runs[i]);
    if (comparison)
      input.pairs.push_back({0, i, *std::move(comparison)});
    else
      notes.push_back(comparison.error().message);
  }
  return input;
}

}  // namespace stride::gauntlet
