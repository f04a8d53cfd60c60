// SPDX-License-Identifier: Apache-2.0
// Small helpers of the generators: random choices and templates with {slots}.
#pragma once

#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/random.h"
#include "nano/sample.h"

namespace stride::nano {

using Strings = std::span<const std::string_view>;
using Slots = std::initializer_list<std::pair<std::string_view, std::string>>;

inline std::string_view pick(Random& random, Strings list) {
  return list[random.below(list.size())];
}
inline std::string_view pick(Random& random, std::initializer_list<std::string_view> list) {
  return *(list.begin() + random.below(list.size()));
}
template <class T>
const T& pick_from(Random& random, std::span<const T> list) {
  return list[random.below(list.size())];
}

// Uniform in [low, high].
inline int64_t between(Random& random, int64_t low, int64_t high) {
  return low + static_cast<int64_t>(random.below(static_cast<uint64_t>(high - low + 1)));
}
inline bool chance(Random& random, double p) {
  return random.uniform() < p;
}

// `n` different entries of a list, in random order; n <= list.size().
std::vector<std::string> pick_some(Random& random, Strings list, size_t n);

template <class T>
void shuffle(Random& random, std::vector<T>& list) {
  for (size_t i = list.size(); i > 1; --i) std::swap(list[i - 1], list[random.below(i)]);
}

// The template with each {name} replaced; an unknown name stays as it is.
std::string fill(std::string_view text, Slots slots);

std::string join(std::span<const std::string> parts, std::string_view separator);
// "a", "a and b", "a, b and c"
std::string join_and(std::span<const std::string> parts);
std::string upper(std::string_view text);
std::string lower(std::string_view text);
std::string capital(std::string_view text);                // first letter upper case
std::vector<std::string> words_of(std::string_view text);  // cut at blanks

// The effort line of a sample: unset 40 %, low, medium and high 20 % each.
Effort pick_effort(Random& random);
// The system turn: mostly none, else one of a few usual sentences.
std::string pick_system(Random& random);

// The reasoning that an effort asks for: none at low, `medium` at medium and unset, `high` at high.
std::string reasoning_for(Effort effort, std::string medium, std::string high);

// What each effort writes before the answer, where low effort needs a little as well.
struct Work {
  std::string low, medium, high;
};
std::string reasoning_for(Effort effort, Work work);

// A sample of one question and one answer.
Sample question(Skill skill, std::string_view kind, std::string key, std::string user);
void answer(Sample& sample, std::string reasoning, std::string content);

}  // namespace stride::nano
