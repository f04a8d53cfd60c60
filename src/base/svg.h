// SPDX-License-Identifier: Apache-2.0
// A drawing as the text of an SVG file: boxes, lines, curves and words on a light ground. Lengths
// are in pixels from the upper left corner, colours as SVG writes them.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace stride {

class Drawing {
 public:
  Drawing(double width, double height);

  void line(double x1, double y1, double x2, double y2, std::string_view colour);
  void box(double x, double y, double width, double height, std::string_view colour);
  void curve(std::span<const std::pair<double, double>> points, std::string_view colour);
  // `words` may hold anything; `attributes` is SVG and not escaped: text-anchor="end".
  void text(double x, double y, std::string_view words, std::string_view attributes = {});

  // The whole file. The drawing is empty afterwards.
  std::string finish();

 private:
  std::string out_;
};

// Steps between the marks of an axis: 1, 2 or 5 times a power of ten, about a fifth of the range.
double tick_step(double range);

}  // namespace stride
