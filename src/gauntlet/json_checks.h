// SPDX-License-Identifier: Apache-2.0
// The checks that the schemas of the structured output test are made of. None of them holds for a
// value that is not there, so nothing is true of an empty object.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gauntlet/json_tasks.h"
#include "json/json_fwd.h"

namespace stride::gauntlet::json_check {

using Check = std::function<bool(const Json&)>;

// The end of every prompt.
inline constexpr std::string_view kEnd = " Output only the JSON: no fences, no comments.";

// A check of the value a pointer leads to; false where it leads nowhere.
JsonAssertion at(std::string pointer, std::string_view what, Check check);
// The same of every item's member (the item itself for an empty key) in an array that is not empty.
JsonAssertion each(std::string pointer, std::string key, std::string_view what, Check check);
Check is_object();
Check equals(std::string text);
Check is_null();
Check is_bool();
// Written without fraction or exponent.
Check integer(int64_t low, int64_t high);
Check number(double low, double high);
Check length(size_t low, size_t high);
Check one_of(std::vector<std::string> words);
// The members are exactly these.
Check keys(std::set<std::string> wanted);
// No member besides these; some may be missing.
Check only_keys(std::set<std::string> allowed);
// A string of so many characters.
Check text(size_t low, size_t high);
// "A" a capital, "a" a lower-case letter, "9" a digit, anything else itself.
Check pattern(std::string shape);
// An array of different items, not empty.
Check unique();
// An array that has this string.
Check contains(std::string word);
Check lower_case_items();
Check date();
// RFC 3339 in UTC, with or without fractions of a second.
Check utc_time();
// A wrong answer: the reference with one place changed.
std::pair<std::string, std::string> broken(std::string name, const JsonTask& task,
                                           std::string_view from, std::string_view to);

bool is_date(std::string_view text);

}  // namespace stride::gauntlet::json_check
