// SPDX-License-Identifier: Apache-2.0
// The text of a GBNF grammar as rules.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "grammar/expression.h"

namespace stride::grammar {

struct GbnfRule {
  std::string name;
  std::optional<Expression> body{};  // there in all rules that parse_gbnf() returns
};

// The rules in the order of their first mention; Expression::rule is an index into them. Errors
// name the line.
Result<std::vector<GbnfRule>> parse_gbnf(std::string_view source);

}  // namespace stride::grammar
