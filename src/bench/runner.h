// SPDX-License-Identifier: Apache-2.0
// Runs a plan on a model. For each depth the cache is filled once with random tokens (not timed);
// then, as often as the plan repeats, each prompt length is read behind it (timed: prefill), each
// number of rows is decoded behind the prompt (timed: decode), and the sequence is taken back. The
// machine's limits are probed before the first, after each repetition of a prompt length, and so
// after the last: what a repetition reached is compared with the probes around it, as shared
// machines change from second to second.
//
// All tokens are random and different: one repeated token would pick the same experts in every row.
// What is decoded at once are the next tokens of several sequences, which begin with the same depth
// and prompt and share its keys and values in memory, as agents of one kind do. What is timed is
// the model alone, without sampling.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "bench/limits.h"
#include "bench/plan.h"
#include "bench/work.h"
#include "model/model.h"

namespace stride::bench {

enum class Phase : uint8_t { prefill, decode };

struct Repetition {
  double seconds = 0;
  uint64_t n_token = 0;
  Work work;
  Limits limits;  // mean of the probes before and after it; the one before if there is no other
  // Prefill: until the prompt's logits are there and the first token is picked from them. Decode
  // without a prompt: the first step. Else nothing.
  std::optional<double> first_token_seconds{};
  // Most memory that the process held since the prompt began, the probe's region not counted.
  std::optional<uint64_t> peak_memory{};
};

struct Measurement {
  Phase phase = Phase::prefill;
  uint32_t n_prompt = 0;
  uint32_t depth = 0;
  uint32_t n_row = 0;  // of a decode step, each of its own sequence; 0 for prefill
  std::vector<Repetition> repetitions;
};

struct Outcome {
  std::vector<Measurement> measurements;  // those with at least one repetition
  std::vector<Limits> limits;             // in the order of probing
  bool complete = true;                   // false if it was stopped
  double seconds = 0;
};

struct Progress {
  std::string what;                   // "prompt of 512 at depth 0, 2 of 5"
  double share = 0;                   // of the tokens and steps, 0 to 1
  std::optional<double> eta_seconds;  // nothing until there is something to tell it from
};

// Called after each step of the model; false stops the run, which is no error: repetitions that
// were complete by then are reported.
using OnProgress = std::function<bool(const Progress&)>;

// `max_rows` is what the model was loaded with: prompts are read in steps of that many rows.
Result<Outcome> run(model::Model& model, const WorkCounter& counter, LimitProbe& probe,
                    const Plan& plan, uint32_t max_rows, const OnProgress& on_progress);

}  // namespace stride::bench
