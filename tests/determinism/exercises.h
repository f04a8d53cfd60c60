// SPDX-License-Identifier: Apache-2.0
// Held-out exercises of step-nano as prompts, and whether the long run was asked for.
#pragma once

#include <cstdlib>
#include <optional>

#include "chat/render.h"
#include "chat/tool_schemas.h"
#include "engine/engine.h"
#include "nano/render.h"
#include "nano/skills.h"

namespace stride {

// `./test --all` sets it; without it tests take a sample of what they could compare.
inline bool run_everything() {
  return std::getenv("STRIDE_TEST_ALL") != nullptr;
}

// A prompt and the tools that it declares.
struct Exercise {
  nano::Skill skill{};
  std::optional<chat::ToolSchemas> tools;
  engine::GenerationInput input;
};

// Number `index` of a list that takes the skills in turn, each from easy to hard.
inline Result<Exercise> exercise(const engine::Engine& engine, uint32_t index) {
  constexpr uint64_t kSeed = 17;
  constexpr uint32_t kLongest = 512;  // tokens that a long exercise may fill
  const auto skill = static_cast<nano::Skill>(index % nano::kSkills);
  const uint32_t number = index / nano::kSkills;
  const nano::Sample sample =
      nano::draw_sample(skill, nano::Split::eval, kSeed, number, {(number % 11) / 10.0, kLongest});
  const auto prompt = STRIDE_TRY(chat::render(nano::conversation_of(sample, nano::LastTurn::drop)));
  Exercise out{skill, {}, STRIDE_TRY(engine.encode(prompt))};
  if (!sample.tools.empty()) out.tools = STRIDE_TRY(chat::ToolSchemas::parse(sample.tools));
  return out;
}

}  // namespace stride
