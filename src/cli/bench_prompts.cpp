// SPDX-License-Identifier: Apache-2.0
#include "cli/bench_prompts.h"

#include <algorithm>

#include "base/random.h"
#include "chat/render.h"
#include "nano/render.h"
#include "nano/skills.h"

namespace stride::cli {
namespace {

constexpr uint32_t kSampleLength = 2048;  // tokens that a long exercise may fill

Result<> check_skills(const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    if (nano::skill_from_name(name)) continue;
    std::string known;
    for (int s = 0; s < nano::kSkills; ++s)
      known +=
          fmt::format("{}{}", s > 0 ? ", " : "", nano::skill_name(static_cast<nano::Skill>(s)));
    return fail(Errc::invalid_argument, "there is no skill \"{}\"; there are {}", name, known);
  }
  return {};
}

}  // namespace

Result<std::vector<bench::PromptClass>> nano_prompts(const engine::Engine& engine,
                                                     const std::vector<std::string>& skills,
                                                     uint32_t n_each, uint64_t seed) {
  STRIDE_TRY(check_skills(skills));
  std::vector<bench::PromptClass> classes;
  for (int s = 0; s < nano::kSkills; ++s) {
    const auto skill = static_cast<nano::Skill>(s);
    const std::string name(nano::skill_name(skill));
    if (!skills.empty() && std::ranges::find(skills, name) == skills.end()) continue;
    bench::PromptClass& c = classes.emplace_back(bench::PromptClass{name, {}});
    for (uint32_t i = 0; i < n_each; ++i) {
      const nano::Difficulty difficulty{static_cast<double>(i % 11) / 10, kSampleLength};
      const nano::Sample sample = nano::draw_sample(skill, nano::Split::eval, seed, i, difficulty);
      c.prompts.push_back(STRIDE_TRY(engine.encode(
          STRIDE_TRY(chat::render(nano::conversation_of(sample, nano::LastTurn::drop))))));
    }
  }
  return classes;
}

Result<bench::PromptClass> line_prompts(const engine::Engine& engine, std::string_view text) {
  bench::PromptClass c{"prompts", {}};
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (line.empty()) continue;
    chat::Conversation conversation;
    conversation.messages.push_back(chat::text_message(chat::Role::user, std::string(line)));
    c.prompts.push_back(STRIDE_TRY(engine.encode(STRIDE_TRY(chat::render(conversation)))));
  }
  if (c.prompts.empty()) return fail(Errc::invalid_argument, "there are no prompts in it");
  return c;
}

bench::PromptClass random_prompts(uint32_t n_vocab, uint32_t n_prompt, uint32_t length,
                                  uint64_t seed) {
  Random random(seed);
  bench::PromptClass c{"random tokens", {}};
  for (uint32_t i = 0; i < n_prompt; ++i) {
    auto& ids = c.prompts.emplace_back().prompt;
    for (uint32_t k = 0; k < length; ++k)
      ids.push_back(static_cast<model::Token>(random.below(n_vocab)));
  }
  return c;
}

}  // namespace stride::cli
