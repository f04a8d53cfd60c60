// SPDX-License-Identifier: Apache-2.0
// The tasks about recurrences, and what all tasks share.
#include "gauntlet/code_tasks.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>

#include "base/check.h"
#include "gauntlet/code_references.h"
#include "gauntlet/code_task_parts.h"
#include "json/escape.h"

namespace stride::gauntlet {
namespace code_task {

CodeCheck check(std::string name, std::string arguments, std::string expected) {
  return {{.name = std::move(name), .arguments = std::move(arguments)}, std::move(expected)};
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  json::append_escaped(out, text);
  return out + '"';
}

std::string listed(const std::vector<std::string>& texts) {
  std::string out;
  for (const std::string& text : texts) out += (out.empty() ? "" : ",") + quoted(text);
  return '[' + out + ']';
}

std::pair<std::string, std::string> mutant(std::string name, const std::string& code,
                                           std::string_view from, std::string_view to) {
  const size_t at = code.find(from);
  STRIDE_CHECK(at != std::string::npos && code.find(from, at + 1) == std::string::npos);
  std::string changed = code;
  changed.replace(at, from.size(), to);
  return {std::move(name), std::move(changed)};
}

CodeTask lucas(Random& random) {
  CodeTask task{.id = "lucas_mod"};
  task.prompt =
      "Write a Python function `lucas_mod(n: int, m: int) -> int` that returns the n-th Lucas "
      "number modulo m, where L(0)=2 and L(1)=1. Raise ValueError if n < 0 or m < 1. It must stay "
      "fast for n up to 10**12." +
      std::string(kRules);
  task.targets = task.annotated = task.documented = {"lucas_mod"};
  task.parameters = {"n", "m"};
  const auto call = [](uint64_t n, uint64_t m) {
    return check("lucas_mod", fmt::format("[{},{}]", n, m), std::to_string(lucas_mod(n, m)));
  };
  for (const auto& [n, m] : std::vector<std::pair<uint64_t, uint64_t>>{
           {0, 10}, {1, 10}, {2, 10}, {10, 1000}, {0, 1}, {5, 1}, {0, 2}, {987654321, 65537}}) {
    task.checks.push_back(call(n, m));
  }
  for (int i = 0; i < 30; ++i) {
    const uint64_t n = random.below(i < 15 ? 200 : 1'000'000'000'000);
    task.checks.push_back(call(n, 1 + random.below(i % 2 == 0 ? 50 : 1'000'000'000)));
  }
  task.checks.push_back(call(1'000'000'000'000, 97));
  task.checks.push_back(call(1'000'000'000'000, 1'000'000'007));
  for (const char* bad : {"[-1,7]", "[3,0]", "[3,-3]"}) {
    task.errors.push_back(check("lucas_mod", bad, ""));
  }
  task.speed = {{{}, call(1'000'000'000'000, 97)}, {{}, call(1'000'000'000'000, 1'000'000'007)}};
  task.reference = R"PY(def lucas_mod(n: int, m: int) -> int:
    """Return the n-th Lucas number modulo m.

    Args:
        n: index of the number, L(0) = 2 and L(1) = 1.
        m: the modulus, at least 1.

    Returns:
        L(n) modulo m.

    Raises:
        ValueError: if n is negative or m is below 1.
    """
    if n < 0 or m < 1:
        raise ValueError("n must be >= 0 and m must be >= 1")
    a, b = 0, 1  # F(k), F(k + 1)
    for bit in bin(n)[2:]:
        c = a * ((2 * b - a) % m) % m
        d = (a * a + b * b) % m
        a, b = (d, (c + d) % m) if bit == "1" else (c, d)
    return (2 * b - a) % m
)PY";
  const std::string& code = task.reference;
  task.mutants = {mutant("Fibonacci instead", code, "return (2 * b - a) % m", "return a % m"),
                  mutant("no last modulo", code, "return (2 * b - a) % m", "return 2 * b - a"),
                  mutant("bits from the wrong end", code, "bin(n)[2:]", "bin(n)[:1:-1]"),
                  {"a constant", "def lucas_mod(n: int, m: int) -> int:\n    return 42\n"}};
  return task;
}

CodeTask linear(Random& random) {
  CodeTask task{.id = "recurrence"};
  task.prompt =
      "Write a Python function `recurrence(coefficients: list[int], initial: list[int], n: int, m: "
      "int) -> int` that returns the n-th term modulo m of the linear recurrence a(n) = "
      "coefficients[0]*a(n-1) + coefficients[1]*a(n-2) + ... with a(0), a(1), ... = initial. The "
      "result lies in 0..m-1 also where numbers are negative. Raise ValueError if the two lists "
      "differ in length or are empty, if n < 0, or if m < 1. It must stay fast for n up to 10**15 "
      "and up to 8 coefficients." +
      std::string(kRules);
  task.targets = task.annotated = task.documented = {"recurrence"};
  task.parameters = {"coefficients", "initial", "n", "m"};
  const auto call = [](const std::vector<int64_t>& c, const std::vector<int64_t>& initial,
                       uint64_t n, uint64_t m) {
    return check("recurrence",
                 fmt::format("[[{}],[{}],{},{}]", fmt::join(c, ","), fmt::join(initial, ","), n, m),
                 std::to_string(recurrence(c, initial, n, m)));
  };
  using List = std::vector<int64_t>;
  task.checks = {call({1, 1}, {0, 1}, 0, 10),
                 call({1, 1}, {0, 1}, 1, 10),
                 call({1, 1}, {0, 1}, 10, 1000),
                 call({2}, {1}, 10, 1'000'000),
                 call({2}, {3}, 0, 2),
                 call({1, 1}, {7, 8}, 0, 1),
                 call({-1, 2}, {1, -1}, 5, 1000),
                 call({0, 0, 1}, {4, 5, 6}, 7, 100),
                 call({1, 2, 3}, {1, 1, 1}, 3, 100),
                 call({3, -2}, {5, 5}, 40, 1'000'003)};
  for (int i = 0; i < 30; ++i) {
    const size_t k = 1 + random.below(5);
    List c(k), initial(k);
    for (int64_t& value : c) value = static_cast<int64_t>(random.below(15)) - 6;
    for (int64_t& value : initial) value = static_cast<int64_t>(random.below(40)) - 10;
    task.checks.push_back(call(c, initial, random.below(i < 15 ? 60 : 1'000'000'000'000),
                               1 + random.below(1'000'000'007)));
  }
  for (const char* bad : {"[[1,1],[0],5,10]", "[[],[],5,10]", "[[1],[1],-1,10]", "[[1],[1],5,0]"}) {
    task.errors.push_back(check("recurrence", bad, ""));
  }
  task.speed = {{{},
                 call({1, 2, 3, 4, 5, 6, 7, 8}, {1, 1, 1, 1, 1, 1, 1, 1}, 1'000'000'000'000'000,
                      1'000'000'007)},
                {{}, call({5}, {3}, 999'999'999'999'999, 998'244'353)}};
  task.reference =
      R"PY(def recurrence(coefficients: list[int], initial: list[int], n: int, m: int) -> int:
    """Return the n-th term of a linear recurrence modulo m.

    Args:
        coefficients: factors of a(n-1), a(n-2) and so on.
        initial: the first terms, as many as coefficients.
        n: index of the term, from 0.
        m: the modulus, at least 1.

    Returns:
        a(n) modulo m.

    Raises:
        ValueError: if the lists do not fit, n is negative or m is below 1.
    """
    k = len(coefficients)
    if k == 0 or k != len(initial) or n < 0 or m < 1:
        raise ValueError("invalid recurrence")

    def times(a: list[int], b: list[int]) -> list[int]:
        product = [0] * (2 * k)
        for i, x in enumerate(a):
            for j, y in enumerate(b):
                product[i + j] = (product[i + j] + x * y) % m
        for top in range(2 * k - 1, k - 1, -1):
            for i, c in enumerate(coefficients):
                product[top - 1 - i] = (product[top - 1 - i] + product[top] * c) % m
        return product[:k]

    result = [1] + [0] * (k - 1)
    power = times([1] + [0] * (k - 1), [0, 1] + [0] * k)[:k] if k == 1 else [0, 1] + [0] * (k - 2)
    if k == 1:
        power = [coefficients[0] % m]
    while n:
        if n & 1:
            result = times(result, power)
        power = times(power, power)
        n >>= 1
    return sum(r * x for r, x in zip(result, initial)) % m
)PY";
  const std::string& code = task.reference;
  task.mutants = {
      mutant("coefficients reversed", code, "for i, c in enumerate(coefficients):",
             "for i, c in enumerate(reversed(coefficients)):"),
      mutant("initial terms reversed", code, "zip(result, initial)", "zip(result, initial[::-1])"),
      mutant("one step too far", code, "    while n:\n", "    n += 1\n    while n:\n")};
  return task;
}

}  // namespace code_task

CodeTask make_code_task(size_t index, Random& random) {
  // The first five are the frozen variants.
  static constexpr std::array kMakers = {code_task::lucas, code_task::profile, code_task::csv,
                                         code_task::cache, code_task::roman,   code_task::linear};
  static_assert(kMakers.size() == kCodeTasks);
  return kMakers[index](random);
}

}  // namespace stride::gauntlet
