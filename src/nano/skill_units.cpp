// SPDX-License-Identifier: Apache-2.0
// Conversions between units with whole factors, both ways.
#include <fmt/core.h>

#include "nano/column_work.h"
#include "nano/numbers.h"
#include "nano/pick.h"
#include "nano/skills.h"

namespace stride::nano {
namespace {

struct Unit {
  std::string_view large, small;
  int64_t factor;
};
constexpr Unit kUnits[] = {{"km", "m", 1000},
                           {"m", "cm", 100},
                           {"cm", "mm", 10},
                           {"kg", "g", 1000},
                           {"t", "kg", 1000},
                           {"l", "ml", 1000},
                           {"hours", "minutes", 60},
                           {"minutes", "seconds", 60},
                           {"days", "hours", 24},
                           {"weeks", "days", 7},
                           {"years", "months", 12},
                           {"dozen", "pieces", 12},
                           {"euros", "cents", 100},
                           {"dollars", "cents", 100},
                           {"kilobytes", "bytes", 1000},
                           {"decades", "years", 10},
                           {"centuries", "years", 100},
                           {"feet", "inches", 12},
                           {"yards", "feet", 3}};

bool power_of_ten(int64_t factor) {
  return factor == 10 || factor == 100 || factor == 1000;
}

}  // namespace

Sample make_units(Random& random, const Difficulty& difficulty) {
  const Unit& unit = pick_from(random, std::span<const Unit>(kUnits));
  const bool simple = power_of_ten(unit.factor);
  const int64_t n =
      simple ? pick_digits(random, static_cast<int>(between(random, 1, 3)))
             : std::max<int64_t>(
                   2, pick_digits(random, difficulty.level > 0.7 && chance(random, 0.4) ? 2 : 1));
  const int64_t value = std::max<int64_t>(n, 1), product = value * unit.factor;
  const bool down = chance(random, 0.6);  // from the large unit to the small one
  const std::string from(down ? unit.large : unit.small), to(down ? unit.small : unit.large);
  const int64_t given = down ? value : product, result = down ? product : value;
  Sample sample = question(
      Skill::units, down ? "to_small" : "to_large", fmt::format("{}:{}:{}", given, from, to),
      fill(pick(random, {"How many {t} are {n} {f}?", "Convert {n} {f} to {t}.", "{n} {f} in {t}",
                         "What is {n} {f} in {t}?", "Please change {n} {f} into {t}."}),
           {{"n", std::to_string(given)}, {"f", from}, {"t", to}}));
  sample.effort = pick_effort(random);
  const std::string rule = fmt::format("1 {} = {} {}", unit.large, unit.factor, unit.small);
  std::string sum = down ? fmt::format("{}*{}={}", value, unit.factor, product)
                         : fmt::format("{}/{}={}", product, unit.factor, value);
  if (down && !simple && sample.effort != Effort::low)
    sum = fmt::format("{}*{}: {} = {}", value, unit.factor,
                      work_multiply(value, unit.factor, Effort::medium), product);
  std::string high = fmt::format("{}\nFrom {} to {} I {} by {}.\n{}", rule, from, to,
                                 down ? "multiply" : "divide", unit.factor, sum);
  answer(sample, reasoning_for(sample.effort, rule + ", " + sum, std::move(high)),
         fmt::format("{} {} = {} {}", given, from, result, to));
  sample.check = ContainsCheck{{fmt::format("{} {}", result, to)}, {}};
  return sample;
}

}  // namespace stride::nano
