// SPDX-License-Identifier: Apache-2.0
#include "gauntlet/chart.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "base/svg.h"
#include "gauntlet/escape.h"

namespace stride::gauntlet {
namespace {

std::string tip_element(std::string_view tip) {
  return tip.empty() ? std::string() : fmt::format("<title>{}</title>", escape_html(tip));
}

}  // namespace

Chart::Chart(double height, std::string_view title)
    : out_(fmt::format("<svg class=\"chart\" width=\"100%\" height=\"{:.0f}\" role=\"img\" "
                       "aria-label=\"{}\">",
                       height, escape_html(title))) {}

void Chart::box(double x, double y, double width, double height, std::string_view style,
                std::string_view tip) {
  if (!(width > 0)) return;
  out_ += fmt::format(
      "<rect class=\"{}\" x=\"{:.2f}%\" y=\"{:.1f}\" width=\"{:.2f}%\" height=\"{:.1f}\">{}</rect>",
      style, x, y, width, height, tip_element(tip));
}

void Chart::line(double x1, double y1, double x2, double y2, std::string_view style) {
  out_ +=
      fmt::format("<line class=\"{}\" x1=\"{:.2f}%\" y1=\"{:.1f}\" x2=\"{:.2f}%\" y2=\"{:.1f}\"/>",
                  style, x1, y1, x2, y2);
}

void Chart::dot(double x, double y, double radius, std::string_view style, std::string_view tip) {
  out_ += fmt::format("<circle class=\"{}\" cx=\"{:.2f}%\" cy=\"{:.1f}\" r=\"{:.1f}\">{}</circle>",
                      style, x, y, radius, tip_element(tip));
}

void Chart::text(double x, double y, std::string_view words, Anchor anchor,
                 std::string_view style) {
  const std::string_view name = anchor == Anchor::start    ? "start"
                                : anchor == Anchor::middle ? "middle"
                                                           : "end";
  out_ += fmt::format("<text class=\"{}\" x=\"{:.2f}%\" y=\"{:.1f}\" text-anchor=\"{}\">{}</text>",
                      style, x, y, name, escape_html(words));
}

void Chart::curve(std::span<const std::pair<double, double>> points, double top, double height,
                  std::string_view style) {
  // A path knows no percentages: a field of its own is stretched, its stroke is not.
  out_ += fmt::format(
      "<svg x=\"0\" y=\"{:.1f}\" width=\"100%\" height=\"{:.1f}\" viewBox=\"0 0 1000 1000\" "
      "preserveAspectRatio=\"none\"><polyline class=\"{}\" fill=\"none\" "
      "vector-effect=\"non-scaling-stroke\" points=\"",
      top, height, style);
  for (const auto& [x, y] : points)
    out_ += fmt::format("{:.1f},{:.1f} ", 1000 * x, 1000 - 1000 * y);
  out_ += "\"/></svg>";
}

void Chart::whisker(double x1, double x2, double y, std::string_view style) {
  line(x1, y, x2, y, style);
  line(x1, y - 4, x1, y + 4, style);
  line(x2, y - 4, x2, y + 4, style);
}

std::string Chart::finish() {
  return std::exchange(out_, {}) + "</svg>";
}

std::vector<double> axis_marks(double most) {
  std::vector<double> marks;
  if (!(most > 0)) return {0};
  const double step = tick_step(most);
  for (double mark = 0; mark <= most * (1 + 1e-9); mark += step) marks.push_back(mark);
  return marks;
}

std::vector<double> log_marks(double least, double most) {
  std::vector<double> marks;
  if (!(least > 0) || !(most > least)) return marks;
  const bool wide = most / least > 1000;  // then only the powers of ten
  for (double power = std::pow(10, std::floor(std::log10(least))); power <= most; power *= 10)
    for (const double factor : {1.0, 2.0, 5.0}) {
      if (wide && factor != 1.0) continue;
      const double mark = power * factor;
      if (mark >= least * 0.999 && mark <= most * 1.001) marks.push_back(mark);
    }
  return marks;
}

std::string seconds_text(double seconds) {
  if (seconds < 0.0995) return fmt::format("{:.2g} ms", seconds * 1000);
  if (seconds < 0.9995) return fmt::format("{:.0f} ms", seconds * 1000);
  if (seconds < 9.995) return fmt::format("{:.2f} s", seconds);
  if (seconds < 99.95) return fmt::format("{:.1f} s", seconds);
  return seconds < 600 ? fmt::format("{:.0f} s", seconds) : fmt::format("{:.1f} min", seconds / 60);
}

std::string mark_text(double seconds) {
  return seconds < 0.999 ? fmt::format("{:.3g} ms", seconds * 1000)
                         : fmt::format("{:.4g} s", seconds);
}

}  // namespace stride::gauntlet
