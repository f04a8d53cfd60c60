// SPDX-License-Identifier: Apache-2.0
// The values of "format" that are enforced, as automata.
#pragma once

#include <string_view>

#include "base/error.h"
#include "grammar/dfa.h"

namespace stride::grammar {

// Other formats are annotations.
bool is_enforced_format(std::string_view name);

// Requires is_enforced_format(name).
Result<Dfa> format_dfa(std::string_view name);

}  // namespace stride::grammar
