// SPDX-License-Identifier: Apache-2.0
#include "gauntlet/seating_puzzle.h"

#include <algorithm>
#include <cstdlib>
#include <numeric>

#include "gauntlet/cases.h"

namespace stride::gauntlet {
namespace {

constexpr std::array<std::string_view, kDesks> kNumbers = {"No",    "one",  "two",
                                                           "three", "four", "five"};

int desk_of(const Seating& order, uint8_t person) {
  return static_cast<int>(std::ranges::find(order, person) - order.begin()) + 1;
}

bool all_hold(const std::vector<Clue>& clues, const Seating& order) {
  return std::ranges::all_of(clues, [&](const Clue& clue) { return clue.holds(order); });
}

Clue random_clue(Random& random) {
  // Distances and orders say most; a clue about one person alone says little.
  static constexpr std::array kKinds = {
      Clue::Kind::between,    Clue::Kind::between, Clue::Kind::left_of, Clue::Kind::left_of,
      Clue::Kind::neighbours, Clue::Kind::odd,     Clue::Kind::even,    Clue::Kind::not_at_end,
      Clue::Kind::apart,      Clue::Kind::at_end};
  Clue clue{.kind = pick(random, kKinds)};
  clue.a = static_cast<uint8_t>(random.below(kDesks));
  const bool alone = clue.kind == Clue::Kind::odd || clue.kind == Clue::Kind::even ||
                     clue.kind == Clue::Kind::not_at_end || clue.kind == Clue::Kind::at_end;
  if (!alone) clue.b = static_cast<uint8_t>((clue.a + 1 + random.below(kDesks - 1)) % kDesks);
  if (clue.kind == Clue::Kind::between) clue.n = static_cast<uint8_t>(1 + random.below(3));
  return clue;
}

// Clues in the order given, without those the others imply.
std::vector<Clue> needed(std::vector<Clue> clues) {
  for (size_t i = clues.size(); i-- > 0;) {
    std::vector<Clue> rest = clues;
    rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(i));
    if (solutions(rest).size() == 1) clues = std::move(rest);
  }
  return clues;
}

SeatingPuzzle first_puzzle() {
  using Kind = Clue::Kind;
  SeatingPuzzle puzzle;
  puzzle.names = {"Ana", "Bram", "Chidi", "Dana", "Emre", "Freya"};
  puzzle.clues = {{Kind::between, 3, 4, 3},    {Kind::left_of, 1, 2, 0},
                  {Kind::odd, 2, 0, 0},        {Kind::between, 2, 5, 1},
                  {Kind::neighbours, 2, 4, 0}, {Kind::not_at_end, 4, 0, 0}};
  puzzle.solution = {1, 4, 2, 0, 5, 3};
  return puzzle;
}

}  // namespace

bool Clue::holds(const Seating& order) const {
  const int at = desk_of(order, a);
  const int other = desk_of(order, b);
  switch (kind) {
    case Kind::between:
      return std::abs(at - other) == n + 1;
    case Kind::left_of:
      return at < other;
    case Kind::odd:
      return at % 2 == 1;
    case Kind::even:
      return at % 2 == 0;
    case Kind::neighbours:
      return std::abs(at - other) == 1;
    case Kind::not_at_end:
      return at != 1 && at != static_cast<int>(kDesks);
    case Kind::at_end:
      return at == 1 || at == static_cast<int>(kDesks);
    case Kind::apart:
      return std::abs(at - other) != 1;
  }
  return false;
}

std::string Clue::text(const std::array<std::string, kDesks>& names) const {
  const std::string& first = names[a];
  const std::string& second = names[b];
  switch (kind) {
    case Kind::between:
      return n == 1 ? "Exactly one desk lies between " + first + " and " + second + "."
                    : "Exactly " + std::string(kNumbers[n]) + " desks lie between " + first +
                          " and " + second + ".";
    case Kind::left_of:
      return first + " sits somewhere to the left of " + second + ".";
    case Kind::odd:
      return first + " sits at an odd-numbered desk.";
    case Kind::even:
      return first + " sits at an even-numbered desk.";
    case Kind::neighbours:
      return first + " and " + second + " are neighbours.";
    case Kind::not_at_end:
      return first + " is not at either end.";
    case Kind::at_end:
      return first + " is at one of the two ends.";
    case Kind::apart:
      return first + " and " + second + " are not neighbours.";
  }
  return {};
}

std::vector<Seating> solutions(const std::vector<Clue>& clues) {
  std::vector<Seating> out;
  Seating order{};
  std::iota(order.begin(), order.end(), uint8_t{0});
  do {
    if (all_hold(clues, order)) out.push_back(order);
  } while (std::ranges::next_permutation(order).found);
  return out;
}

SeatingPuzzle make_puzzle(Random& random) {
  static const std::vector<std::string> kPeople = {
      "Anouk", "Bela",  "Cyrus", "Dunja", "Elio",  "Farah", "Goran", "Hilde", "Idris",
      "Juno",  "Kasim", "Lotte", "Mirek", "Nadia", "Otis",  "Petra", "Quinn", "Rosa",
      "Sven",  "Tariq", "Uma",   "Viggo", "Wanda", "Yusuf", "Zelda"};
  SeatingPuzzle puzzle;
  std::ranges::move(draw(random, kPeople, kDesks), puzzle.names.begin());
  std::iota(puzzle.solution.begin(), puzzle.solution.end(), uint8_t{0});
  for (size_t i = kDesks; i > 1; --i) {
    std::swap(puzzle.solution[i - 1], puzzle.solution[random.below(i)]);
  }
  for (;;) {
    std::vector<Clue> clues;
    while (solutions(clues).size() != 1) {
      const Clue clue = random_clue(random);
      if (clue.holds(puzzle.solution) && std::ranges::find(clues, clue) == clues.end()) {
        clues.push_back(clue);
      }
    }
    clues = needed(std::move(clues));
    if (clues.size() == 6 || clues.size() == 7) {
      puzzle.clues = std::move(clues);
      return puzzle;
    }
  }
}

SeatingPuzzle puzzle_for(const Variant& variant) {
  if (is_frozen(variant, 0)) return first_puzzle();
  Random random(variant_seed("complex_reasoning", variant));
  return make_puzzle(random);
}

std::string puzzle_fault(const SeatingPuzzle& puzzle) {
  const std::vector<Seating> all = solutions(puzzle.clues);
  if (all.size() != 1) return std::to_string(all.size()) + " solutions";
  if (all[0] != puzzle.solution) return "another solution";
  if (needed(puzzle.clues).size() != puzzle.clues.size()) return "a clue is not needed";
  return {};
}

}  // namespace stride::gauntlet
