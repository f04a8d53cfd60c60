// SPDX-License-Identifier: Apache-2.0
// Finds any of several strings in text that arrives in pieces, and cuts the text there. The match
// that ends first wins, and among those that end together the longest. Only bytes that may still
// become a match are held back. Time is linear in the text whatever the strings are (Aho and
// Corasick, 1975), and the result does not depend on how the text was cut into pieces.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"

namespace stride::decode {

class StopStrings {
 public:
  static constexpr size_t kMaxStrings = 16;
  static constexpr size_t kMaxBytes = 256;  // of one string

  // No strings: nothing ever matches. Fails on an empty or over-long string, or too many.
  static Result<StopStrings> make(std::vector<std::string> strings);

  // Adds text and returns what is certain to lie before any match. After a match everything is
  // ignored.
  std::string feed(std::string_view text);

  // The text ends here (or is interrupted by something that is not text): returns what was held
  // back. The matcher is ready for more.
  std::string flush();

  // The index of the string that matched.
  std::optional<size_t> matched() const { return matched_; }

 private:
  struct Node {
    std::vector<std::pair<unsigned char, uint16_t>> children;
    uint16_t fallback = 0;  // the longest proper suffix of this node's string that is a node too
    uint16_t depth = 0;
    uint16_t longest = 0;  // bytes of the longest string that ends here; 0 = none
    uint16_t which = 0;    // its index
  };

  uint16_t child(uint16_t node, unsigned char byte) const;  // 0 = none
  void insert(const std::string& text, size_t index);
  void link();

  std::vector<Node> nodes_{1};
  uint16_t at_ = 0;
  std::string held_;  // always the string of node at_
  std::optional<size_t> matched_;
};

}  // namespace stride::decode
