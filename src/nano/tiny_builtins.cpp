// SPDX-License-Identifier: Apache-2.0
#include "nano/tiny_builtins.h"

#include <fmt/core.h>

#include <algorithm>

#include "nano/pick.h"
#include "nano/tiny_expression.h"

namespace stride::nano {
namespace {

constexpr size_t kMaxSize = 1000;  // characters of a string, elements of a list

const int64_t* integer(const Value& value) {
  return std::get_if<int64_t>(&value.data);
}
const std::string* string(const Value& value) {
  return std::get_if<std::string>(&value.data);
}
const ValueList* list(const Value& value) {
  return std::get_if<ValueList>(&value.data);
}

Result<Value> integers(char sign, int64_t a, int64_t b) {
  int64_t out = 0;
  bool overflow = false;
  if (sign == '+') overflow = __builtin_add_overflow(a, b, &out);
  if (sign == '-') overflow = __builtin_sub_overflow(a, b, &out);
  if (sign == '*') overflow = __builtin_mul_overflow(a, b, &out);
  if (sign == '/' || sign == '%') {
    if (b == 0) return fail(Errc::invalid_argument, "division by zero");
    if (b == -1) return sign == '/' ? integers('-', 0, a) : Result<Value>(Value{int64_t{0}});
    int64_t quotient = a / b, rest = a % b;
    if (rest != 0 && (rest < 0) != (b < 0)) {  // rounds towards minus infinity
      quotient -= 1;
      rest += b;
    }
    out = sign == '/' ? quotient : rest;
  }
  if (overflow) return fail(Errc::exhausted, "a number is too large");
  return Value{out};
}

Result<Value> repeat(const Value& value, int64_t n) {
  const size_t size = string(value) != nullptr ? string(value)->size() : list(value)->size();
  if (n > 0 && size * static_cast<uint64_t>(std::min<int64_t>(n, 1 << 20)) > kMaxSize)
    return fail(Errc::exhausted, "a repetition is too long");
  std::string text;
  ValueList items;
  for (int64_t i = 0; i < n && size > 0; ++i) {
    if (const auto* s = string(value)) text += *s;
    if (const auto* l = list(value)) items.insert(items.end(), l->begin(), l->end());
  }
  return string(value) != nullptr ? Value{std::move(text)} : Value{std::move(items)};
}

Result<bool> less(const Value& a, const Value& b) {
  if (integer(a) != nullptr && integer(b) != nullptr) return *integer(a) < *integer(b);
  if (string(a) != nullptr && string(b) != nullptr) return *string(a) < *string(b);
  return fail(Errc::invalid_argument, "{} and {} cannot be ordered", repr(a), repr(b));
}

Result<ValueList> sorted(ValueList items) {
  for (const Value& item : items)  // all of one kind, or an error
    static_cast<void>(STRIDE_TRY(less(items[0], item)));
  std::sort(items.begin(), items.end(),
            [](const Value& a, const Value& b) { return less(a, b).value_or(false); });
  return items;
}

Result<Value> make_range(const ValueList& arguments) {
  int64_t bounds[3] = {0, 0, 1};
  if (arguments.empty() || arguments.size() > 3)
    return fail(Errc::format, "range takes one to three numbers");
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (integer(arguments[i]) == nullptr) return fail(Errc::format, "range takes numbers");
    bounds[arguments.size() == 1 ? 1 : i] = *integer(arguments[i]);
  }
  if (bounds[2] == 0) return fail(Errc::invalid_argument, "the step of a range is 0");
  ValueList items;
  for (int64_t v = bounds[0]; bounds[2] > 0 ? v < bounds[1] : v > bounds[1];) {
    if (items.size() >= kMaxSize) return fail(Errc::exhausted, "a range is too long");
    items.push_back(Value{v});
    if (__builtin_add_overflow(v, bounds[2], &v)) break;
  }
  return Value{std::move(items)};
}

Result<Value> extreme(const ValueList& arguments, bool largest) {
  const ValueList items = arguments.size() == 1 ? STRIDE_TRY(items_of(arguments[0])) : arguments;
  if (items.empty()) return fail(Errc::invalid_argument, "min and max need values");
  const Value* best = &items[0];
  for (const Value& item : items) {
    const bool smaller = STRIDE_TRY(less(item, *best));
    const bool greater = STRIDE_TRY(less(*best, item));
    if (largest ? greater : smaller) best = &item;
  }
  return *best;
}

Result<Value> total(const Value& argument) {
  const ValueList items = STRIDE_TRY(items_of(argument));
  Value out{int64_t{0}};
  for (const Value& item : items) out = STRIDE_TRY(arithmetic('+', out, item));
  return out;
}

}  // namespace

bool truth(const Value& value) {
  if (const auto* b = std::get_if<bool>(&value.data)) return *b;
  if (integer(value) != nullptr) return *integer(value) != 0;
  if (string(value) != nullptr) return !string(value)->empty();
  return list(value) != nullptr && !list(value)->empty();
}

Result<ValueList> items_of(const Value& value) {
  if (const auto* l = list(value)) return *l;
  if (const auto* s = string(value)) {
    ValueList items;
    for (const char c : *s) items.push_back(Value{std::string(1, c)});
    return items;
  }
  return fail(Errc::invalid_argument, "{} has no elements", repr(value));
}

Result<Value> arithmetic(char sign, const Value& a, const Value& b) {
  if (integer(a) != nullptr && integer(b) != nullptr)
    return integers(sign, *integer(a), *integer(b));
  if (sign == '+' && string(a) != nullptr && string(b) != nullptr) {
    if (string(a)->size() + string(b)->size() > kMaxSize)
      return fail(Errc::exhausted, "a string is too long");
    return Value{*string(a) + *string(b)};
  }
  if (sign == '+' && list(a) != nullptr && list(b) != nullptr) {
    ValueList items = *list(a);
    items.insert(items.end(), list(b)->begin(), list(b)->end());
    if (items.size() > kMaxSize) return fail(Errc::exhausted, "a list is too long");
    return Value{std::move(items)};
  }
  const bool left = string(a) != nullptr || list(a) != nullptr,
             right = string(b) != nullptr || list(b) != nullptr;
  if (sign == '*' && left && integer(b) != nullptr) return repeat(a, *integer(b));
  if (sign == '*' && right && integer(a) != nullptr) return repeat(b, *integer(a));
  return fail(Errc::invalid_argument, "{} {} {} is not defined", repr(a), sign, repr(b));
}

Result<Value> compare(std::string_view sign, const Value& a, const Value& b) {
  if (sign == "==") return Value{a == b};
  if (sign == "!=") return Value{!(a == b)};
  if (sign == "in") {
    if (string(a) != nullptr && string(b) != nullptr)
      return Value{string(b)->find(*string(a)) != std::string::npos};
    const ValueList items = STRIDE_TRY(items_of(b));
    return Value{std::find(items.begin(), items.end(), a) != items.end()};
  }
  const bool below = STRIDE_TRY(less(a, b));
  const bool above = STRIDE_TRY(less(b, a));
  if (sign == "<") return Value{below};
  if (sign == ">") return Value{above};
  return Value{sign == "<=" ? !above : !below};
}

Result<Value> take_index(const Value& value, const Value& index) {
  const ValueList items = STRIDE_TRY(items_of(value));
  if (integer(index) == nullptr) return fail(Errc::invalid_argument, "{} is no index", repr(index));
  const auto size = static_cast<int64_t>(items.size());
  const int64_t at = *integer(index) < 0 ? *integer(index) + size : *integer(index);
  if (at < 0 || at >= size)
    return fail(Errc::invalid_argument, "index {} is outside of {} elements", *integer(index),
                size);
  return items[static_cast<size_t>(at)];
}

Result<Value> take_slice(const Value& value, const std::optional<Value>& begin,
                         const std::optional<Value>& end, const std::optional<Value>& step) {
  ValueList items = STRIDE_TRY(items_of(value));
  const auto size = static_cast<int64_t>(items.size());
  const auto bound = [&](const std::optional<Value>& given, int64_t otherwise) -> Result<int64_t> {
    if (!given) return otherwise;
    if (integer(*given) == nullptr) return fail(Errc::invalid_argument, "a slice takes numbers");
    const int64_t at = *integer(*given);
    return std::clamp<int64_t>(at < 0 ? std::max<int64_t>(at, -size) + size : at, 0, size);
  };
  if (step && *step == Value{int64_t{-1}} && !begin && !end) {
    std::reverse(items.begin(), items.end());
  } else {
    if (step && !(*step == Value{int64_t{1}}))
      return fail(Errc::unsupported, "this step of a slice is not supported");
    const int64_t from = STRIDE_TRY(bound(begin, 0)),
                  to = std::max(from, STRIDE_TRY(bound(end, size)));
    items = ValueList(items.begin() + from, items.begin() + to);
  }
  if (string(value) == nullptr) return Value{std::move(items)};
  std::string text;
  for (const Value& item : items) text += *string(item);
  return Value{std::move(text)};
}

Result<Value> method(const Value& value, std::string_view name, const ValueList& arguments) {
  if (const auto* s = string(value); s != nullptr && arguments.empty()) {
    if (name == "upper") return Value{upper(*s)};
    if (name == "lower") return Value{lower(*s)};
  }
  if (name == "count" && arguments.size() == 1) {
    const ValueList items = STRIDE_TRY(items_of(value));
    return Value{static_cast<int64_t>(std::count(items.begin(), items.end(), arguments[0]))};
  }
  return fail(Errc::unsupported, "the method {} is not known", name);
}

Result<Value> builtin(std::string_view name, const ValueList& arguments) {
  if (name == "range") return make_range(arguments);
  if (arguments.empty()) return fail(Errc::format, "{} needs an argument", name);
  if (name == "max" || name == "min") return extreme(arguments, name == "max");
  if (arguments.size() != 1) return fail(Errc::format, "{} takes one argument", name);
  const Value& only = arguments[0];
  if (name == "str") return Value{show(only)};
  if (name == "abs" && integer(only) != nullptr)
    return *integer(only) < 0 ? integers('-', 0, *integer(only)) : only;
  if (name == "len") return Value{static_cast<int64_t>(STRIDE_TRY(items_of(only)).size())};
  if (name == "sum") return total(only);
  if (name == "sorted") return Value{STRIDE_TRY(sorted(STRIDE_TRY(items_of(only))))};
  return fail(Errc::not_found, "{} is not defined", name);
}

std::string show(const Value& value) {
  return string(value) != nullptr ? *string(value) : repr(value);
}

std::string repr(const Value& value) {
  if (const auto* b = std::get_if<bool>(&value.data)) return *b ? "True" : "False";
  if (integer(value) != nullptr) return std::to_string(*integer(value));
  if (string(value) != nullptr) return fmt::format("'{}'", *string(value));
  if (list(value) == nullptr) return "None";
  std::vector<std::string> parts;
  for (const Value& item : *list(value)) parts.push_back(repr(item));
  return fmt::format("[{}]", join(parts, ", "));
}

std::string printed(const ValueList& arguments) {
  std::vector<std::string> parts;
  for (const Value& argument : arguments) parts.push_back(show(argument));
  return join(parts, " ");
}

}  // namespace stride::nano
