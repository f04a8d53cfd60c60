// SPDX-License-Identifier: Apache-2.0
// Six people in a row and clues about them. A puzzle is made from a random truth: true clues are
// added until only the truth satisfies them all, then every clue that is not needed is dropped.
// solutions() tries all 720 orders, so uniqueness is counted and not argued.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "base/random.h"
#include "gauntlet/test.h"

namespace stride::gauntlet {

inline constexpr size_t kDesks = 6;
// The person at each desk, by index.
using Seating = std::array<uint8_t, kDesks>;

struct Clue {
  enum class Kind : uint8_t { between, left_of, odd, even, neighbours, not_at_end, at_end, apart };

  Kind kind = Kind::between;
  uint8_t a = 0, b = 0;
  uint8_t n = 0;  // desks between

  bool holds(const Seating& order) const;
  std::string text(const std::array<std::string, kDesks>& names) const;
  bool operator==(const Clue&) const = default;
};

struct SeatingPuzzle {
  std::array<std::string, kDesks> names{};
  std::vector<Clue> clues{};
  Seating solution{};
};

// Every order that satisfies all clues.
std::vector<Seating> solutions(const std::vector<Clue>& clues);

// 6 or 7 clues, one solution, none of the clues dispensable.
SeatingPuzzle make_puzzle(Random& random);
// The puzzle of a variant of test 5.
SeatingPuzzle puzzle_for(const Variant& variant);

// Empty where the puzzle has one solution, it is the stated one and every clue is needed.
std::string puzzle_fault(const SeatingPuzzle& puzzle);

}  // namespace stride::gauntlet
