// SPDX-License-Identifier: Apache-2.0
// What the makers of the code tasks share; code_tasks.h is the interface.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gauntlet/code_tasks.h"

namespace stride::gauntlet::code_task {

// The end of every prompt.
inline constexpr std::string_view kRules =
    " Use type hints and a docstring that explains parameters, return value and errors; standard "
    "library only; do not print. Reply with one fenced Python block.";

CodeCheck check(std::string name, std::string arguments, std::string expected);
// A JSON string, and an array of them.
std::string quoted(std::string_view text);
std::string listed(const std::vector<std::string>& texts);
// The reference with one place changed; that place must be there exactly once.
std::pair<std::string, std::string> mutant(std::string name, const std::string& code,
                                           std::string_view from, std::string_view to);

CodeTask lucas(Random& random);
CodeTask profile(Random& random);
CodeTask csv(Random& random);
CodeTask cache(Random& random);
CodeTask roman(Random& random);
CodeTask linear(Random& random);

}  // namespace stride::gauntlet::code_task
