// SPDX-License-Identifier: Apache-2.0
#include "cli/human.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "base/utf8.h"

namespace stride::cli {
namespace {

// The value in the largest unit that leaves at least one digit before the point.
template <size_t N>
std::string scaled(uint64_t n, const std::array<std::string_view, N>& units) {
  auto x = static_cast<double>(n);
  size_t unit = 0;
  while (x >= 999.95 && unit + 1 < N) {
    x /= 1000;
    ++unit;
  }
  if (unit == 0) return fmt::format("{} {}", n, units[0]);
  return fmt::format("{:.{}f} {}", x, x < 99.995 ? 2 : 1, units[unit]);
}

}  // namespace

std::string human_bytes(uint64_t bytes) {
  return scaled(bytes, std::array<std::string_view, 6>{"B", "kB", "MB", "GB", "TB", "PB"});
}

std::string human_count(uint64_t n) {
  std::string text = scaled(n, std::array<std::string_view, 5>{"", "k", "M", "B", "T"});
  if (text.ends_with(' ')) text.pop_back();
  return text;
}

std::string counted(uint64_t n, std::string_view noun) {
  return fmt::format("{} {}{}", n, noun, n == 1 ? "" : "s");
}

std::string human_time(double seconds) {
  const auto s = static_cast<uint64_t>(std::clamp(seconds, 0.0, 1e9));
  if (s < 3600) return fmt::format("{}:{:02}", s / 60, s % 60);
  return fmt::format("{}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60);
}

std::string printable(std::string_view text, size_t most) {
  const bool cut = text.size() > most;
  std::string out = to_valid_utf8(text.substr(0, most));
  for (char& c : out) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) c = ' ';
  }
  // U+0080 to U+009F, which some terminals obey, are C2 80 to C2 9F.
  for (size_t i = 0; i + 1 < out.size(); ++i) {
    if (out[i] == '\xc2' && static_cast<unsigned char>(out[i + 1]) < 0xa0)
      out[i] = out[i + 1] = ' ';
  }
  return cut ? out + "..." : out;
}

}  // namespace stride::cli
