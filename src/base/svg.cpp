// SPDX-License-Identifier: Apache-2.0
#include "base/svg.h"

#include <fmt/core.h>

#include <cmath>

#include "base/utf8.h"

namespace stride {
namespace {

// XML knows no control characters, not even escaped ones.
std::string escaped(std::string_view words) {
  std::string safe;
  for (const char c : to_valid_utf8(words)) {
    if (c == '<') {
      safe += "&lt;";
    } else if (c == '&') {
      safe += "&amp;";
    } else if (static_cast<unsigned char>(c) >= 0x20) {
      safe += c;
    }
  }
  return safe;
}

}  // namespace

Drawing::Drawing(double width, double height)
    : out_(fmt::format(
          "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" "
          "height=\"{1}\" font-family=\"sans-serif\" font-size=\"12\" fill=\"#333\">\n"
          "<rect width=\"{0}\" height=\"{1}\" fill=\"#fdfdfb\"/>\n",
          width, height)) {}

void Drawing::line(double x1, double y1, double x2, double y2, std::string_view colour) {
  out_ +=
      fmt::format("<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" stroke=\"{}\"/>\n",
                  x1, y1, x2, y2, colour);
}

void Drawing::box(double x, double y, double width, double height, std::string_view colour) {
  out_ += fmt::format(
      "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" fill=\"{}\"/>\n", x, y,
      width, height, colour);
}

void Drawing::curve(std::span<const std::pair<double, double>> points, std::string_view colour) {
  out_ += fmt::format(
      "<polyline fill=\"none\" stroke=\"{}\" stroke-width=\"1.6\" stroke-linejoin=\"round\" "
      "points=\"",
      colour);
  for (const auto& [x, y] : points) out_ += fmt::format("{:.1f},{:.1f} ", x, y);
  out_ += "\"/>\n";
}

void Drawing::text(double x, double y, std::string_view words, std::string_view attributes) {
  out_ += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" {}>{}</text>\n", x, y, attributes,
                      escaped(words));
}

std::string Drawing::finish() {
  return std::exchange(out_, {}) + "</svg>\n";
}

double tick_step(double range) {
  const double power = std::pow(10, std::floor(std::log10(range / 5)));
  const double rest = range / 5 / power;
  return power * (rest < 1.5 ? 1 : rest < 3.5 ? 2 : rest < 7.5 ? 5 : 10);
}

}  // namespace stride
