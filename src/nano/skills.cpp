// SPDX-License-Identifier: Apache-2.0
#include "nano/skills.h"

#include <array>

#include "base/check.h"

namespace stride::nano {
namespace {

struct Entry {
  std::string_view name;
  Sample (*make)(Random& random, const Difficulty& difficulty);
};
// In the order of Skill.
constexpr std::array<Entry, kSkills> kEntries = {{
    {"arithmetic", make_arithmetic},
    {"division", make_division},
    {"compare", make_compare},
    {"word_problem", make_word_problem},
    {"text", make_text},
    {"recall", make_recall},
    {"tools", make_tools},
    {"json", make_json},
    {"code", make_code},
    {"constraints", make_constraints},
    {"chat", make_chat},
    {"units", make_units},
    {"dates", make_dates},
    {"extract", make_extract},
    {"follow_up", make_follow_up},
    {"references", make_references},
}};

constexpr uint64_t kEvalShare = 32;  // one key in so many is held out
// Draws after which a fitting sample must have come: the chance of none is below 1e-13 (31/32 to
// the power 1000).
constexpr int kMaxDraws = 1000;

const Entry& entry(Skill skill) {
  return kEntries[static_cast<size_t>(skill)];
}

// FNV-1a, then mixed: its low bits alone are weak for short keys.
uint64_t hash(std::string_view text) {
  uint64_t h = 0xcbf29ce484222325;
  for (const char c : text) h = (h ^ static_cast<uint8_t>(c)) * 0x100000001b3;
  return Random(h).next();
}

}  // namespace

std::string_view skill_name(Skill skill) {
  return entry(skill).name;
}

std::optional<Skill> skill_from_name(std::string_view name) {
  for (size_t i = 0; i < kEntries.size(); ++i)
    if (kEntries[i].name == name) return static_cast<Skill>(i);
  return std::nullopt;
}

Sample make_sample(Skill skill, Random& random, const Difficulty& difficulty) {
  return entry(skill).make(random, difficulty);
}

Split split_of(const Sample& sample) {
  return hash(sample.key) % kEvalShare == 0 ? Split::eval : Split::train;
}

Sample draw_sample(Skill skill, Split split, uint64_t seed, uint64_t index,
                   const Difficulty& difficulty) {
  Random random(hash(skill_name(skill)) ^ (seed * 0x9e3779b97f4a7c15) ^ Random(index).next());
  for (int i = 0; i < kMaxDraws; ++i) {
    Sample sample = make_sample(skill, random, difficulty);
    if (split_of(sample) == split) return sample;
  }
  STRIDE_CHECK(!"no sample on this side of the split");
  return {};
}

}  // namespace stride::nano
