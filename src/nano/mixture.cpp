// SPDX-License-Identifier: Apache-2.0
#include "nano/mixture.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <utility>

#include "nano/pick.h"
#include "nano/skills.h"

namespace stride::nano {
namespace {

using Shares = std::array<uint32_t, kSkills>;
// In the order of Skill: arithmetic division compare word_problem text recall tools json code
// constraints chat units dates extract follow_up references. Shares count samples, so that long
// ones (recall, tools) weigh more in tokens.
constexpr Shares kShort = {200, 35, 35, 30, 340, 110, 260, 50, 40, 160, 80, 25, 25, 35, 40, 10};
// Longer rows have room for what is looked up far back.
constexpr Shares kLong = {190, 35, 35, 30, 360, 170, 320, 50, 40, 160, 80, 25, 25, 35, 40, 10};

const Shares& shares_for(uint32_t length) {
  return length <= 1024 ? kShort : kLong;
}

constexpr double kOffShare = 0.05, kCutShare = 0.03, kHistoryShare = 0.1;
constexpr int kMaxDraws = 64;
constexpr uint32_t kShortestRecall = 128, kMaxAsked = 20;  // tokens of context, entries asked for

Skill choose_skill(Random& random, const Shares& shares) {
  uint32_t total = 0;
  for (const uint32_t share : shares) total += share;
  auto roll = static_cast<uint32_t>(random.below(total));
  for (size_t i = 0; i < shares.size(); ++i) {
    if (roll < shares[i]) return static_cast<Skill>(i);
    roll -= shares[i];
  }
  return Skill::arithmetic;
}

Random random_of(uint64_t seed, uint64_t index) {
  return Random(Random(seed).next() ^ (index * 0x9e3779b97f4a7c15));
}

// Earlier questions of other kinds, as in a chat that wanders. They count as prompt.
void add_history(Random& random, Sample& sample) {
  static constexpr Skill kBefore[] = {Skill::chat,        Skill::arithmetic, Skill::text,
                                      Skill::compare,     Skill::units,      Skill::dates,
                                      Skill::constraints, Skill::extract};
  std::vector<Turn> turns;
  for (uint64_t n = 1 + random.below(3); n > 0; --n) {
    const Skill skill = kBefore[random.below(std::size(kBefore))];
    Sample before = draw_sample(skill, Split::train, random.next(), 0, {random.uniform(), 256});
    for (Turn& turn : before.turns) turns.push_back(std::move(turn));
  }
  sample.turns.insert(sample.turns.begin(), std::make_move_iterator(turns.begin()),
                      std::make_move_iterator(turns.end()));
}

// Finding things far back is learned from many questions about short contexts before it works over
// long ones: half of the contexts have a length drawn evenly over its logarithm.
Difficulty recall_difficulty(Random& random, uint32_t length) {
  Difficulty difficulty{random.uniform(), length, kMaxAsked};
  const double ratio = length / double{kShortestRecall};
  if (ratio > 1 && chance(random, 0.5))
    difficulty.max_tokens =
        static_cast<uint32_t>(kShortestRecall * std::pow(ratio, random.uniform()));
  difficulty.max_asked = std::clamp(difficulty.max_tokens / 40, 2U, kMaxAsked);
  return difficulty;
}

Sample draw(Random& random, uint32_t length) {
  const Skill skill = choose_skill(random, shares_for(length));
  const Difficulty difficulty = skill == Skill::recall ? recall_difficulty(random, length)
                                                       : Difficulty{random.uniform(), length};
  Sample sample = draw_sample(skill, Split::train, random.next(), 0, difficulty);
  if (chance(random, skill == Skill::chat ? 2 * kHistoryShare : kHistoryShare))
    add_history(random, sample);
  return sample;
}

// Thinking can be off or cut short only in a sample with one assistant turn to train.
bool one_answer(const Sample& sample) {
  const auto last_user =
      std::ranges::find_if(sample.turns.rbegin(), sample.turns.rend(),
                           [](const Turn& turn) { return turn.role == Role::user; });
  return last_user - sample.turns.rbegin() == 1;
}

ThinkingForm choose_form(Random& random, const Sample& sample) {
  const double roll = random.uniform();
  if (!one_answer(sample)) return ThinkingForm::full;
  if (roll < kOffShare) return ThinkingForm::off;
  return roll < kOffShare + kCutShare && !sample.turns.back().reasoning.empty()
             ? ThinkingForm::cut
             : ThinkingForm::full;
}

// The prompt of natural language is worth a little loss; random lists and schemas are not.
RenderWeights weights_of(const Sample& sample) {
  const bool random_text =
      sample.skill == Skill::recall || sample.skill == Skill::text || !sample.tools.empty();
  return {100, static_cast<uint8_t>(random_text ? 0 : 5)};
}

}  // namespace

Sample choose_sample(uint64_t seed, uint64_t index, uint32_t length) {
  Random random = random_of(seed, index);
  return draw(random, length);
}

Result<Document> Mixture::document(uint64_t index, uint32_t length) const {
  Random random = random_of(seed_, index);
  for (int i = 0; i < kMaxDraws; ++i) {
    const Sample sample = draw(random, length);
    const ThinkingForm form = choose_form(random, sample);
    RenderedSample rendered =
        STRIDE_TRY(render_sample(sample, *tokenizer_, form, weights_of(sample), random));
    if (rendered.tokens.size() <= length) return Document{std::move(rendered), sample.skill};
  }
  return fail(Errc::exhausted, "no sample fits into a row of {} tokens (document {}, seed {})",
              length, index, seed_);
}

std::vector<uint32_t> sample_shares(uint32_t length) {
  const Shares& shares = shares_for(length);
  return {shares.begin(), shares.end()};
}

}  // namespace stride::nano
