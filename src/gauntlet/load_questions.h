// SPDX-License-Identifier: Apache-2.0
// What is asked under load: prompts of a given length that no cache has seen, and in between probes
// whose answer is known, since an endpoint that is fast and wrong is not fast.
#pragma once

#include <cstdint>
#include <string>

#include "gauntlet/test.h"

namespace stride::gauntlet {

struct LoadQuestion {
  Question question{};
  std::string expected{};  // of a probe: what a right answer contains
};

// The same arguments give the same question.
LoadQuestion load_question(uint64_t seed, uint64_t number, uint32_t prompt_words, bool probe);

// "four thousand and seventeen"; up to 9,999.
std::string spell(uint32_t number);

}  // namespace stride::gauntlet
