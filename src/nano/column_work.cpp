// SPDX-License-Identifier: Apache-2.0
#include "nano/column_work.h"

#include <fmt/core.h>

#include <algorithm>
#include <vector>

#include "nano/pick.h"

namespace stride::nano {
namespace {

using Digits = std::vector<int>;  // least significant first

Digits digits_of(int64_t value) {
  Digits digits;
  do {
    digits.push_back(static_cast<int>(value % 10));
    value /= 10;
  } while (value > 0);
  return digits;
}

int digit(const Digits& digits, size_t i) {
  return i < digits.size() ? digits[i] : 0;
}

std::string lines(const std::vector<std::string>& steps, Effort effort) {
  return join(steps, effort == Effort::high ? "\n" : ", ");
}

// The steps with what they come to: nothing at low, after the last column at medium, on a line of
// its own at high.
std::string with_result(std::vector<std::string> steps, int64_t result, Effort effort) {
  if (effort == Effort::high) {
    steps.push_back(fmt::format("Result: {}", result));
    return join(steps, "\n");
  }
  std::string work = join(steps, ", ");
  if (effort != Effort::low && steps.size() > 1) work += fmt::format(" = {}", result);
  return work;
}

std::string carry_note(int sum, bool last) {
  if (last) return fmt::format(", write {}", sum);
  return sum >= 10 ? fmt::format(", write {}, carry {}", sum % 10, sum / 10)
                   : fmt::format(", write {}", sum);
}

std::vector<std::string> multiply_steps(int64_t a, int64_t d, Effort effort) {
  std::vector<std::string> steps;
  const Digits x = digits_of(a);
  int carry = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    const int product = x[i] * static_cast<int>(d);
    const int sum = product + carry;
    std::string step = fmt::format("{}*{}={}", x[i], d, product);
    if (carry > 0) step += fmt::format(", {}+{}={}", product, carry, sum);
    if (effort == Effort::high) step += carry_note(sum, i + 1 == x.size());
    steps.push_back(std::move(step));
    carry = sum / 10;
  }
  return steps;
}

}  // namespace

std::string work_add(int64_t a, int64_t b, Effort effort) {
  const Digits x = digits_of(a), y = digits_of(b);
  const size_t n = std::max(x.size(), y.size());
  std::vector<std::string> steps;
  int carry = 0;
  for (size_t i = 0; i < n; ++i) {
    const int sum = digit(x, i) + digit(y, i) + carry;
    std::string step = fmt::format("{}+{}", digit(x, i), digit(y, i));
    if (carry > 0) step += fmt::format("+{}", carry);
    step += fmt::format("={}", sum);
    if (effort == Effort::high) step += carry_note(sum, i + 1 == n);
    steps.push_back(std::move(step));
    carry = sum / 10;
  }
  return with_result(std::move(steps), a + b, effort);
}

std::string work_subtract(int64_t a, int64_t b, Effort effort) {
  const int64_t large = std::max(a, b), small = std::min(a, b);
  const Digits x = digits_of(large), y = digits_of(small);
  std::vector<std::string> steps;
  if (a < b) steps.push_back(fmt::format("{}<{}, so {}-{} with a minus", a, b, b, a));
  int borrow = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    int top = x[i];
    std::vector<std::string> parts;
    int next_borrow = 0;
    if (borrow > 0) {
      if (top == 0) {
        top = 10;
        next_borrow = 1;
      }
      parts.push_back(fmt::format("{}-1={}", top, top - 1));
      top -= 1;
    }
    if (top < digit(y, i)) {
      parts.push_back(fmt::format("{}<{}", top, digit(y, i)));
      top += 10;
      next_borrow = 1;
    }
    parts.push_back(fmt::format("{}-{}={}", top, digit(y, i), top - digit(y, i)));
    if (next_borrow > 0 && effort == Effort::high) parts.push_back("borrow 1");
    steps.push_back(join(parts, ", "));
    borrow = next_borrow;
  }
  return with_result(std::move(steps), a - b, effort);
}

std::string work_multiply(int64_t a, int64_t b, Effort effort) {
  if (a < b) std::swap(a, b);
  const Digits y = digits_of(b);
  if (y.size() == 1) {
    return with_result(multiply_steps(a, b, effort), a * b, effort);
  }
  // One line per digit of the smaller factor, then the sum of the partial products.
  std::vector<std::string> rows;
  int64_t sum = 0, place = 1;
  for (const int d : y) {
    const int64_t part = a * d * place;
    const std::string work = join(multiply_steps(a, d, Effort::low), ", ");
    rows.push_back(fmt::format("{}*{}: {} = {}", a, d * place, work, part));
    if (place > 1)
      rows.push_back(fmt::format("{}+{}: {}", sum, part, work_add(sum, part, Effort::medium)));
    sum += part;
    place *= 10;
  }
  if (effort == Effort::high) rows.push_back(fmt::format("Result: {}", a * b));
  return join(rows, "\n");
}

std::string work_divide(int64_t a, int64_t divisor, Effort effort) {
  const Digits x = digits_of(a);
  std::vector<std::string> steps;
  int64_t rest = 0;
  for (size_t i = x.size(); i-- > 0;) {
    const int64_t prefix = rest * 10 + x[i];
    const int64_t q = prefix / divisor;
    rest = prefix % divisor;
    if (steps.empty() && q == 0 && i > 0) continue;
    std::string step = fmt::format("{}={}*{}+{}", prefix, divisor, q, rest);
    if (effort == Effort::high)
      step += i > 0 ? fmt::format(", write {}, bring down {}", q, x[i - 1])
                    : fmt::format(", write {}", q);
    steps.push_back(std::move(step));
  }
  if (effort == Effort::high)
    steps.push_back(fmt::format("Result: {} remainder {}", a / divisor, a % divisor));
  return lines(steps, effort);
}

std::string work_compare(int64_t a, int64_t b, Effort effort) {
  const std::string x = std::to_string(a), y = std::to_string(b);
  std::vector<std::string> steps;
  if (x.size() != y.size() || effort == Effort::high)
    steps.push_back(fmt::format("{}: {} digits, {}: {} digits", x, x.size(), y, y.size()));
  if (x.size() == y.size()) {
    size_t i = 0;
    while (i < x.size() && x[i] == y[i]) {
      steps.push_back(fmt::format("{}={}", x[i], y[i]));
      ++i;
    }
    if (i < x.size()) steps.push_back(fmt::format("{}{}{}", x[i], x[i] < y[i] ? "<" : ">", y[i]));
  } else {
    steps.push_back(fmt::format("{}{}{}", x.size(), x.size() < y.size() ? "<" : ">", y.size()));
  }
  // The short form is the step that decides.
  if (effort == Effort::low) return steps.empty() ? std::string() : steps.back();
  if (effort == Effort::high)
    steps.push_back(fmt::format("{}{}{}", x, a < b ? "<" : a > b ? ">" : "=", y));
  return lines(steps, effort);
}

}  // namespace stride::nano
