// SPDX-License-Identifier: Apache-2.0
#include "nano/tiny_expression.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "nano/tiny_builtins.h"

namespace stride::nano {
namespace {

constexpr int kMaxDepth = 20;

// One expression: each level of binding is one function, loosest first.
class Expression {
 public:
  Expression(std::string_view text, Scope& scope, Caller& caller)
      : text_(text), scope_(scope), caller_(caller) {}

  Result<Value> whole() {
    Value value = STRIDE_TRY(choice());
    skip();
    if (at_ < text_.size())
      return fail(Errc::format, "\"{}\" is not understood in \"{}\"", text_.substr(at_), text_);
    return value;
  }

 private:
  void skip() {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
  }
  bool take(std::string_view sign) {
    skip();
    if (!text_.substr(at_).starts_with(sign)) return false;
    if (is_name_char(sign.back()) && at_ + sign.size() < text_.size() &&
        is_name_char(text_[at_ + sign.size()]))
      return false;
    at_ += sign.size();
    return true;
  }

  // value [if condition else value]; both sides are evaluated, which programs without side effects
  // cannot notice except by an error in the side not taken.
  Result<Value> choice() {
    if (++depth_ > kMaxDepth) return fail(Errc::exhausted, "an expression is nested too deeply");
    Value value = STRIDE_TRY(either());
    if (take("if")) {
      const Value condition = STRIDE_TRY(either());
      if (!take("else")) return fail(Errc::format, "\"{}\" has no else", text_);
      Value other = STRIDE_TRY(choice());
      if (!truth(condition)) value = std::move(other);
    }
    --depth_;
    return value;
  }
  Result<Value> either() {
    Value left = STRIDE_TRY(both());
    while (take("or")) {
      Value right = STRIDE_TRY(both());
      if (!truth(left)) left = std::move(right);
    }
    return left;
  }
  Result<Value> both() {
    Value left = STRIDE_TRY(negation());
    while (take("and")) {
      Value right = STRIDE_TRY(negation());
      if (truth(left)) left = std::move(right);
    }
    return left;
  }
  Result<Value> negation() {
    if (!take("not")) return comparison();
    if (++depth_ > kMaxDepth) return fail(Errc::exhausted, "an expression is nested too deeply");
    const Value value = STRIDE_TRY(negation());
    --depth_;
    return Value{!truth(value)};
  }
  Result<Value> comparison() {
    Value left = STRIDE_TRY(sum());
    for (const std::string_view sign : {"==", "!=", "<=", ">=", "<", ">", "in"}) {
      if (!take(sign)) continue;
      const Value right = STRIDE_TRY(sum());
      return compare(sign, left, right);
    }
    return left;
  }
  Result<Value> sum() {
    Value left = STRIDE_TRY(product());
    for (;;) {
      const char sign = take("+") ? '+' : take("-") ? '-' : 0;
      if (sign == 0) return left;
      const Value right = STRIDE_TRY(product());
      left = STRIDE_TRY(arithmetic(sign, left, right));
    }
  }
  Result<Value> product() {
    Value left = STRIDE_TRY(unary());
    for (;;) {
      const char sign = take("//") ? '/' : take("*") ? '*' : take("%") ? '%' : 0;
      if (sign == 0) return left;
      const Value right = STRIDE_TRY(unary());
      left = STRIDE_TRY(arithmetic(sign, left, right));
    }
  }
  Result<Value> unary() {
    if (!take("-")) return postfix();
    if (++depth_ > kMaxDepth) return fail(Errc::exhausted, "an expression is nested too deeply");
    const Value value = STRIDE_TRY(unary());
    --depth_;
    return arithmetic('-', Value{int64_t{0}}, value);
  }
  Result<Value> postfix() {
    Value value = STRIDE_TRY(atom());
    for (;;) {
      if (take("[")) {
        value = STRIDE_TRY(subscript(value));
      } else if (take(".")) {
        const std::string_view name = take_name();
        if (!take("(")) return fail(Errc::unsupported, "the attribute {} is not known", name);
        const ValueList arguments = STRIDE_TRY(list_until(")"));
        value = STRIDE_TRY(method(value, name, arguments));
      } else {
        return value;
      }
    }
  }
  // After "[": an index or a slice.
  Result<Value> subscript(const Value& value) {
    std::optional<Value> parts[3];
    int n = 0;
    bool slice = false;
    while (!take("]")) {
      if (take(":")) {
        slice = true;
        if (++n > 2) return fail(Errc::format, "too many colons in \"{}\"", text_);
        continue;
      }
      if (parts[n]) return fail(Errc::format, "\"{}\" is not understood", text_);
      parts[n] = STRIDE_TRY(choice());
    }
    if (slice) return take_slice(value, parts[0], parts[1], parts[2]);
    if (!parts[0]) return fail(Errc::format, "an index is missing in \"{}\"", text_);
    return take_index(value, *parts[0]);
  }
  Result<ValueList> list_until(std::string_view close) {
    ValueList list;
    while (!take(close)) {
      if (!list.empty() && !take(","))
        return fail(Errc::format, "\"{}\" is missing in \"{}\"", close, text_);
      if (list.size() > 1000) return fail(Errc::exhausted, "a list is too long");
      list.push_back(STRIDE_TRY(choice()));
    }
    return list;
  }
  std::string_view take_name() {
    const size_t begin = at_;
    while (at_ < text_.size() && is_name_char(text_[at_])) ++at_;
    return text_.substr(begin, at_ - begin);
  }
  Result<Value> atom() {
    skip();
    if (at_ >= text_.size()) return fail(Errc::format, "\"{}\" ends too early", text_);
    const char c = text_[at_];
    if (c == '"' || c == '\'') return string_literal(c);
    if (take("(")) {
      Value value = STRIDE_TRY(choice());
      if (!take(")")) return fail(Errc::format, "\")\" is missing in \"{}\"", text_);
      return value;
    }
    if (take("[")) return Value{STRIDE_TRY(list_until("]"))};
    const std::string_view name = take_name();
    if (name.empty()) return fail(Errc::format, "\"{}\" is not understood", text_.substr(at_));
    if (c >= '0' && c <= '9') {
      int64_t number = 0;
      const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
      if (error != std::errc() || end != name.data() + name.size())
        return fail(Errc::format, "{} is no number", name);
      return Value{number};
    }
    return named(name);
  }
  Result<Value> named(std::string_view name) {
    if (name == "True" || name == "False") return Value{name == "True"};
    if (name == "None") return Value{};
    if (take("(")) {
      ValueList arguments = STRIDE_TRY(list_until(")"));
      if (caller_.knows(name)) return caller_.call(name, std::move(arguments));
      if (name == "print") {
        STRIDE_TRY(caller_.print(printed(arguments)));
        return Value{};
      }
      return builtin(name, arguments);
    }
    const auto place = scope_.find(name);
    if (place == scope_.end()) return fail(Errc::not_found, "{} is not defined", name);
    return place->second;
  }
  Result<Value> string_literal(char quote) {
    std::string out;
    for (size_t i = at_ + 1; i < text_.size(); ++i) {
      if (text_[i] == quote) {
        at_ = i + 1;
        return Value{std::move(out)};
      }
      if (text_[i] == '\\' && i + 1 < text_.size()) {
        ++i;
        out += text_[i] == 'n' ? '\n' : text_[i];
      } else {
        out += text_[i];
      }
    }
    return fail(Errc::format, "a string does not end in \"{}\"", text_);
  }

  std::string_view text_;
  Scope& scope_;
  Caller& caller_;
  size_t at_ = 0;
  int depth_ = 0;
};

}  // namespace

bool is_name_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

Result<Value> evaluate(std::string_view text, Scope& scope, Caller& caller) {
  return Expression(text, scope, caller).whole();
}

}  // namespace stride::nano
