// SPDX-License-Identifier: Apache-2.0
// Finds the first of several strings in a stream and never lets a byte pass that may be part of
// one. Each string has its own failure table (Knuth, Morris, Pratt), so time is linear in the text.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace stride::chat {

class StopMatcher {
 public:
  explicit StopMatcher(std::vector<std::string> strings);

  // Appends to `out` what is certainly before any of the strings. True once one was found: it and
  // what follows are not passed on. The string that ends first wins; of two that end together the
  // longer.
  bool push(std::string_view text, std::string& out);

  // What is held back, when nothing follows.
  std::string flush();

 private:
  struct Pattern {
    std::string text;
    std::vector<size_t> failure;
    size_t matched = 0;
  };

  std::vector<Pattern> patterns_;
  std::string held_;
};

}  // namespace stride::chat
