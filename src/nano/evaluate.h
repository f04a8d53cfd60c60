// SPDX-License-Identifier: Apache-2.0
// Scores a model on held-out exercises: answers as users get them, judged by the verifiers, and how
// often the MTP heads foretell what the trunk then says.
//
//   const Answerer answer = ...;  // through the engine, say
//   const auto result = STRIDE_TRY(evaluate(*model, tokenizer, {.n = 200}, answer, progress));
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/error.h"
#include "chat/render.h"
#include "chat/tool_schemas.h"
#include "model/model.h"
#include "nano/sample.h"
#include "nano/tally.h"
#include "text/tokenizer.h"

namespace stride::nano {

struct EvaluateOptions {
  std::vector<Skill> skills;  // empty: all
  uint32_t n = 200;           // items of each skill
  uint64_t seed = 1;
  uint32_t sample_length = 2048;  // tokens that a long exercise may fill
  bool mtp = true;                // also run the heads
};

struct Answer {
  std::vector<model::Token> ids;  // the prompt and what followed, without an end token
  uint32_t n_prompt = 0;
  bool ended = false;  // by the model, not by a budget
};
// Answers a prompt from nothing; `tools` are those that it offers, or null. What is measured
// depends on it: greedy or sampled, with the guards of a server or without.
using Answerer =
    std::function<Result<Answer>(const chat::Prompt& prompt, const chat::ToolSchemas* tools)>;

// One answer as it came.
struct Outcome {
  const Sample* sample = nullptr;
  uint32_t n_prompt = 0, n_reasoning = 0, n_output = 0;  // tokens
  bool correct = false, well_formed = false;
  bool split = false;  // one </think>, then content or calls
  std::string output;  // raw text
  std::string why;     // of a wrong answer
};

struct SkillScore {
  Tally correct, well_formed, split;
  std::map<std::string, Tally> kinds;
  std::array<Mean, 4> reasoning;  // tokens of reasoning by Effort
};

// Head k guesses the token k + 2 places after the last one that the trunk has read.
struct HeadScore {
  Tally alone;    // over all places, earlier heads right or wrong
  Tally chained;  // where every earlier head was right, as speculation meets it
};

struct Evaluation {
  std::map<Skill, SkillScore> skills;
  std::map<std::string, Tally> recall_by_length;  // prompt tokens: "to 256", ...
  std::vector<HeadScore> heads;
  Mean accepted;  // tokens gained by one step with all heads, the trunk's own included
  uint64_t n_output = 0;
  double seconds = 0;
  bool complete = true;  // false: stopped by the observer
};

// Called after each item; false stops the evaluation, which then returns what it has.
using Observer = std::function<bool(const Outcome& outcome, uint64_t n_done, uint64_t n_all)>;

// Fails if the tokenizer lacks a control token or does not belong to the model, or if the model or
// the answerer fails.
Result<Evaluation> evaluate(model::Model& model, const text::Tokenizer& tokenizer,
                            const EvaluateOptions& options, const Answerer& answerer,
                            const Observer& observer);

}  // namespace stride::nano
