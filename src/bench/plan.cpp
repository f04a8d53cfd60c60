// SPDX-License-Identifier: Apache-2.0
#include "bench/plan.h"

#include <algorithm>
#include <charconv>
#include <limits>

namespace stride::bench {
namespace {

constexpr size_t kMostEntries = 64;
constexpr uint32_t kMostRepetitions = 1000;

}  // namespace

Result<std::vector<uint32_t>> parse_list(std::string_view option, std::string_view text,
                                         uint32_t least, uint32_t most) {
  std::vector<uint32_t> values;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (true) {
    uint32_t value = 0;
    const auto [next, error] = std::from_chars(at, end, value);
    if (error == std::errc::result_out_of_range || (error == std::errc{} && value > most))
      return fail(Errc::invalid_argument, "{}: {} is more than {}", option,
                  std::string_view(at, next), most);
    if (error != std::errc{} || (next < end && *next != ','))
      return fail(Errc::invalid_argument,
                  "{} is no list of whole numbers such as 1,2,4: it breaks at character {}", option,
                  at - text.data() + 1);
    if (value < least)
      return fail(Errc::invalid_argument, "{}: {} is less than {}", option, value, least);
    values.push_back(value);
    if (values.size() > kMostEntries)
      return fail(Errc::invalid_argument, "{} has more than {} entries", option, kMostEntries);
    if (next == end) break;
    at = next + 1;
  }
  std::ranges::sort(values);
  const auto repeated = std::ranges::unique(values);
  values.erase(repeated.begin(), repeated.end());
  return values;
}

Result<> check(const Plan& plan, uint32_t max_rows) {
  if (plan.prompts.empty() || plan.depths.empty() || plan.rows.empty())
    return fail(Errc::invalid_argument, "prompt lengths, depths and rows need an entry each");
  if (plan.prompts.back() == 0 && plan.n_gen == 0)
    return fail(Errc::invalid_argument,
                "there is nothing to measure: prompts of 0 tokens and 0 decode steps");
  if (plan.repetitions == 0 || plan.repetitions > kMostRepetitions)
    return fail(Errc::invalid_argument, "{} repetitions; it must be 1 to {}", plan.repetitions,
                kMostRepetitions);
  if (plan.rows.back() > max_rows)
    return fail(Errc::invalid_argument,
                "{} rows cannot be decoded at once: a step has at most {} (--ubatch-size)",
                plan.rows.back(), max_rows);
  if (capacity_of(plan) > std::numeric_limits<int32_t>::max())
    return fail(Errc::invalid_argument,
                "the longest combination holds {} tokens, more than a sequence can",
                capacity_of(plan));
  return {};
}

uint64_t capacity_of(const Plan& plan) {
  return uint64_t{plan.depths.back()} + plan.prompts.back() + plan.n_gen;
}

}  // namespace stride::bench
