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

// Every number of the metrics as a column, in the order they are stored.
std::string load_table(const std::vector<Level>& levels) {
  std::vector<std::string> keys;
  for (const Level& level : levels)
    if (level.metrics.is_object())
      for (const auto& [key, value] : level.metrics.items())
        if (json::is_number(value) && std::ranges::find(keys, key) == keys.end() &&
            keys.size() + 2 < kMaxSortColumns)
          keys.push_back(key);
  std::vector<Column> columns = {{"Mode"}, {"Level", "auto", true}};
  for (const std::string& key : keys) {
    std::string title = key;
    std::ranges::replace(title, '_', ' ');
    columns.push_back({title, "auto", true});
  }
  HtmlTable table("load-table", "Load", columns);
  for (const Level& level : levels) {
    std::vector<TableCell> cells = {text_cell(level.mode),
                                    value_cell(fmt::format("{:g}", level.level), level.level)};
    for (const std::string& key : keys) {
      const auto value = level.at("/" + key);
      cells.push_back(value_cell(value ? fmt::format("{:.4g}", *value) : std::string(kDash),
                                 value.value_or(-1)));
    }
    table.row(std::move(cells));
  }
  return table.finish();
}

}  // namespace

std::string load_section(const Summary& summary) {
  const std::vector<Level> levels = levels_of(summary);
  if (levels.empty()) return {};
  return section_begin("load", "Load") + load_table(levels) + "</section>\n";
}

}  // namespace stride::gauntlet
