// SPDX-License-Identifier: Apache-2.0
// A chart as inline SVG that fits any width without scaling its words: horizontal places are
// percentages of the width, vertical ones pixels. Colours are classes of the report's style sheet,
// so that a dark page has dark charts.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace stride::gauntlet {

enum class Anchor : uint8_t { start, middle, end };

class Chart {
 public:
  // `title` is what a screen reader says of it.
  Chart(double height, std::string_view title);

  // `tip` is shown while the pointer rests on the mark; empty: none.
  void box(double x, double y, double width, double height, std::string_view style,
           std::string_view tip = {});
  void line(double x1, double y1, double x2, double y2, std::string_view style);
  void dot(double x, double y, double radius, std::string_view style, std::string_view tip = {});
  void text(double x, double y, std::string_view words, Anchor anchor = Anchor::start,
            std::string_view style = "t");
  // Points in 0..1 from the lower left corner of the field between `top` and `top + height`.
  void curve(std::span<const std::pair<double, double>> points, double top, double height,
             std::string_view style);
  // A dash with stops at both ends: an interval.
  void whisker(double x1, double x2, double y, std::string_view style = "w");

  std::string finish();

 private:
  std::string out_;
};

// Marks of an axis from 0 or 10^n on, as numbers a reader expects.
std::vector<double> axis_marks(double most);
std::vector<double> log_marks(double least, double most);  // powers of ten with 2 and 5
std::string seconds_text(double seconds);                  // "340 ms", "1.30 s", "2.1 min"
std::string mark_text(double seconds);                     // of an axis: "20 ms", "5 s"

}  // namespace stride::gauntlet
