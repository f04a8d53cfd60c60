// SPDX-License-Identifier: Apache-2.0
// Which of two or three numbers is larger or smaller, and by how much.
#include <fmt/core.h>

#include <algorithm>

#include "nano/column_work.h"
#include "nano/numbers.h"
#include "nano/pick.h"
#include "nano/skills.h"

namespace stride::nano {
namespace {

// Operands that are close often enough for the first digit not to decide.
std::pair<int64_t, int64_t> pick_rivals(Random& random, double level) {
  auto [a, b] = pick_pair(random, level);
  if (n_digits(a) > 1 && chance(random, 0.4)) {
    int64_t unit = chance(random, 0.5) || n_digits(a) == 2 ? 10 : 100;
    b = a / unit * unit + between(random, 0, unit - 1);
  }
  if (a == b) b = a + 1;
  return {a, b};
}

Sample make_two(Random& random, double level) {
  const auto [a, b] = pick_rivals(random, level);
  const bool larger = chance(random, 0.6);
  const std::string_view text =
      larger ? pick(random, {"Which is larger, {a} or {b}?", "Which number is bigger: {a} or {b}?",
                             "What is the maximum of {a} and {b}?", "Is {a} or {b} greater?",
                             "{a} 和 {b} 哪个大？"})
             : pick(random, {"Which is smaller, {a} or {b}?", "Which number is less: {a} or {b}?",
                             "What is the minimum of {a} and {b}?"});
  Sample sample = question(Skill::compare, larger ? "larger" : "smaller", operation_key('?', a, b),
                           fill(text, {{"a", std::to_string(a)}, {"b", std::to_string(b)}}));
  sample.effort = pick_effort(random);
  const int64_t value = larger ? std::max(a, b) : std::min(a, b);
  answer(sample, work_compare(a, b, sample.effort), fmt::format("{}", value));
  sample.check = TextCheck{std::to_string(value)};
  return sample;
}

Sample make_yes_no(Random& random, double level) {
  const auto [a, b] = pick_rivals(random, level);
  const bool greater = chance(random, 0.5);
  Sample sample = question(Skill::compare, "yes_no", operation_key('?', a, b),
                           fill(greater ? pick(random, {"Is {a} greater than {b}?", "Is {a} > {b}?",
                                                        "Is {a} larger than {b}?"})
                                        : pick(random, {"Is {a} less than {b}?", "Is {a} < {b}?",
                                                        "Is {a} smaller than {b}?"}),
                                {{"a", std::to_string(a)}, {"b", std::to_string(b)}}));
  sample.effort = pick_effort(random);
  const bool yes = greater == (a > b);
  answer(
      sample, work_compare(a, b, sample.effort),
      fmt::format("{}, {} is {} than {}.", yes ? "Yes" : "No", a, a > b ? "greater" : "less", b));
  sample.check = ContainsCheck{{yes ? "yes" : "no", std::to_string(a), a > b ? "greater" : "less"},
                               {yes ? "no" : "yes"}};
  return sample;
}

Sample make_three(Random& random, double level) {
  const bool largest = chance(random, 0.5);
  auto [a, b] = pick_rivals(random, level);
  int64_t c = pick_rivals(random, level).first;
  while (c == a || c == b) ++c;
  const int64_t first = largest ? std::max(a, b) : std::min(a, b);
  const int64_t value = largest ? std::max(first, c) : std::min(first, c);
  Sample sample = question(
      Skill::compare, "three", fmt::format("three:{}:{}:{}", a, b, c),
      fill(largest ? pick(random, {"What is the largest of {a}, {b} and {c}?",
                                   "Which is the biggest: {a}, {b} or {c}?"})
                   : pick(random, {"What is the smallest of {a}, {b} and {c}?",
                                   "Which is the least: {a}, {b} or {c}?"}),
           {{"a", std::to_string(a)}, {"b", std::to_string(b)}, {"c", std::to_string(c)}}));
  sample.effort = pick_effort(random);
  const Effort inner = sample.effort == Effort::low ? Effort::low : Effort::medium;
  std::string work = fmt::format("{}\n{}\n{}\n{}", work_compare(a, b, inner), first,
                                 work_compare(first, c, inner), value);
  answer(sample, std::move(work), fmt::format("{}", value));
  sample.check = TextCheck{std::to_string(value)};
  return sample;
}

}  // namespace

Sample make_compare(Random& random, const Difficulty& difficulty) {
  const uint64_t roll = random.below(100);
  if (roll < 50) return make_two(random, difficulty.level);
  if (roll < 80) return make_yes_no(random, difficulty.level);
  return make_three(random, difficulty.level);
}

}  // namespace stride::nano
