// SPDX-License-Identifier: Apache-2.0
// How the endpoint bears load: the ladder of levels with its latency and goodput.
#include <fmt/core.h>

#include <algorithm>

#include "gauntlet/chart.h"
#include "gauntlet/escape.h"
#include "gauntlet/html_sections.h"
#include "gauntlet/html_table.h"
#include "gauntlet/report_words.h"
#include "json/json.h"

namespace stride::gauntlet {
namespace {

struct Level {
  std::string mode{};
  double level = 0;
  Json metrics{};

  std::optional<double> at(std::string_view pointer) const {
    const Json* value = json::find(metrics, pointer);
    return value == nullptr ? std::nullopt : json::as_double(*value);
  }
};

std::vector<Level> levels_of(const Summary& summary) {
  std::vector<Level> levels;
  for (const LoadRow& row : summary.load) {
    auto metrics = json::parse(row.metric_json);
    if (metrics) levels.push_back({row.mode, row.level, *std::move(metrics)});
  }
  return levels;
}

std::string level_words(const Level& level) {
  if (level.mode == "closed")
    return fmt::format("{:g} client{}", level.level, level.level == 1 ? "" : "s");
  return fmt::format("{:g}/s {}", level.level, level.mode);
}

TableCell count_cell(std::optional<double> value, int digits = 0) {
  return value_cell(number(value, digits), value.value_or(-1));
}

TableCell time_cell(std::optional<double> seconds) {
  return value_cell(duration(seconds), seconds.value_or(-1));
}

std::string load_table(const std::vector<Level>& levels) {
  HtmlTable table("load-table", "Load",
                  {{"Level", "minmax(7rem,1fr)"},
                   {"Requests", "auto", true},
                   {"Delivered", "auto", true},
                   {"In time", "auto", true},
                   {"req/s", "auto", true},
                   {"goodput/s", "auto", true},
                   {"tokens/s", "auto", true},
                   {"TTFT p50", "auto", true},
                   {"TTFT p95", "auto", true},
                   {"TTFA p50", "auto", true},
                   {"Total p50", "auto", true},
                   {"Total p95", "auto", true},
                   {"Probes right", "auto", true}});
  for (const Level& level : levels) {
    const auto probes = level.at("/probes"), right = level.at("/probes_right");
    table.row({text_cell(level_words(level)), count_cell(level.at("/requests")),
               count_cell(level.at("/delivered")), count_cell(level.at("/good")),
               count_cell(level.at("/requests_per_s"), 2),
               count_cell(level.at("/goodput_per_s"), 2), count_cell(level.at("/tokens_per_s"), 1),
               time_cell(level.at("/ttft_s/p50")), time_cell(level.at("/ttft_s/p95")),
               time_cell(level.at("/ttfa_s/p50")), time_cell(level.at("/total_s/p50")),
               time_cell(level.at("/total_s/p95")),
               value_cell(probes && right && *probes > 0 ? fmt::format("{:g}/{:g}", *right, *probes)
                                                         : std::string(kDash),
                          right.value_or(-1))});
  }
  return table.finish();
}

// Two bars a level: what was served, and what was served in time.
std::string goodput_chart(const std::vector<Level>& levels) {
  double most = 0;
  for (const Level& level : levels) most = std::max(most, level.at("/requests_per_s").value_or(0));
  if (most == 0) return {};
  constexpr double kRow = 42;
  const double bottom = kRow * static_cast<double>(levels.size()) + 4;
  Chart chart(bottom + 18, "Requests a second by level");
  for (const double mark : axis_marks(most)) {
    chart.line(100 * mark / most, 0, 100 * mark / most, bottom, "g");
    chart.text(100 * mark / most, bottom + 14, fmt::format("{:.3g}", mark),
               mark == 0            ? Anchor::start
               : mark > most * 0.97 ? Anchor::end
                                    : Anchor::middle,
               "m");
  }
  double y = 0;
  for (const Level& level : levels) {
    const double served = level.at("/requests_per_s").value_or(0);
    const double good = level.at("/goodput_per_s").value_or(0);
    chart.text(0, y + 11, level_words(level));
    chart.text(100, y + 11, fmt::format("total p50 {}", duration(level.at("/total_s/p50"))),
               Anchor::end, "m");
    chart.box(0, y + 15, 100 * served / most, 9, "s6", fmt::format("{:.3g} a second", served));
    chart.box(0, y + 25, 100 * good / most, 9, "s3", fmt::format("{:.3g} a second", good));
    y += kRow;
  }
  return figure("Requests a second: delivered, and delivered within the service levels.",
                legend({{"c6", "delivered"}, {"c3", "in time"}}) + chart.finish());
}

}  // namespace

std::string load_section(const Summary& summary) {
  const std::vector<Level> levels = levels_of(summary);
  if (levels.empty()) return {};
  return section_begin("load", "Load") +
         "<p>A closed loop has clients that each wait for their answer; arrivals of an open loop "
         "are timed from their intended start, so that a queue cannot hide.</p>" +
         load_table(levels) + goodput_chart(levels) + "</section>\n";
}

}  // namespace stride::gauntlet
