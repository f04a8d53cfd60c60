// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/svg.h"
#include "gauntlet/load.h"
#include "json/json.h"

namespace stride::gauntlet {
namespace {

Json spread_json(const std::optional<Spread>& spread) {
  if (!spread) return nullptr;
  Json out = {{"n", spread->n}, {"mean", spread->mean}, {"p50", spread->p50}, {"p90", spread->p90}};
  out["p95"] = spread->p95 ? Json(*spread->p95) : Json();
  out["p99"] = spread->p99 ? Json(*spread->p99) : Json();
  out["max"] = spread->max;
  return out;
}

Json point_json(const LoadPoint& point) {
  Json classes = Json::object();
  for (const auto& [failure, n] : point.classes) classes[std::string(name(failure))] = n;
  return {{"arrival", name(point.arrival)},
          {"level", point.level},
          {"requests", point.n_request},
          {"delivered", point.n_delivered},
          {"good", point.n_good},
          {"probes", point.n_probe},
          {"probes_right", point.n_probe_right},
          {"classes", std::move(classes)},
          {"wall_s", point.wall_s},
          {"output_tokens", point.n_output_token},
          {"tokens_estimated", point.estimated},
          {"requests_per_s", point.request_per_s()},
          {"goodput_per_s", point.goodput_per_s()},
          {"tokens_per_s", point.token_per_s()},
          {"ttft_s", spread_json(point.ttft)},
          {"ttfa_s", spread_json(point.ttfa)},
          {"total_s", spread_json(point.total)},
          {"tpot_s", spread_json(point.tpot)},
          {"itl_s", spread_json(point.itl)},
          {"itl_norm_s", spread_json(point.itl_norm)},
          {"late_s", spread_json(point.late)}};
}

std::string milliseconds(std::optional<double> s) {
  if (!s) return "-";
  return fmt::format("{:.{}f}", *s * 1000, *s < 0.1 ? 1 : 0);
}

std::string p50_of(const std::optional<Spread>& spread) {
  return milliseconds(spread ? std::optional(spread->p50) : std::nullopt);
}
std::string p95_of(const std::optional<Spread>& spread) {
  return milliseconds(spread ? spread->p95 : std::nullopt);
}

std::string level_name(const LoadPoint& point) {
  return point.arrival == Arrival::closed
             ? fmt::format("{:g} client{}", point.level, point.level == 1 ? "" : "s")
             : fmt::format("{:g}/s {}", point.level, name(point.arrival));
}

std::string goals_of(const Slo& slo) {
  std::string text;
  const auto add = [&](std::string_view what, std::optional<double> s) {
    if (s) text += fmt::format("{}{} {:g} s", text.empty() ? "" : ", ", what, *s);
  };
  add("first token", slo.ttft);
  add("first answer token", slo.ttfa);
  add("total", slo.total);
  add("95 % of the gaps", slo.itl_norm_p95);
  return text.empty() ? "none, every delivered request counts" : text;
}

struct Series {
  std::string_view label{}, colour{};
  std::vector<std::optional<double>> values{};  // nothing where nothing was seen
};

// One panel: values from zero up, levels from left to right at equal distances.
void draw_panel(Drawing& drawing, double left, std::string_view title,
                const std::vector<std::string>& levels, const std::vector<Series>& all) {
  constexpr double kTop = 50, kBottom = 280, kWidth = 300;
  double most = 0;
  for (const Series& series : all)
    for (const auto& value : series.values) most = std::max(most, value.value_or(0));
  if (most <= 0) most = 1;
  const double step = tick_step(most);
  const double top = std::ceil(most / step) * step;
  const auto y_of = [&](double value) { return kBottom - (kBottom - kTop) * value / top; };
  const auto x_of = [&](size_t i) {
    return left + kWidth * (static_cast<double>(i) + 0.5) / static_cast<double>(levels.size());
  };
  drawing.text(left, 22, title, "font-weight=\"bold\"");
  for (double tick = 0; tick <= top * 1.0001; tick += step) {
    drawing.line(left, y_of(tick), left + kWidth, y_of(tick), "#ddd");
    drawing.text(left - 6, y_of(tick) + 4, fmt::format("{:g}", tick), "text-anchor=\"end\"");
  }
  for (size_t i = 0; i < levels.size(); ++i)
    drawing.text(x_of(i), kBottom + 18, levels[i], "text-anchor=\"middle\" font-size=\"10\"");
  double legend = left;
  for (const Series& series : all) {
    std::vector<std::pair<double, double>> points;
    for (size_t i = 0; i < series.values.size(); ++i)
      if (series.values[i]) points.emplace_back(x_of(i), y_of(*series.values[i]));
    drawing.curve(points, series.colour);
    for (const auto& [x, y] : points) drawing.box(x - 2.5, y - 2.5, 5, 5, series.colour);
    drawing.box(legend, 32, 8, 8, series.colour);
    drawing.text(legend + 12, 40, series.label, "font-size=\"10\"");
    legend += 100;
  }
}

}  // namespace

std::string to_json(const LoadPoint& point) {
  return json::dump(point_json(point));
}

std::string to_json(const LoadReport& report) {
  Json points = Json::array();
  for (const LoadPoint& point : report.points) points.push_back(point_json(point));
  const auto goal = [](std::optional<double> s) { return s ? Json(*s) : Json(); };
  return json::dump({{"complete", report.complete},
                     {"message", report.message},
                     {"slo",
                      {{"ttft_s", goal(report.slo.ttft)},
                       {"ttfa_s", goal(report.slo.ttfa)},
                       {"total_s", goal(report.slo.total)},
                       {"itl_norm_p95_s", goal(report.slo.itl_norm_p95)}}},
                     {"points", std::move(points)}}) +
         "\n";
}

std::string to_text(const LoadReport& report) {
  std::string out =
      fmt::format("{:<16}{:>9}{:>9}{:>8}{:>9}{:>9}{:>16}{:>16}{:>16}{:>14}{:>8}\n", "level",
                  "delivered", "req/s", "good/s", "tok/s", "TPOT p50", "TTFT p50/p95",
                  "TTFA p50/p95", "total p50/p95", "ITL p50/p95", "probes");
  const auto pair = [](const std::optional<Spread>& spread) {
    return p50_of(spread) + " / " + p95_of(spread);
  };
  for (const LoadPoint& point : report.points)
    out += fmt::format(
        "{:<16}{:>9}{:>9.2f}{:>8.2f}{:>9}{:>9}{:>16}{:>16}{:>16}{:>14}{:>8}\n", level_name(point),
        fmt::format("{}/{}", point.n_delivered, point.n_request), point.request_per_s(),
        point.goodput_per_s(),
        fmt::format("{}{:.1f}", point.estimated ? "~" : "", point.token_per_s()),
        p50_of(point.tpot), pair(point.ttft), pair(point.ttfa), pair(point.total), pair(point.itl),
        point.n_probe > 0 ? fmt::format("{}/{}", point.n_probe_right, point.n_probe) : "-");
  out += fmt::format("Times in milliseconds. Goals: {}.\n", goals_of(report.slo));
  for (const LoadPoint& point : report.points)
    for (const auto& [failure, n] : point.classes)
      if (failure != FailureClass::ok && failure != FailureClass::truncated_in_answer)
        out += fmt::format("{}: {} x {}\n", level_name(point), n, name(failure));
  if (!report.message.empty()) out += report.message + "\n";
  return out;
}

std::string to_svg(const LoadReport& report) {
  Drawing drawing(1120, 310);
  std::vector<std::string> levels;
  Series tokens{"tokens/s", "#1f6feb", {}}, goodput{"good req/s", "#2da44e", {}},
      requests{"requests/s", "#8250df", {}}, p50{"TTFT p50", "#1f6feb", {}},
      p95{"TTFT p95", "#cf222e", {}};
  for (const LoadPoint& point : report.points) {
    levels.push_back(level_name(point));
    tokens.values.push_back(point.token_per_s());
    requests.values.push_back(point.request_per_s());
    goodput.values.push_back(point.goodput_per_s());
    p50.values.push_back(point.ttft ? std::optional(point.ttft->p50) : std::nullopt);
    p95.values.push_back(point.ttft ? point.ttft->p95 : std::nullopt);
  }
  draw_panel(drawing, 60, "Output tokens a second", levels, {tokens});
  draw_panel(drawing, 430, "Requests a second", levels, {requests, goodput});
  draw_panel(drawing, 800, "Seconds to the first token", levels, {p50, p95});
  return drawing.finish();
}

}  // namespace stride::gauntlet
