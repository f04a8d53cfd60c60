// SPDX-License-Identifier: Apache-2.0
// What a benchmark measures: every combination of a prompt's length, a depth (tokens that the cache
// holds already) and a number of rows decoded at once.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace stride::bench {

// Ascending and without repetitions, as parse_list() gives them.
struct Plan {
  std::vector<uint32_t> prompts = {512};  // tokens; 0 = no prompt
  std::vector<uint32_t> depths = {0};     // tokens
  std::vector<uint32_t> rows = {1};       // of a decode step, at least 1
  uint32_t n_gen = 32;                    // decode steps; 0 = none
  uint32_t repetitions = 5;
  uint64_t seed = 1;  // of the random tokens
};

// "0,2048,8192": whole numbers from `least` to `most`. `option` names the list in errors.
Result<std::vector<uint32_t>> parse_list(std::string_view option, std::string_view text,
                                         uint32_t least, uint32_t most);

// Fails if there is nothing to measure, if there is too much of it, or if a decode step has more
// rows than the model takes in one.
Result<> check(const Plan& plan, uint32_t max_rows);

// Tokens that the sequence of the longest combination holds.
uint64_t capacity_of(const Plan& plan);

}  // namespace stride::bench
