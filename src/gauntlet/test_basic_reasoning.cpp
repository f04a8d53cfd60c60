// SPDX-License-Identifier: Apache-2.0
// Test 1: a stock goes down by a fraction, up by a delivery, down by a fraction again. The answer
// differs from every number on the way, so none of those can pass for it.
#include <algorithm>
#include <array>
#include <numeric>
#include <set>

#include "gauntlet/cases.h"
#include "gauntlet/pattern.h"
#include "gauntlet/prose.h"
#include "gauntlet/scorer.h"

namespace stride::gauntlet {
namespace {

struct Numbers {
  int64_t start = 96, part = 5, whole = 8, delivery = 27, last = 3;

  int64_t gone() const { return start / whole * part; }
  int64_t left() const { return start - gone(); }
  int64_t total() const { return left() + delivery; }
  int64_t forwarded() const { return total() / last; }
  int64_t answer() const { return total() - forwarded(); }

  bool usable() const {
    if (start % whole != 0 || total() % last != 0) return false;
    const std::set<int64_t> way = {start,  part,   whole,   delivery,   last,
                                   gone(), left(), total(), forwarded()};
    // Four different steps, or one number would count for two.
    const std::set<int64_t> steps = {gone(), left(), total(), forwarded()};
    return !way.contains(answer()) && steps.size() == 4;
  }
};

struct Story {
  std::string_view text, unit, reference;
};

constexpr std::array<Story, 5> kStories = {{
    {"A depot starts the day with {start} parcels. Before noon {fraction} of them leave on vans. "
     "At "
     "two o'clock a lorry delivers {delivery} more, and {last} of everything then in the depot is "
     "forwarded at once. How many parcels are still there at closing time?",
     "parcels",
     "{Fraction} of {start} is {gone}, so {left} parcels are left at noon. The delivery brings "
     "that "
     "to {total}, and forwarding {last} of them ({forwarded}) leaves {answer}."},
    {"A nursery opens with {start} tomato seedlings. In the morning {fraction} of them are sold. "
     "After lunch the greenhouse brings {delivery} more, and then {last} of all the seedlings on "
     "the tables go to a school garden. How many seedlings are on the tables at the end of the "
     "day?",
     "seedlings",
     "{Fraction} of {start} is {gone}, which leaves {left} seedlings. With the new ones there are "
     "{total}, and giving away {last} of them ({forwarded}) leaves {answer}."},
    {"A harbour pool has {start} rental bikes. By nine {fraction} of them have been taken out. A "
     "trailer then returns {delivery} bikes from the station, after which {last} of the bikes in "
     "the pool are sent to the workshop. How many bikes remain in the pool?",
     "bikes",
     "{Fraction} of {start} is {gone}, so {left} bikes stay in the pool. The trailer makes it "
     "{total}; sending {last} of those ({forwarded}) away leaves {answer}."},
    {"An archive holds {start} boxes in its reading room. On Monday {fraction} of them go back to "
     "the cellar. On Tuesday {delivery} boxes arrive from a donor, and on Wednesday {last} of all "
     "the boxes in the reading room are lent to a museum. How many boxes does the room then hold?",
     "boxes",
     "{Fraction} of {start} is {gone}, so {left} boxes are left after Monday. The donor makes it "
     "{total}, and lending {last} of them ({forwarded}) leaves {answer}."},
    {"A bakery has {start} rolls when it opens. In the first hour {fraction} of them are sold. "
     "Then "
     "the oven gives {delivery} more, and {last} of the rolls now in the shop are delivered to a "
     "cafe. How many rolls are left in the shop?",
     "rolls",
     "{Fraction} of {start} is {gone}, leaving {left} rolls. The oven raises that to {total}, and "
     "the delivery of {last} of them ({forwarded}) leaves {answer}."},
}};

constexpr std::array<Numbers, kFrozenVariants> kFrozen = {{{96, 5, 8, 27, 3},
                                                           {120, 7, 12, 34, 4},
                                                           {84, 2, 7, 30, 5},
                                                           {135, 4, 9, 53, 8},
                                                           {150, 3, 5, 24, 6}}};

constexpr std::array<std::string_view, 20> kSmall = {
    "zero",     "one",     "two",     "three",     "four",     "five",    "six",
    "seven",    "eight",   "nine",    "ten",       "eleven",   "twelve",  "thirteen",
    "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"};

std::string ordinal(int64_t n, bool plural) {
  static constexpr std::array<std::string_view, 13> kNames = {
      "",        "",       "half",  "third", "quarter",  "fifth",  "sixth",
      "seventh", "eighth", "ninth", "tenth", "eleventh", "twelfth"};
  std::string name(kNames[static_cast<size_t>(n)]);
  if (plural) name = n == 2 ? "halves" : name + 's';
  return name;
}

std::string fraction_words(int64_t part, int64_t whole) {
  return std::string(kSmall[static_cast<size_t>(part)]) + ' ' + ordinal(whole, part > 1);
}

Numbers draw_numbers(Random& random) {
  for (;;) {
    Numbers n;
    n.whole = static_cast<int64_t>(5 + random.below(8));
    n.part = static_cast<int64_t>(2 + random.below(static_cast<uint64_t>(n.whole) - 3));
    n.start = n.whole * static_cast<int64_t>(8 + random.below(12));
    n.delivery = static_cast<int64_t>(17 + random.below(60));
    n.last = static_cast<int64_t>(3 + random.below(6));
    const bool lowest = std::gcd(n.part, n.whole) == 1;
    if (lowest && n.usable()) return n;
  }
}

class BasicReasoning final : public Case {
 public:
  BasicReasoning(const Story& story, const Numbers& numbers) : story_(story), n_(numbers) {
    std::string fraction = fraction_words(n_.part, n_.whole);
    std::string capital = fraction;
    capital[0] = static_cast<char>(capital[0] - 'a' + 'A');
    slots_ = {{"start", std::to_string(n_.start)},
              {"fraction", fraction},
              {"Fraction", capital},
              {"delivery", std::to_string(n_.delivery)},
              {"last", fraction_words(1, n_.last)},
              {"gone", std::to_string(n_.gone())},
              {"left", std::to_string(n_.left())},
              {"total", std::to_string(n_.total())},
              {"forwarded", std::to_string(n_.forwarded())},
              {"answer", std::to_string(n_.answer())}};
  }

  Question question() const override {
    return ask(filled(story_.text, slots_) +
               " Explain in two or three sentences, then end with a separate line `ANSWER: "
               "<integer>`.");
  }

  Grade grade(std::span<const Attempt> attempts, Sandbox& /*sandbox*/) const override {
    const std::string answer = answer_of(attempts);
    const auto last = final_line(answer, "ANSWER");
    const std::optional<double> value = last ? single_number(last->value) : std::nullopt;
    const bool right = value && *value == static_cast<double>(n_.answer()) && !last->hedged;
    const std::string before = last ? last->before : answer;
    Scorer scorer;
    scorer.gate("answer", 0.60, right, right, kGateCap,
                last ? "ANSWER: " + quote(last->value) : "no ANSWER line",
                last ? FailureClass::wrong : FailureClass::unparseable);
    add_steps(scorer, before);
    const size_t n = sentences(before).size();
    scorer.add("brevity", 0.20, n == 2 || n == 3 ? 1 : (n == 1 || n == 4 ? 0.5 : 0),
               std::to_string(n) + " sentences before the answer");
    return scorer.finish();
  }

  std::vector<PseudoAnswer> certification() const override {
    using Must = PseudoAnswer::Must;
    const std::string steps = filled(story_.reference, slots_);
    auto out = usual_suspects(question(), steps + "\n\nANSWER: " + slots_.back().second);
    const auto wrong = [&](std::string name, int64_t value) {
      out.push_back(pseudo("wrong: " + std::move(name),
                           steps + "\nANSWER: " + std::to_string(value), Must::fail));
    };
    wrong("stops before the last step", n_.total());
    wrong("answers what was forwarded", n_.forwarded());
    wrong("answers what left first", n_.gone());
    wrong("repeats the start", n_.start);
    out.push_back(pseudo(
        "wrong: two answers in one line",
        steps + "\nANSWER: " + std::to_string(n_.answer()) + " or " + std::to_string(n_.total()),
        Must::fail));
    out.push_back(
        pseudo("wrong: bare line", "ANSWER: " + std::to_string(n_.answer() + 1), Must::fail));
    return out;
  }

 private:
  // A step also counts where its complement is used: "two thirds stay" instead of "21 leave".
  void add_steps(Scorer& scorer, const std::string& before) const {
    const std::vector<int64_t> said = integers(before);
    const Tokens words = tokens(before);
    const auto fraction = [&](int64_t part, int64_t whole) {
      const std::string digits = std::to_string(part) + '/' + std::to_string(whole);
      return matches(words, digits) ||
             matches(words, std::string(kSmall[static_cast<size_t>(part)]) + ' ' +
                                ordinal(whole, part > 1) + '*');
    };
    const bool shown[] = {
        std::ranges::count(said, n_.gone()) > 0 || fraction(n_.whole - n_.part, n_.whole),
        std::ranges::count(said, n_.left()) > 0, std::ranges::count(said, n_.total()) > 0,
        std::ranges::count(said, n_.forwarded()) > 0 || fraction(n_.last - 1, n_.last)};
    const auto n = static_cast<size_t>(std::ranges::count(shown, true));
    scorer.add("steps", 0.20, share(n, 4), std::to_string(n) + " of the 4 steps are shown");
  }

  Story story_;
  Numbers n_;
  std::vector<std::pair<std::string, std::string>> slots_{};
};

}  // namespace

CasePtr make_basic_reasoning(const Variant& variant) {
  if (!variant.seed) {
    return std::make_unique<BasicReasoning>(kStories[variant.index], kFrozen[variant.index]);
  }
  Random random(variant_seed("basic_reasoning", variant));
  const Story& story = pick(random, kStories);
  return std::make_unique<BasicReasoning>(story, draw_numbers(random));
}

}  // namespace stride::gauntlet
