// SPDX-License-Identifier: Apache-2.0
// The generators, one per skill, each in its own skill_<name>.cpp. A generator is a pure function
// of the random sequence: the same state gives the same sample on every machine.
//
//   Random random(7);
//   const Sample sample = make_sample(Skill::arithmetic, random, {.level = 0.3});
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "base/random.h"
#include "nano/sample.h"

namespace stride::nano {

Sample make_arithmetic(Random& random, const Difficulty& difficulty);
Sample make_division(Random& random, const Difficulty& difficulty);
Sample make_compare(Random& random, const Difficulty& difficulty);
Sample make_word_problem(Random& random, const Difficulty& difficulty);
Sample make_text(Random& random, const Difficulty& difficulty);
Sample make_recall(Random& random, const Difficulty& difficulty);
Sample make_tools(Random& random, const Difficulty& difficulty);
Sample make_json(Random& random, const Difficulty& difficulty);
Sample make_code(Random& random, const Difficulty& difficulty);
Sample make_constraints(Random& random, const Difficulty& difficulty);
Sample make_chat(Random& random, const Difficulty& difficulty);
Sample make_units(Random& random, const Difficulty& difficulty);
Sample make_dates(Random& random, const Difficulty& difficulty);
Sample make_extract(Random& random, const Difficulty& difficulty);
Sample make_follow_up(Random& random, const Difficulty& difficulty);
Sample make_references(Random& random, const Difficulty& difficulty);

Sample make_sample(Skill skill, Random& random, const Difficulty& difficulty);

std::optional<Skill> skill_from_name(std::string_view name);

// Which side of the split a sample lies on: one key in 32 is kept for evaluation.
enum class Split : uint8_t { train, eval };
Split split_of(const Sample& sample);

// Sample number `index` of one side of the split. Draws until the split, and so the sample, fits: a
// pure function of its arguments.
Sample draw_sample(Skill skill, Split split, uint64_t seed, uint64_t index,
                   const Difficulty& difficulty);

}  // namespace stride::nano
