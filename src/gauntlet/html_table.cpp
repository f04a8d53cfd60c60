// SPDX-License-Identifier: Apache-2.0
#include "gauntlet/html_table.h"

#include <fmt/core.h>

#include <algorithm>
#include <numeric>

#include "base/check.h"
#include "gauntlet/escape.h"

namespace stride::gauntlet {
namespace {

// The place of each row when the column is sorted upwards.
std::vector<size_t> ranks(const std::vector<std::vector<TableCell>>& rows, size_t column) {
  std::vector<size_t> order(rows.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::stable_sort(order, {}, [&](size_t row) { return rows[row][column].key; });
  std::vector<size_t> places(rows.size());
  for (size_t place = 0; place < order.size(); ++place) places[order[place]] = place;
  return places;
}

}  // namespace

HtmlTable::HtmlTable(std::string id, std::string caption, std::vector<Column> columns)
    : id_(std::move(id)), caption_(std::move(caption)), columns_(std::move(columns)) {
  STRIDE_CHECK(columns_.size() <= kMaxSortColumns);
}

void HtmlTable::row(std::vector<TableCell> cells) {
  STRIDE_CHECK(cells.size() == columns_.size());
  rows_.push_back(std::move(cells));
}

std::string HtmlTable::finish() const {
  const bool sorts = rows_.size() > 2;
  std::vector<std::vector<size_t>> places;
  for (size_t c = 0; c < columns_.size(); ++c) places.push_back(ranks(rows_, c));
  std::string out = "<div class=\"scroll\">";
  std::string widths, head;
  for (size_t c = 0; c < columns_.size(); ++c) {
    const Column& column = columns_[c];
    widths += column.width + " ";
    head += fmt::format("<th scope=\"col\" role=\"columnheader\"{}><span>{}</span>",
                        column.number ? " class=\"n\"" : "", escape_html(column.title));
    if (sorts) {
      for (const char direction : {'a', 'd'})
        out += fmt::format(
            "<input type=\"radio\" class=\"sort {1}{2}\" name=\"{0}\" id=\"{0}-{1}{2}\" "
            "aria-label=\"sort by {3}, {4}\">",
            id_, direction, c, escape_html(column.title),
            direction == 'a' ? "upwards" : "downwards");
      head += fmt::format(
          "<span class=\"sorters\"><label for=\"{0}-a{1}\" title=\"sort upwards\">&#9650;</label>"
          "<label for=\"{0}-d{1}\" title=\"sort downwards\">&#9660;</label></span>",
          id_, c);
    }
    head += "</th>";
  }
  out += fmt::format(
      "<table class=\"grid\" role=\"table\" aria-label=\"{}\" style=\"grid-template-columns:{}\">"
      "<thead role=\"rowgroup\"><tr role=\"row\">{}</tr></thead><tbody role=\"rowgroup\">",
      escape_html(caption_), widths, head);
  for (size_t r = 0; r < rows_.size(); ++r) {
    std::string keys;
    for (size_t c = 0; sorts && c < columns_.size(); ++c)
      keys += fmt::format("--k{}:{};", c, places[c][r]);
    out += fmt::format("<tr role=\"row\" style=\"{}\">", keys);
    for (size_t c = 0; c < columns_.size(); ++c) {
      const TableCell& cell = rows_[r][c];
      // A column that may stretch holds sentences.
      const bool wraps = columns_[c].width.starts_with("minmax");
      const std::string style =
          fmt::format("{}{}{}", columns_[c].number ? "n " : "", wraps ? "t " : "", cell.style);
      out += style.empty() ? "<td role=\"cell\">"
                           : fmt::format("<td role=\"cell\" class=\"{}\">", style);
      out += cell.html + "</td>";
    }
    out += "</tr>";
  }
  return out + "</tbody></table></div>\n";
}

std::string sort_rules() {
  std::string out;
  for (size_t c = 0; c < kMaxSortColumns; ++c)
    out += fmt::format(
        ".a{0}:checked~table td{{order:var(--k{0})}}"
        ".d{0}:checked~table td{{order:calc(99999 - var(--k{0}))}}\n",
        c);
  return out;
}

TableCell text_cell(std::string_view text) {
  return {.html = escape_html(text)};
}

TableCell value_cell(std::string_view text, double key) {
  return {.html = escape_html(text), .key = key};
}

}  // namespace stride::gauntlet
