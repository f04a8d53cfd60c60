// SPDX-License-Identifier: Apache-2.0
// The generated handbook of the long-context test: numbered sections of an invented utility
// company, with facts at chosen depths, two near-duplicates of each, and no summary.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace stride::gauntlet {

struct HandbookQuestion {
  std::string text{};
  std::string answer{};                 // for the reference
  std::vector<std::string> accepted{};  // token patterns
  std::vector<std::string> distractors{};
  std::vector<int> sections{};  // any of them may be cited
  int depth = 0;                // per cent, of the first section
};

struct Handbook {
  std::string text{};
  // Three single facts, one over two hops, one sum, one that is not in the text (no `accepted`).
  std::vector<HandbookQuestion> questions{};
};

inline constexpr size_t kHandbookWords = 8000;
inline constexpr int kHandbookSections = 120;

Handbook make_handbook(uint64_t seed, size_t n_word = kHandbookWords);

}  // namespace stride::gauntlet
