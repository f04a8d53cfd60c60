// SPDX-License-Identifier: Apache-2.0
// A table that sorts without a script: every cell carries its rank in each column, and a radio
// button per column and direction makes that rank its place in the grid.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace stride::gauntlet {

struct Column {
  std::string title{};
  std::string width = "auto";  // of the CSS grid
  bool number = false;         // right-aligned
};

struct TableCell {
  std::string html{};  // already escaped
  double key = 0;      // what it is sorted by
  std::string style{};
};

class HtmlTable {
 public:
  HtmlTable(std::string id, std::string caption, std::vector<Column> columns);

  void row(std::vector<TableCell> cells);
  size_t n_rows() const { return rows_.size(); }
  std::string finish() const;

 private:
  std::string id_, caption_;
  std::vector<Column> columns_;
  std::vector<std::vector<TableCell>> rows_{};
};

inline constexpr size_t kMaxSortColumns = 16;
// The rules of the style sheet that sort.
std::string sort_rules();

TableCell text_cell(std::string_view text);               // sorted by nothing: keeps its order
TableCell value_cell(std::string_view text, double key);  // right-aligned by its column

}  // namespace stride::gauntlet
