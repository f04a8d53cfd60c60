// SPDX-License-Identifier: Apache-2.0
// What drafts bring: answers to prompts of several classes, with the drafts of the model's MTP
// heads and without, in turns.
//
// The text is the same either way, which is checked. Each class is answered once without being
// timed, which warms up and tells what the text is; then in pairs. In a pair each prompt is
// answered both ways, one directly after the other and the order changing, as shared machines
// change from second to second. Each pair begins with new sessions: what the drafting policy
// learns of the text, it learns anew within a pair, from one prompt to the next, as in a
// conversation; what drafts cost it learns once, as a server does. Reading the prompts is not
// timed; what heads read of them is.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "bench/runner.h"
#include "bench/simulated_heads.h"
#include "engine/engine.h"
#include "engine/speculation.h"

namespace stride::bench {

struct MtpPlan {
  uint32_t n_pair = 5;
  uint32_t n_gen = 128;             // tokens of an answer at most
  std::optional<uint32_t> depth{};  // of the drafts; nothing = as many as pay
  double temperature = 0;           // 0 = greedy
  uint64_t seed = 1;                // of the sampler and of simulated heads
  bool ignore_end = false;          // answers have all their tokens
};

struct PromptClass {
  std::string name;
  std::vector<engine::GenerationInput> prompts;  // at least one
};

// One side is the sum over the prompts of a class.
struct MtpPair {
  double plain_seconds = 0, drafting_seconds = 0;
  engine::SpeculationStats stats;  // of the side with drafts

  double ratio() const { return plain_seconds / drafting_seconds; }
};

struct MtpMeasurement {
  std::string name;
  uint32_t n_prompt = 0;
  uint64_t n_token = 0;  // of all answers after their first tokens, which prompts give
  std::vector<MtpPair> pairs;
};

struct MtpOutcome {
  std::vector<MtpMeasurement> classes;  // those with at least one pair
  bool complete = true;                 // false if it was stopped
  double seconds = 0;
};

// Tokens that a session needs for these prompts.
uint64_t capacity_of(const MtpPlan& plan, const std::vector<PromptClass>& classes);

// `simulated`, where it is not null, is the engine's model and is told the texts.
Result<MtpOutcome> run_mtp(const engine::Engine& engine, SimulatedHeads* simulated,
                           const MtpPlan& plan, const std::vector<PromptClass>& classes,
                           const OnProgress& on_progress);

}  // namespace stride::bench
