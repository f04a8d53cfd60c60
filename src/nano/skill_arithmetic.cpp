// SPDX-License-Identifier: Apache-2.0
// Sums, differences and products of numbers of one to four digits, with column work in the
// reasoning.
#include <fmt/core.h>

#include <algorithm>

#include "nano/column_work.h"
#include "nano/numbers.h"
#include "nano/pick.h"
#include "nano/skills.h"

namespace stride::nano {
namespace {

constexpr std::string_view kAddTexts[] = {"What is {a} + {b}?",
                                          "{a} + {b}",
                                          "{a} + {b} = ?",
                                          "Compute {a} + {b}.",
                                          "Add {a} and {b}.",
                                          "How much is {a} plus {b}?",
                                          "What is {a} plus {b}?",
                                          "Calculate {a}+{b}.",
                                          "What is the sum of {a} and {b}?",
                                          "Please add {a} and {b}.",
                                          "{a}+{b}",
                                          "{a} 加 {b} 等于多少？",
                                          "{a} + {b} 是多少？"};
constexpr std::string_view kSubtractTexts[] = {"What is {a} - {b}?",
                                               "{a} - {b}",
                                               "{a} - {b} = ?",
                                               "Compute {a} - {b}.",
                                               "Subtract {b} from {a}.",
                                               "How much is {a} minus {b}?",
                                               "What is {a} minus {b}?",
                                               "Calculate {a}-{b}.",
                                               "What is the difference of {a} and {b}?",
                                               "Take {b} away from {a}.",
                                               "{a}-{b}",
                                               "{a} 减 {b} 等于多少？"};
constexpr std::string_view kMultiplyTexts[] = {"What is {a} * {b}?",
                                               "{a} * {b}",
                                               "{a} * {b} = ?",
                                               "Compute {a} * {b}.",
                                               "Multiply {a} by {b}.",
                                               "How much is {a} times {b}?",
                                               "What is {a} times {b}?",
                                               "Calculate {a}*{b}.",
                                               "What is the product of {a} and {b}?",
                                               "{a} x {b}",
                                               "What is {a} × {b}?",
                                               "{a}*{b}",
                                               "{a} 乘 {b} 等于多少？"};

Sample finish(Random& random, std::string_view kind, std::string key, std::string_view text,
              int64_t a, int64_t b, char sign, int64_t value) {
  Sample sample = question(Skill::arithmetic, kind, std::move(key),
                           fill(text, {{"a", std::to_string(a)}, {"b", std::to_string(b)}}));
  sample.effort = pick_effort(random);
  sample.system = pick_system(random);
  std::string work = sign == '+'   ? work_add(a, b, sample.effort)
                     : sign == '-' ? work_subtract(a, b, sample.effort)
                                   : work_multiply(a, b, sample.effort);
  answer(sample, std::move(work), fmt::format("{} {} {} = {}", a, sign, b, value));
  sample.check = IntegerCheck{value};
  return sample;
}

}  // namespace

Sample make_arithmetic(Random& random, const Difficulty& difficulty) {
  const uint64_t roll = random.below(100);
  if (roll < 40) {
    const auto [a, b] = pick_pair(random, difficulty.level);
    return finish(random, fmt::format("add{}", std::max(n_digits(a), n_digits(b))),
                  operation_key('+', a, b), pick(random, kAddTexts), a, b, '+', a + b);
  }
  if (roll < 75) {
    auto [a, b] = pick_pair(random, difficulty.level);
    if (a < b && chance(random, 0.9)) std::swap(a, b);
    return finish(random, fmt::format("sub{}", std::max(n_digits(a), n_digits(b))),
                  operation_key('-', a, b), pick(random, kSubtractTexts), a, b, '-', a - b);
  }
  int left = chance(random, 0.75) ? 2 : 1, right = 1;
  if (chance(random, 0.25 * difficulty.level)) left = 3;
  if (chance(random, 0.25 * difficulty.level)) left = right = 2;
  int64_t a = pick_digits(random, left), b = pick_digits(random, right);
  const auto kind = fmt::format("mul{}x{}", left, right);
  if (chance(random, 0.3)) std::swap(a, b);
  return finish(random, kind, operation_key('*', a, b), pick(random, kMultiplyTexts), a, b, '*',
                a * b);
}

}  // namespace stride::nano
