// SPDX-License-Identifier: Apache-2.0
// Short stories with one or two operations, and expressions of two operations.
#include <fmt/core.h>

#include <algorithm>

#include "nano/column_work.h"
#include "nano/numbers.h"
#include "nano/pick.h"
#include "nano/skills.h"
#include "nano/words.h"

namespace stride::nano {
namespace {

// "12+7: 2+7=9, 1+0=1 -> 19"
std::string step(char sign, int64_t a, int64_t b, int64_t value, Effort effort) {
  const Effort inner = effort == Effort::high ? Effort::high : Effort::low;
  const std::string work = sign == '+'   ? work_add(a, b, inner)
                           : sign == '-' ? work_subtract(a, b, inner)
                                         : work_multiply(a, b, inner);
  if (effort == Effort::high) return fmt::format("{}{}{}\n{}", a, sign, b, work);
  return fmt::format("{}{}{}: {} = {}", a, sign, b, work, value);
}

struct Story {
  std::string_view text;
  std::string_view answer;
  char sign;
};
constexpr Story kStories[] = {
    {"{n} has {a} {x}. {m} gives {n} {b} more. How many {x} does {n} have now?",
     "{n} has {r} {x} now.", '+'},
    {"{n} has {a} {x} and buys {b} more. How many {x} does {n} have?", "{n} has {r} {x}.", '+'},
    {"There are {a} {x} in one box and {b} in another. How many {x} are there in all?",
     "There are {r} {x} in all.", '+'},
    {"{n} finds {a} {x} on Monday and {b} on Tuesday. How many {x} is that?", "That is {r} {x}.",
     '+'},
    {"{n} has {a} {x} and {m} has {b}. How many {x} do they have together?",
     "Together they have {r} {x}.", '+'},
    {"{n} has {a} {x} and gives {b} to {m}. How many {x} are left?", "{n} has {r} {x} left.", '-'},
    {"There are {a} {x} on the table. {n} takes {b} away. How many are left?", "{r} {x} are left.",
     '-'},
    {"{n} had {a} {x} but lost {b}. How many {x} does {n} still have?", "{n} still has {r} {x}.",
     '-'},
    {"{n} has {a} {x}, {m} has {b}. How many more does {n} have?", "{n} has {r} more {x}.", '-'},
    {"{n} sold {b} of {a} {x}. How many {x} remain?", "{r} {x} remain.", '-'},
    {"There are {a} boxes with {b} {x} each. How many {x} are there?", "There are {r} {x}.", '*'},
    {"{n} buys {a} bags with {b} {x} in each bag. How many {x} does {n} have?", "{n} has {r} {x}.",
     '*'},
    {"One of the {x} costs {b} coins. How much do {a} {x} cost?", "{a} {x} cost {r} coins.", '*'},
};

Sample make_story(Random& random, double level) {
  const Story& story = pick_from(random, std::span<const Story>(kStories));
  const auto people = pick_some(random, names(), 2);
  const std::string x = std::string(pick(random, chance(random, 0.5) ? foods() : things())) + "s";
  auto [a, b] = pick_pair(random, level * 0.5);
  a = std::max<int64_t>(a, 2);
  b = std::max<int64_t>(b, 2);
  if (story.sign == '*') {
    a = between(random, 2, 9);
    b = pick_digits(random, level > 0.5 ? 2 : 1);
    b = std::max<int64_t>(b, 2);
  }
  if (story.sign == '-' && a < b) std::swap(a, b);
  if (story.sign == '-' && a - b == 1) ++a;  // no "1 apples"
  const int64_t value = story.sign == '+' ? a + b : story.sign == '-' ? a - b : a * b;
  const auto with = [&](std::string_view text) {
    return capital(fill(text, {{"n", people[0]},
                               {"m", people[1]},
                               {"x", x},
                               {"a", std::to_string(a)},
                               {"b", std::to_string(b)},
                               {"r", std::to_string(value)}}));
  };
  Sample sample =
      question(Skill::word_problem, "story", operation_key(story.sign, a, b), with(story.text));
  sample.effort = pick_effort(random);
  sample.system = pick_system(random);
  answer(sample, step(story.sign, a, b, value, sample.effort), with(story.answer));
  // "Three boxes cost" repeats an operand, so the result is asked for by name.
  sample.check = ContainsCheck{
      {fmt::format("{} {}", value, story.text.starts_with("One of") ? "coins" : "")}, {}};
  auto& all = std::get<ContainsCheck>(sample.check).all;
  if (all[0].back() == ' ') all[0].pop_back();
  return sample;
}

Sample make_expression(Random& random, double level) {
  const int64_t p = between(random, 2, 9), q = between(random, 2, 9);
  const int64_t c = pick_digits(random, chance(random, 0.5 + 0.4 * level) ? 2 : 1);
  const int64_t product = p * q;
  const bool front = chance(random, 0.5),
             plus = chance(random, 0.6) || (front && product < c) || (!front && c < product);
  const std::string text = front ? fmt::format("{} * {} {} {}", p, q, plus ? '+' : '-', c)
                                 : fmt::format("{} {} {} * {}", c, plus ? '+' : '-', p, q);
  const int64_t left = front ? product : c, right = front ? c : product;
  const int64_t value = plus ? left + right : left - right;
  Sample sample = question(
      Skill::word_problem, "expression", fmt::format("expr:{}", text),
      fill(pick(random, {"What is {e}?", "Compute {e}.", "{e} = ?", "{e}"}), {{"e", text}}));
  sample.effort = pick_effort(random);
  answer(sample,
         fmt::format("{}*{}={}\n{}", p, q, product,
                     step(plus ? '+' : '-', left, right, value, sample.effort)),
         fmt::format("{} = {}", text, value));
  sample.check = IntegerCheck{value};
  return sample;
}

Sample make_two_steps(Random& random, double level) {
  const std::string name(pick(random, names()));
  const std::string x = std::string(pick(random, chance(random, 0.5) ? foods() : things())) + "s";
  const int64_t a = pick_digits(random, 2), b = pick_digits(random, level > 0.4 ? 2 : 1);
  const int64_t sum = a + b, c = between(random, 1, std::min<int64_t>(sum, 60));
  Sample sample = question(
      Skill::word_problem, "two_steps", fmt::format("steps:{}:{}:{}", a, b, c),
      fill(
          pick(random, {"{n} has {a} {x}, buys {b} more and gives away {c}. How many {x} are left?",
                        "{n} had {a} {x}. {n} found {b} more and then lost {c}. How many {x} does "
                        "{n} have now?"}),
          {{"n", name},
           {"x", x},
           {"a", std::to_string(a)},
           {"b", std::to_string(b)},
           {"c", std::to_string(c)}}));
  sample.effort = pick_effort(random);
  answer(sample,
         step('+', a, b, sum, sample.effort) + "\n" + step('-', sum, c, sum - c, sample.effort),
         fmt::format("{} has {} {} now.", name, sum - c, x));
  sample.check = IntegerCheck{sum - c};
  return sample;
}

}  // namespace

Sample make_word_problem(Random& random, const Difficulty& difficulty) {
  const uint64_t roll = random.below(100);
  if (roll < 60) return make_story(random, difficulty.level);
  if (roll < 85) return make_expression(random, difficulty.level);
  return make_two_steps(random, difficulty.level);
}

}  // namespace stride::nano
