// SPDX-License-Identifier: Apache-2.0
// Runs programs of a small subset of Python: integers, strings, booleans, lists, assignments,
// print, if, for, while, def and a few builtins. It judges what a model wrote, so any text may come
// in: steps, depth and sizes are bounded, integers are checked for overflow, and everything outside
// the subset is an error.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/error.h"

namespace stride::nano {

struct Value;
using ValueList = std::vector<Value>;

struct Value {
  // Nothing stands for None.
  struct None {
    bool operator==(const None&) const = default;
  };
  std::variant<None, bool, int64_t, std::string, ValueList> data;

  bool operator==(const Value&) const = default;
};

// As print() shows it, or with quotes around strings as repr() does.
std::string show(const Value& value);
std::string repr(const Value& value);

// What the program prints.
Result<std::string> run_program(std::string_view source);

// The repr of function(arguments), where `arguments` are literals separated by commas. The source
// must define the function; what it prints is ignored.
Result<std::string> run_function(std::string_view source, std::string_view function,
                                 std::string_view arguments);

}  // namespace stride::nano
