// SPDX-License-Identifier: Apache-2.0
// Operators and builtin functions on the values of the tiny language.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "nano/tiny_language.h"

namespace stride::nano {

Result<Value> arithmetic(char sign, const Value& a, const Value& b);  // + - * / (whole) %
Result<Value> compare(std::string_view sign, const Value& a, const Value& b);
Result<Value> take_index(const Value& value, const Value& index);
Result<Value> take_slice(const Value& value, const std::optional<Value>& begin,
                         const std::optional<Value>& end, const std::optional<Value>& step);
Result<Value> method(const Value& value, std::string_view name, const ValueList& arguments);
Result<Value> builtin(std::string_view name, const ValueList& arguments);
std::string printed(const ValueList& arguments);  // joined by blanks

}  // namespace stride::nano
