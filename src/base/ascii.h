// SPDX-License-Identifier: Apache-2.0
// Letters of protocols: only A to Z have a case, whatever the locale.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

namespace stride {

constexpr char ascii_lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

inline std::string ascii_lowered(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) { return ascii_lower(c); });
  return out;
}

}  // namespace stride
