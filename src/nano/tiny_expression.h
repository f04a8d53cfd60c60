// SPDX-License-Identifier: Apache-2.0
// Expressions of the tiny language, evaluated from their text by recursive descent.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/error.h"
#include "nano/tiny_language.h"

namespace stride::nano {

using Scope = std::map<std::string, Value, std::less<>>;

// Where an expression finds the functions that the program defines and where print() goes.
class Caller {
 public:
  virtual ~Caller() = default;
  virtual bool knows(std::string_view name) const = 0;
  virtual Result<Value> call(std::string_view name, ValueList arguments) = 0;
  virtual Result<> print(std::string_view text) = 0;
};

Result<Value> evaluate(std::string_view text, Scope& scope, Caller& caller);

bool is_name_char(char c);
bool truth(const Value& value);
// The elements of a list or the characters of a string.
Result<ValueList> items_of(const Value& value);

}  // namespace stride::nano
