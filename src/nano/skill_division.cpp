// SPDX-License-Identifier: Apache-2.0
// Quotients and remainders by a divisor of one digit, parity and divisibility.
#include <fmt/core.h>

#include "nano/column_work.h"
#include "nano/numbers.h"
#include "nano/pick.h"
#include "nano/skills.h"

namespace stride::nano {
namespace {

std::string ask(Random& random, std::initializer_list<std::string_view> texts, int64_t a,
                int64_t d) {
  return fill(pick(random, texts), {{"a", std::to_string(a)}, {"d", std::to_string(d)}});
}

Sample make_modulo(Random& random, int64_t a, int64_t d) {
  Sample sample =
      question(Skill::division, fmt::format("mod{}", n_digits(a)), operation_key('/', a, d),
               ask(random,
                   {"What is {a} mod {d}?", "{a} mod {d}", "Compute {a} mod {d}.",
                    "What is the remainder of {a} divided by {d}?", "{a} % {d} = ?",
                    "What remains when {a} is divided by {d}?"},
                   a, d));
  sample.effort = pick_effort(random);
  answer(sample, work_divide(a, d, sample.effort), fmt::format("{} mod {} = {}", a, d, a % d));
  sample.check = IntegerCheck{a % d};
  return sample;
}

Sample make_quotient(Random& random, int64_t a, int64_t d) {
  a -= a % d;
  Sample sample = question(
      Skill::division, fmt::format("div{}", n_digits(a)), operation_key('/', a, d),
      ask(random,
          {"What is {a} / {d}?", "{a} / {d}", "Divide {a} by {d}.", "What is {a} divided by {d}?",
           "Compute {a} / {d}.", "{a} ÷ {d} = ?", "{a} 除以 {d} 等于多少？"},
          a, d));
  sample.effort = pick_effort(random);
  answer(sample, work_divide(a, d, sample.effort), fmt::format("{} / {} = {}", a, d, a / d));
  sample.check = IntegerCheck{a / d};
  return sample;
}

Sample make_divisible(Random& random, int64_t a, int64_t d) {
  if (chance(random, 0.5)) a -= a % d;
  Sample sample =
      question(Skill::division, "divisible", operation_key('/', a, d),
               ask(random,
                   {"Is {a} divisible by {d}?", "Can {a} be divided by {d} without remainder?",
                    "Is {a} a multiple of {d}?"},
                   a, d));
  sample.effort = pick_effort(random);
  const bool yes = a % d == 0;
  answer(sample, work_divide(a, d, sample.effort),
         fmt::format("{}, {} is {} {}.", yes ? "Yes" : "No", a,
                     yes ? "divisible by" : "not divisible by", d));
  sample.check = ContainsCheck{{yes ? "yes" : "no", std::to_string(a)}, {yes ? "no" : "yes"}};
  return sample;
}

Sample make_parity(Random& random, int64_t a) {
  const bool even = a % 2 == 0;
  Sample sample = question(
      Skill::division, "parity", fmt::format("parity:{}", a),
      ask(random, {"Is {a} even or odd?", "Is {a} an even number?", "Even or odd: {a}"}, a, 2));
  sample.effort = pick_effort(random);
  answer(sample,
         reasoning_for(sample.effort, fmt::format("last digit {}", a % 10),
                       fmt::format("The last digit of {} is {}.\n{} is {}", a, a % 10, a % 10,
                                   even ? "even" : "odd")),
         fmt::format("{} is {}.", a, even ? "even" : "odd"));
  sample.check = ContainsCheck{{even ? "even" : "odd", std::to_string(a)}, {even ? "odd" : "even"}};
  return sample;
}

}  // namespace

Sample make_division(Random& random, const Difficulty& difficulty) {
  const int length = chance(random, 0.6 - 0.2 * difficulty.level) ? 2 : 3;
  const int64_t a = pick_digits(random, length);
  const int64_t d = between(random, 2, 9);
  const uint64_t roll = random.below(100);
  if (roll < 40) return make_modulo(random, a, d);
  if (roll < 70) return make_quotient(random, a, d);
  if (roll < 85) return make_divisible(random, a, d);
  return make_parity(random, pick_digits(random, pick_length(random, difficulty.level)));
}

}  // namespace stride::nano
