// SPDX-License-Identifier: Apache-2.0
// Where the values of a JSON text stand, for messages to people who edit it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace stride::json {

// The line, counted from 1, on which each value begins, by its path: "" for the whole text,
// "stages/0/rows" for a member of an item of a member. `text` must be what parse() has accepted;
// of names that occur twice in an object the last counts. Names are taken as they are spelled,
// escapes included.
std::map<std::string, uint32_t, std::less<>> lines(std::string_view text);

}  // namespace stride::json
