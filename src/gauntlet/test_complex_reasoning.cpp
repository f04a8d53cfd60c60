// SPDX-License-Identifier: Apache-2.0
// Test 5: who sits where, from clues that leave exactly one order.
#include <algorithm>

#include "gauntlet/cases.h"
#include "gauntlet/pattern.h"
#include "gauntlet/prose.h"
#include "gauntlet/scorer.h"
#include "gauntlet/seating_puzzle.h"

namespace stride::gauntlet {
namespace {

class ComplexReasoning final : public Case {
 public:
  explicit ComplexReasoning(SeatingPuzzle puzzle) : puzzle_(std::move(puzzle)) {}

  Question question() const override {
    std::string text;
    for (size_t i = 0; i < kDesks; ++i) {
      text += puzzle_.names[i] + (i + 2 < kDesks ? ", " : i + 2 == kDesks ? " and " : "");
    }
    text += " sit at desks 1 to 6 in one row (1 is leftmost).";
    for (const Clue& clue : puzzle_.clues) text += ' ' + clue.text(puzzle_.names);
    text += " Explain briefly, then end with `ORDER: name1, ..., name6` from desk 1 to 6.";
    return ask(std::move(text));
  }

  Grade grade(std::span<const Attempt> attempts, Sandbox& /*sandbox*/) const override {
    const auto line = final_line(answer_of(attempts), "ORDER");
    if (!line) return nothing_to_grade(FailureClass::unparseable, "no ORDER line");
    const std::optional<Seating> order = parse(line->list.empty() ? line->value : line->list);
    if (!order || line->hedged) {
      return nothing_to_grade(FailureClass::unparseable,
                              "not one order of the six names: " + quote(line->value));
    }
    const bool exact = *order == puzzle_.solution;
    const auto kept = static_cast<size_t>(
        std::ranges::count_if(puzzle_.clues, [&](const Clue& c) { return c.holds(*order); }));
    Scorer scorer;
    scorer.gate("order", 0.60, exact, exact, kGateCap, quote(line->value));
    scorer.add(
        "clues", 0.40, share(kept, puzzle_.clues.size()),
        std::to_string(kept) + " of " + std::to_string(puzzle_.clues.size()) + " clues hold");
    return scorer.finish();
  }

  std::vector<PseudoAnswer> certification() const override {
    using Must = PseudoAnswer::Must;
    const std::string intro = "The distances leave few places and the rest follows.\n\n";
    auto out = usual_suspects(question(), intro + "ORDER: " + listed(puzzle_.solution));
    Seating swapped = puzzle_.solution;
    std::swap(swapped[0], swapped[5]);
    out.push_back(pseudo("wrong: ends swapped", intro + "ORDER: " + listed(swapped), Must::fail));
    Seating mirrored = puzzle_.solution;
    std::ranges::reverse(mirrored);
    out.push_back(pseudo("wrong: mirrored", intro + "ORDER: " + listed(mirrored), Must::fail));
    Seating turned = puzzle_.solution;
    std::ranges::rotate(turned, turned.begin() + 1);
    out.push_back(pseudo("wrong: shifted by one", intro + "ORDER: " + listed(turned), Must::fail));
    std::string twice = listed(puzzle_.solution);
    twice += " or " + listed(swapped);
    out.push_back(pseudo("wrong: two orders", intro + "ORDER: " + twice, Must::be_zero));
    out.push_back(pseudo("wrong: one name twice",
                         intro + "ORDER: " + puzzle_.names[0] + ", " + listed(puzzle_.solution),
                         Must::be_zero));
    out.push_back(pseudo("wrong: no final line", intro + listed(puzzle_.solution), Must::be_zero));
    return out;
  }

 private:
  std::string listed(const Seating& order) const {
    std::string out;
    for (const uint8_t person : order) out += (out.empty() ? "" : ", ") + puzzle_.names[person];
    return out;
  }

  // The names in their order, whatever stands between them; nothing unless each occurs once.
  std::optional<Seating> parse(const std::string& value) const {
    std::vector<uint8_t> found;
    for (const std::string& token : tokens(value)) {
      if (token == "not") return std::nullopt;
      for (uint8_t i = 0; i < kDesks; ++i) {
        if (token == fold(puzzle_.names[i])) found.push_back(i);
      }
    }
    if (found.size() != kDesks) return std::nullopt;
    Seating order{};
    std::ranges::copy(found, order.begin());
    std::ranges::sort(found);
    const bool complete = std::ranges::adjacent_find(found) == found.end();
    return complete ? std::optional(order) : std::nullopt;
  }

  SeatingPuzzle puzzle_;
};

}  // namespace

CasePtr make_complex_reasoning(const Variant& variant) {
  return std::make_unique<ComplexReasoning>(puzzle_for(variant));
}

}  // namespace stride::gauntlet
