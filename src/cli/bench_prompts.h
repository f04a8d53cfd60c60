// SPDX-License-Identifier: Apache-2.0
// The prompts of `stride bench mtp`, by class.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "bench/mtp.h"
#include "engine/engine.h"

namespace stride::cli {

// Held-out exercises of step-nano, a class for each skill: those that `stride eval nano` asks.
// Names select skills; none means all.
Result<std::vector<bench::PromptClass>> nano_prompts(const engine::Engine& engine,
                                                     const std::vector<std::string>& skills,
                                                     uint32_t n_each, uint64_t seed);

// One class of a user's texts, a line each; empty lines are skipped.
Result<bench::PromptClass> line_prompts(const engine::Engine& engine, std::string_view text);

// One class of random tokens, for models whose weights are random, too.
bench::PromptClass random_prompts(uint32_t n_vocab, uint32_t n_prompt, uint32_t length,
                                  uint64_t seed);

}  // namespace stride::cli
