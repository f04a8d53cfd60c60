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
  std::string_view one_large, large, one_small, small;  // for one and for several
  int64_t factor;
};
constexpr Unit kUnits[] = {{"km", "km", "m", "m", 1000},
                           {"m", "m", "cm", "cm", 100},
                           {"cm", "cm", "mm", "mm", 10},
                           {"kg", "kg", "g", "g", 1000},
                           {"t", "t", "kg", "kg", 1000},
                           {"l", "l", "ml", "ml", 1000},
                           {"hour", "hours", "minute", "minutes", 60},
                           {"minute", "minutes", "second", "seconds", 60},
                           {"day", "days", "hour", "hours", 24},
                           {"week", "weeks", "day", "days", 7},
                           {"year", "years", "month", "months", 12},
                           {"dozen", "dozen", "piece", "pieces", 12},
                           {"euro", "euros", "cent", "cents", 100},
                           {"dollar", "dollars", "cent", "cents", 100},
                           {"kilobyte", "kilobytes", "byte", "bytes", 1000},
                           {"decade", "decades", "year", "years", 10},
                           {"century", "centuries", "year", "years", 100},
                           {"foot", "feet", "inch", "inches", 12},
                           {"yard", "yards", "foot", "feet", 3}};

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
  const std::string to(down ? unit.small : unit.large);
  const std::string from(down ? (value == 1 ? unit.one_large : unit.large)
                              : (product == 1 ? unit.one_small : unit.small));
  const std::string reached(!down && value == 1 ? unit.one_large : std::string_view(to));
  const int64_t given = down ? value : product, result = down ? product : value;
  Sample sample = question(
      Skill::units, down ? "to_small" : "to_large", fmt::format("{}:{}:{}", given, from, to),
      fill(pick(random, {"How many {t} are {n} {f}?", "Convert {n} {f} to {t}.", "{n} {f} in {t}",
                         "What is {n} {f} in {t}?", "Please change {n} {f} into {t}."}),
           {{"n", std::to_string(given)}, {"f", from}, {"t", to}}));
  sample.effort = pick_effort(random);
  const std::string rule = fmt::format("1 {} = {} {}", unit.one_large, unit.factor, unit.small);
  std::string sum = down ? fmt::format("{}*{}={}", value, unit.factor, product)
                         : fmt::format("{}/{}={}", product, unit.factor, value);
  if (down && !simple && sample.effort != Effort::low)
    sum = fmt::format("{}*{}: {} = {}", value, unit.factor,
                      work_multiply(value, unit.factor, Effort::low), product);
  std::string high = fmt::format("{}\nFrom {} to {} I {} by {}.\n{}", rule, from, to,
                                 down ? "multiply" : "divide", unit.factor, sum);
  answer(sample, reasoning_for(sample.effort, rule + ", " + sum, std::move(high)),
         fmt::format("{} {} = {} {}", given, from, result, reached));
  sample.check = ContainsCheck{{fmt::format("{} {}", result, reached)}, {}};
  return sample;
}

}  // namespace stride::nano
