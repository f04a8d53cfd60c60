// SPDX-License-Identifier: Apache-2.0
// The message of parallel thinking: a problem with three reference answers, of which some are
// wrong, and the request to give one's own. The form is the one that a parallel-thinking controller
// writes.
#include <fmt/core.h>

#include <array>

#include "nano/column_work.h"
#include "nano/numbers.h"
#include "nano/pick.h"
#include "nano/skills.h"

namespace stride::nano {

Sample make_references(Random& random, const Difficulty& difficulty) {
  auto [a, b] = pick_pair(random, difficulty.level * 0.6);
  const bool plus = chance(random, 0.6);
  if (!plus && a < b) std::swap(a, b);
  const int64_t value = plus ? a + b : a - b;
  const char sign = plus ? '+' : '-';
  const size_t n_wrong = random.below(3);
  std::vector<int64_t> given(3, value);
  for (size_t i = 0; i < n_wrong; ++i) {
    const int64_t error = std::array<int64_t, 4>{1, 10, 2, 100}[random.below(4)];
    given[i] = chance(random, 0.5) || value < error ? value + error : value - error;
  }
  shuffle(random, given);
  std::string references;
  for (size_t i = 0; i < given.size(); ++i)
    references += fmt::format("Reference {}:\n{} {} {} = {}\n\n", i + 1, a, sign, b, given[i]);
  Sample sample =
      question(Skill::references, n_wrong == 0 ? "agree" : "repair", operation_key(sign, a, b),
               fmt::format("You are given a problem and reference responses. Analyse them and give "
                           "your own answer.\n\n"
                           "Original Problem:\nWhat is {} {} {}?\n\nReference Responses:\n{}"
                           "Give your own complete solution now.",
                           a, sign, b, references));
  sample.effort = pick_effort(random);
  const std::string work =
      plus ? work_add(a, b, sample.effort) : work_subtract(a, b, sample.effort);
  answer(sample, work, fmt::format("{} {} {} = {}", a, sign, b, value));
  sample.check = IntegerCheck{value};
  return sample;
}

}  // namespace stride::nano
