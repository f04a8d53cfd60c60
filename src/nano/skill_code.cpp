// SPDX-License-Identifier: Apache-2.0
// Small programs: what do they print, and write a function that does so and so. References and
// answers are judged by running them.
#include <fmt/core.h>

#include <algorithm>

#include "nano/numbers.h"
#include "nano/pick.h"
#include "nano/skills.h"
#include "nano/tiny_language.h"
#include "nano/words.h"

namespace stride::nano {
namespace {

struct Program {
  std::string_view kind;
  std::string source;
  std::string trace;
};

std::string name_of(Random& random) {
  return std::string(pick(random, {"a", "b", "x", "y", "n", "m", "k", "t"}));
}

Program assignments(Random& random) {
  const std::string a = name_of(random);
  std::string b = name_of(random);
  while (b == a) b = name_of(random);
  const int64_t p = between(random, 2, 9), q = between(random, 1, 9), r = between(random, 2, 9);
  const char first = chance(random, 0.5) ? '+' : '*', second = chance(random, 0.5) ? '+' : '-';
  const int64_t middle = first == '+' ? p + q : p * q,
                last = second == '+' ? middle + r : middle - r;
  return {
      "assign",
      fmt::format("{} = {}\n{} = {} {} {}\nprint({} {} {})", a, p, b, a, first, q, b, second, r),
      fmt::format("{}={}, {}={}{}{}={}, {}{}{}={}", a, p, b, p, first, q, middle, middle, second, r,
                  last)};
}

Program loop(Random& random) {
  const int64_t start = between(random, 0, 5), n = between(random, 2, 4),
                step = between(random, 1, 5);
  const bool by_index = chance(random, 0.5);
  int64_t s = start;
  std::vector<std::string> trace = {fmt::format("s={}", start)};
  for (int64_t i = 0; i < n; ++i) {
    s += by_index ? i : step;
    trace.push_back(fmt::format("{}", s));
  }
  return {"loop",
          fmt::format("s = {}\nfor i in range({}):\n    s += {}\nprint(s)", start, n,
                      by_index ? "i" : std::to_string(step)),
          join(trace, ", ")};
}

Program branch(Random& random) {
  const std::string a = name_of(random);
  const int64_t p = between(random, 0, 20), q = between(random, 0, 20);
  const auto words = pick_some(random, common_words(), 2);
  const char sign = chance(random, 0.5) ? '<' : '>';
  const bool yes = sign == '<' ? p < q : p > q;
  return {"branch",
          fmt::format("{} = {}\nif {} {} {}:\n    print(\"{}\")\nelse:\n    print(\"{}\")", a, p, a,
                      sign, q, words[0], words[1]),
          fmt::format("{}{}{} is {}", p, sign, q, yes ? "true" : "false")};
}

Program strings(Random& random) {
  const std::string word(pick(random, common_words())), other(pick(random, common_words()));
  switch (random.below(4)) {
    case 0: {
      const int64_t n = between(random, 2, 4);
      return {"string", fmt::format("s = \"{}\"\nprint(s * {})", word, n),
              fmt::format("{} times {}", n, word)};
    }
    case 1:
      return {"string", fmt::format("a = \"{}\"\nb = \"{}\"\nprint(a + b)", word, other),
              fmt::format("{} then {}", word, other)};
    case 2: {
      std::string letters;
      for (const char c : word) letters += fmt::format("{} ", c);
      return {"string", fmt::format("s = \"{}\"\nprint(len(s))", word),
              letters + fmt::format("{}", word.size())};
    }
    default:
      return {"string", fmt::format("s = \"{}\"\nprint(s.upper())", word), word};
  }
}

Program lists(Random& random) {
  std::vector<std::string> items;
  std::vector<int64_t> numbers;
  for (int i = 0, n = static_cast<int>(between(random, 3, 5)); i < n; ++i) {
    numbers.push_back(between(random, 1, 20));
    items.push_back(std::to_string(numbers.back()));
  }
  const std::string text = join(items, ", ");
  switch (random.below(4)) {
    case 0: {
      const uint64_t at = random.below(items.size());
      std::vector<std::string> walk;
      for (uint64_t i = 0; i <= at; ++i) walk.push_back(fmt::format("{}:{}", i, items[i]));
      return {"list", fmt::format("a = [{}]\nprint(a[{}])", text, at), join(walk, ", ")};
    }
    case 1: {
      std::vector<std::string> walk;
      int64_t sum = 0;
      for (const int64_t v : numbers) walk.push_back(std::to_string(sum += v));
      return {"list", fmt::format("a = [{}]\nprint(sum(a))", text), join(walk, ", ")};
    }
    case 2:
      return {"list", fmt::format("a = [{}]\nprint(len(a))", text), fmt::format("count: {}", text)};
    default:
      return {"list", fmt::format("a = [{}]\nprint(max(a))", text),
              fmt::format("largest of {}", text)};
  }
}

Program call(Random& random) {
  const std::string f(pick(random, {"f", "g", "h"})), x = name_of(random);
  const int64_t p = between(random, 2, 9), q = between(random, 1, 9), v = between(random, 1, 9);
  return {"call",
          fmt::format("def {}({}):\n    return {} * {} + {}\nprint({}({}))", f, x, x, p, q, f, v),
          fmt::format("{}={}, {}*{}={}, {}+{}={}", x, v, v, p, v * p, v * p, q, v * p + q)};
}

Sample make_predict(Random& random) {
  Program program;
  switch (random.below(7)) {
    case 0:
    case 1:
      program = assignments(random);
      break;
    case 2:
      program = loop(random);
      break;
    case 3:
      program = branch(random);
      break;
    case 4:
      program = strings(random);
      break;
    case 5:
      program = lists(random);
      break;
    default:
      program = call(random);
  }
  const std::string output = run_program(program.source).value_or("error");
  Sample sample =
      question(Skill::code, program.kind, "code:" + program.source,
               fill(pick(random, {"What does this program print?\n{p}", "What is the output?\n{p}",
                                  "Run this in your head:\n{p}", "{p}\nWhat does it print?"}),
                    {{"p", program.source}}));
  sample.effort = pick_effort(random);
  answer(sample,
         reasoning_for(sample.effort, program.trace,
                       fmt::format("I go line by line.\n{}\nIt prints {}", program.trace, output)),
         output);
  sample.check = TextCheck{output};
  return sample;
}

// {f} is the function, {x} and {y} its parameters, {k} a number; cases are arguments to try.
struct Task {
  std::string_view what;
  std::string_view name;
  std::string_view params;
  std::string_view body;
  Strings cases;
};
constexpr std::string_view kNumbers[] = {"0", "3", "10", "-4"};
constexpr std::string_view kPairs[] = {"2, 3", "7, 7", "-1, 4", "9, 2"};
constexpr std::string_view kLists[] = {"[1, 2, 3]", "[5]", "[4, 4, 9, 1]"};
constexpr std::string_view kStrings[] = {"\"ab\"", "\"Hello\"", "\"x\""};
constexpr std::string_view kNaturals[] = {"0", "3", "47"};
const Task kTasks[] = {
    {"returns the double of {x}", "double", "{x}", "return {x} * 2", kNumbers},
    {"returns {x} plus {k}", "add_{k}", "{x}", "return {x} + {k}", kNumbers},
    {"returns {x} minus {k}", "minus_{k}", "{x}", "return {x} - {k}", kNumbers},
    {"returns {x} times {k}", "times_{k}", "{x}", "return {x} * {k}", kNumbers},
    {"returns the square of {x}", "square", "{x}", "return {x} * {x}", kNumbers},
    {"returns the cube of {x}", "cube", "{x}", "return {x} * {x} * {x}", kNumbers},
    {"returns the negative of {x}", "negate", "{x}", "return -{x}", kNumbers},
    {"tells whether {x} is even", "is_even", "{x}", "return {x} % 2 == 0", kNumbers},
    {"tells whether {x} is odd", "is_odd", "{x}", "return {x} % 2 == 1", kNumbers},
    {"tells whether {x} is positive", "is_positive", "{x}", "return {x} > 0", kNumbers},
    {"tells whether {x} is greater than {k}", "above_{k}", "{x}", "return {x} > {k}", kNumbers},
    {"tells whether {x} is divisible by {k}", "divisible_by_{k}", "{x}", "return {x} % {k} == 0",
     kNumbers},
    {"returns the absolute value of {x}", "absolute", "{x}", "return abs({x})", kNumbers},
    {"returns the last digit of {x}", "last_digit", "{x}", "return {x} % 10", kNaturals},
    {"returns the sum of {x} and {y}", "add", "{x}, {y}", "return {x} + {y}", kPairs},
    {"returns the difference of {x} and {y}", "subtract", "{x}, {y}", "return {x} - {y}", kPairs},
    {"returns the product of {x} and {y}", "multiply", "{x}, {y}", "return {x} * {y}", kPairs},
    {"returns the larger of {x} and {y}", "larger", "{x}, {y}", "return max({x}, {y})", kPairs},
    {"returns the smaller of {x} and {y}", "smaller", "{x}, {y}", "return min({x}, {y})", kPairs},
    {"tells whether {x} and {y} are equal", "equal", "{x}, {y}", "return {x} == {y}", kPairs},
    {"returns {x} if it is greater than {y} and else {k}", "keep_greater", "{x}, {y}",
     "if {x} > {y}:\n        return {x}\n    return {k}", kPairs},
    {"returns the sum of the list {x}", "total", "{x}", "return sum({x})", kLists},
    {"returns the length of the list {x}", "count", "{x}", "return len({x})", kLists},
    {"returns the first element of {x}", "first", "{x}", "return {x}[0]", kLists},
    {"returns the last element of {x}", "last", "{x}", "return {x}[-1]", kLists},
    {"returns the largest element of {x}", "largest", "{x}", "return max({x})", kLists},
    {"returns the smallest element of {x}", "smallest", "{x}", "return min({x})", kLists},
    {"returns the list {x} sorted", "sort_list", "{x}", "return sorted({x})", kLists},
    {"returns the list {x} reversed", "reverse_list", "{x}", "return {x}[::-1]", kLists},
    {"returns the text {x} in upper case", "shout", "{x}", "return {x}.upper()", kStrings},
    {"returns the text {x} in lower case", "whisper", "{x}", "return {x}.lower()", kStrings},
    {"returns the length of the text {x}", "length", "{x}", "return len({x})", kStrings},
    {"returns the text {x} reversed", "backwards", "{x}", "return {x}[::-1]", kStrings},
    {"returns the text {x} repeated {k} times", "repeat_{k}", "{x}", "return {x} * {k}", kStrings},
    {"returns the sum of all numbers below {x}", "sum_below", "{x}",
     "s = 0\n    for i in range({x}):\n        s += i\n    return s", kNumbers},
    {"returns the product of the numbers in {x}", "product", "{x}",
     "p = 1\n    for i in {x}:\n        p *= i\n    return p", kLists},
    {"counts the even numbers in {x}", "count_even", "{x}",
     "n = 0\n    for i in {x}:\n        if i % 2 == 0:\n            n += 1\n    return n", kLists},
};

Sample make_function(Random& random) {
  const Task& task = kTasks[random.below(std::size(kTasks))];
  const bool list = task.what.find("list") != task.what.npos || task.cases.data() == kLists;
  const bool text = task.what.find("text") != task.what.npos;
  const std::string x(text   ? pick(random, {"s", "text", "t", "word"})
                      : list ? pick(random, {"a", "items", "v", "numbers"})
                             : pick(random, {"x", "n", "a", "k", "value"}));
  const std::string y(pick(random, {"y", "b", "other"})), k = std::to_string(between(random, 2, 9));
  const auto with = [&](std::string_view t) { return fill(t, {{"x", x}, {"y", y}, {"k", k}}); };
  const std::string name =
      chance(random, 0.5)
          ? with(task.name)
          : std::string(pick(random, {"f", "g", "solve", "compute", "run", "task"}));
  const std::string what = with(task.what);
  const std::string source =
      fmt::format("def {}({}):\n    {}", name, with(task.params), with(task.body));
  Sample sample = question(Skill::code, "function", fmt::format("function:{}:{}", name, what),
                           fill(pick(random, {"Write a Python function {f}({p}) that {w}.",
                                              "Define {f}({p}) in Python. It {w}.",
                                              "I need a Python function {f}({p}) that {w}."}),
                                {{"f", name}, {"p", with(task.params)}, {"w", what}}));
  sample.effort = pick_effort(random);
  std::string last = with(task.body);
  last = last.substr(
      last.rfind('\n') == last.npos ? 0 : last.find_first_not_of(' ', last.rfind('\n') + 1));
  answer(sample,
         reasoning_for(sample.effort, last,
                       fmt::format("The function is {} with {}.\nIt {}.\n{}", name,
                                   with(task.params), what, last)),
         source);
  ProgramCheck check{name, {}};
  for (const std::string_view arguments : task.cases)
    check.cases.emplace_back(arguments, run_function(source, name, arguments).value_or("error"));
  sample.check = std::move(check);
  return sample;
}

}  // namespace

Sample make_code(Random& random, const Difficulty&) {
  return chance(random, 0.6) ? make_predict(random) : make_function(random);
}

}  // namespace stride::nano
