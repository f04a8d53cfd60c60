// SPDX-License-Identifier: Apache-2.0
// The messages of test 7: what people write to a booking desk, and which of the five fields each of
// them leaves open. Four make a case: one complete, one with two gaps, one with a date that does
// not exist, one that is vague.
#pragma once

#include <array>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "gauntlet/cases.h"

namespace stride::gauntlet::booking {

struct Date {
  int year = 0, month = 0, day = 0;
  bool operator==(const Date&) const = default;
};

struct Message {
  std::string text{};
  std::set<std::string> ask{};  // empty: complete, then the fields below are the booking
  std::string city{};
  Date date{};
  int headcount = 0;
  int budget = 0;
  std::string currency{};
};

inline constexpr std::array<std::string_view, 12> kMonths = {
    "January", "February", "March",     "April",   "May",      "June",
    "July",    "August",   "September", "October", "November", "December"};
inline constexpr std::array<std::string_view, 5> kFields = {"city", "date", "headcount", "budget",
                                                            "currency"};

std::string spelled(const Date& date);  // "3 June 2027"

std::vector<Message> messages_for(const Variant& variant);

}  // namespace stride::gauntlet::booking
