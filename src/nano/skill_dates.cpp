// SPDX-License-Identifier: Apache-2.0
// Weekdays and months some steps on or back, days between two dates of one year, leap years, clock
// times.
#include <fmt/core.h>

#include <array>

#include "nano/column_work.h"
#include "nano/numbers.h"
#include "nano/pick.h"
#include "nano/skills.h"
#include "nano/words.h"

namespace stride::nano {
namespace {

constexpr std::array<int, 12> kDays = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

Sample finish(Random& random, std::string_view kind, std::string key, std::string text,
              std::string medium, std::string high, std::string content, Check check) {
  Sample sample = question(Skill::dates, kind, std::move(key), std::move(text));
  sample.effort = pick_effort(random);
  answer(sample, reasoning_for(sample.effort, std::move(medium), std::move(high)),
         std::move(content));
  sample.check = std::move(check);
  return sample;
}

// Steps along a cycle of names: "+1 Tuesday, +2 Wednesday".
Sample make_cycle(Random& random, Strings cycle, std::string_view unit) {
  const size_t size = cycle.size();
  const size_t start = random.below(size);
  const int64_t n =
      unit == "day" && chance(random, 0.4) ? between(random, 7, 60) : between(random, 1, 6);
  const bool back = n < 7 && chance(random, 0.35);
  const size_t steps = static_cast<size_t>(n) % size;
  const size_t end = back ? (start + size - steps) % size : (start + steps) % size;
  std::vector<std::string> walk;
  for (size_t i = 1; i <= steps; ++i)
    walk.push_back(fmt::format("{}{} {}", back ? '-' : '+', i,
                               cycle[back ? (start + size - i) % size : (start + i) % size]));
  std::string medium =
      n >= static_cast<int64_t>(size)
          ? fmt::format("{}={}*{}+{}, ", n, size, n / static_cast<int64_t>(size), steps)
          : "";
  if (walk.empty()) walk.push_back(fmt::format("+0 {}", cycle[start]));
  medium += join(walk, ", ");
  std::string high = n >= static_cast<int64_t>(size)
                         ? fmt::format("{} {}s are {} weeks and {} days.\n", n, unit, n / 7, steps)
                         : fmt::format("Start at {}.\n", cycle[start]);
  high += join(walk, "\n");
  const std::string_view text =
      back
          ? pick(random, {"What {u} is {n} {u}s before {d}?", "Which {u} was {n} {u}s before {d}?"})
          : pick(random, {"What {u} is {n} {u}s after {d}?",
                          "Today is {d}. What {u} will it be in {n} {u}s?",
                          "Which {u} comes {n} {u}s after {d}?"});
  std::string ask = fill(
      text, {{"u", std::string(unit)}, {"n", std::to_string(n)}, {"d", std::string(cycle[start])}});
  if (unit == "month" && ask.starts_with("Today")) ask.replace(0, 8, "It is");
  if (n == 1) {
    const std::string plural = fmt::format("1 {}s", unit);
    if (const size_t at = ask.find(plural); at != ask.npos) ask.erase(at + plural.size() - 1, 1);
  }
  std::string content(cycle[end]);
  return finish(random, unit, fmt::format("{}:{}:{}{}", unit, cycle[start], back ? '-' : '+', n),
                std::move(ask), std::move(medium), std::move(high), content, TextCheck{content});
}

Sample make_between(Random& random) {
  size_t m1 = random.below(11), m2 = m1 + (chance(random, 0.6) ? 0 : 1);
  int d1 = static_cast<int>(between(random, 1, kDays[m1])),
      d2 = static_cast<int>(between(random, 1, kDays[m2]));
  if (m1 == m2 && d1 > d2) std::swap(d1, d2);
  if (m1 == m2 && d1 == d2) {
    if (d1 > 1)
      --d1;
    else
      ++d2;
  }
  const int left = kDays[m1] - d1;
  const int days = m1 == m2 ? d2 - d1 : left + d2;
  const std::string_view a = months()[m1], b = months()[m2];
  std::string medium = m1 == m2 ? work_subtract(d2, d1, Effort::medium)
                                : fmt::format("{} has {}, {}-{}={}, {}+{}={}", a, kDays[m1],
                                              kDays[m1], d1, left, left, d2, days);
  std::string high =
      m1 == m2
          ? fmt::format("Both days are in {}.\n{}-{}\n{}", a, d2, d1,
                        work_subtract(d2, d1, Effort::high))
          : fmt::format("{} has {} days.\n{}-{}={} days are left in {}.\n{}+{}\n{}", a, kDays[m1],
                        kDays[m1], d1, left, a, left, d2, work_add(left, d2, Effort::high));
  return finish(random, "between", fmt::format("between:{}{}:{}{}", a, d1, b, d2),
                fill(pick(random, {"How many days are there from {a} {x} to {b} {y}?",
                                   "How many days lie between {a} {x} and {b} {y}?",
                                   "Days from {a} {x} to {b} {y}?"}),
                     {{"a", std::string(a)},
                      {"b", std::string(b)},
                      {"x", std::to_string(d1)},
                      {"y", std::to_string(d2)}}),
                std::move(medium), std::move(high),
                fmt::format("{} {}", days, days == 1 ? "day" : "days"), IntegerCheck{days});
}

Sample make_month_length(Random& random) {
  const size_t m = random.below(12);
  return finish(random, "month_length", fmt::format("length:{}:{}", months()[m], random.below(4)),
                fill(pick(random, {"How many days does {m} have?", "How long is {m}?",
                                   "Days in {m}?", "How many days are in {m}?"}),
                     {{"m", std::string(months()[m])}}),
                m == 1 ? "normal year" : "",
                m == 1 ? "February is the short month.\nnormal year"
                       : fmt::format("{} is month {}.", months()[m], m + 1),
                m == 1 ? "February has 28 days, 29 in a leap year."
                       : fmt::format("{} has {} days.", months()[m], kDays[m]),
                ContainsCheck{{std::to_string(kDays[m])}, {}});
}

Sample make_leap(Random& random) {
  const int64_t year = between(random, 1901, 2099);
  const int64_t tail = year % 100;
  const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  std::string work = year % 100 == 0 ? fmt::format("{}={}*400", year, year / 400)
                                     : fmt::format("{}=4*{}+{}", tail, tail / 4, tail % 4);
  return finish(
      random, "leap", fmt::format("leap:{}", year),
      fill(pick(random,
                {"Is {y} a leap year?", "Was {y} a leap year?", "Does {y} have a February 29?"}),
           {{"y", std::to_string(year)}}),
      work,
      fmt::format("The last two digits of {} are {:02}.\n{}\n{}", year, tail, work,
                  leap ? "no rest, leap year" : "a rest, no leap year"),
      fmt::format("{}, {} is {} leap year.", leap ? "Yes" : "No", year, leap ? "a" : "not a"),
      ContainsCheck{{leap ? "yes" : "no"}, {leap ? "no" : "yes"}});
}

Sample make_clock(Random& random) {
  const int64_t h = between(random, 0, 20), m = between(random, 0, 11) * 5,
                add = between(random, 1, 23) * 5;
  const int64_t sum = m + add, hours = sum / 60, rest = sum % 60;
  const std::string start = fmt::format("{}:{:02}", h, m),
                    end = fmt::format("{}:{:02}", h + hours, rest);
  std::string steps = fmt::format("{}+{}={}", m, add, sum);
  if (hours > 0)
    steps += fmt::format(", {}-{}={}, {}+{}={}", sum, hours * 60, rest, h, hours, h + hours);
  return finish(random, "clock", fmt::format("clock:{}+{}", start, add),
                fill(pick(random, {"It is {t}. What time is it in {n} minutes?",
                                   "What time is {n} minutes after {t}?"}),
                     {{"t", start}, {"n", std::to_string(add)}}),
                steps,
                fmt::format("Minutes: {}\n{}", steps,
                            hours > 0 ? "60 minutes are an hour." : "The hour stays."),
                end, TextCheck{end});
}

}  // namespace

Sample make_dates(Random& random, const Difficulty&) {
  const uint64_t roll = random.below(100);
  if (roll < 40) return make_cycle(random, weekdays(), "day");
  if (roll < 52) return make_cycle(random, months(), "month");
  if (roll < 75) return make_between(random);
  if (roll < 80) return make_month_length(random);
  if (roll < 90) return make_leap(random);
  return make_clock(random);
}

}  // namespace stride::nano
