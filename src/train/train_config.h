// SPDX-License-Identifier: Apache-2.0
// The description of a training run, read from a JSON file:
//
//   {"name": "step-nano", "seed": 1, "workers": 2, "micro_tokens": 2048,
//    "model": {"n_embd": 256, "head_dim": 32, "n_layer": 9, ...},
//    "data": {"seed": 1, "tokenizer": "step-nano-tokenizer.json"},
//    "optimizer": {"momentum": 0.95, "decay": 0.1, "clip": 1.0, ...},
//    "stages": [{"name": "short", "tokens": 50e6, "length": 512, "rows": 32,
//                "learning_rate": [3e-3, 3e-4], "warmup_steps": 200, "mtp_weights": [0.3],
//                "balance_rate": 0.001}, ...]}
//
// A key that is unknown, absent, of the wrong type or out of range is an error that names it by its
// path ("stages/1/length").
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "json/json_fwd.h"
#include "model/config.h"
#include "train/optimizer.h"

namespace stride::train {

struct Stage {
  std::string name;
  uint64_t n_step = 0;              // enough for the tokens asked for
  uint32_t length = 0;              // of a row
  uint32_t n_row = 0;               // of a step
  double first_rate = 0;            // learning rate after the warm-up
  double last_rate = 0;             // and at the end, along a cosine
  uint64_t n_warmup = 0;            // steps from zero to first_rate
  std::vector<double> mtp_weights;  // loss weight of each MTP head that learns
  bool freeze_trunk = false;
  bool clone_heads = false;  // MTP heads 2, 3, .. begin this stage as copies of the first
  double balance_rate = 0;   // step of the selection biases; 0 freezes them

  uint64_t tokens_per_step() const { return uint64_t{n_row} * length; }
  double learning_rate(uint64_t step) const;  // of a step within the stage, from 0
};

struct TrainConfig {
  std::string name;
  uint64_t seed = 1;
  uint32_t n_worker = 2;         // threads, each with micro-batches of its own
  uint32_t micro_tokens = 2048;  // at most, unless a single row is longer
  double clip = 1;               // of the gradient's norm
  OptimizerOptions optimizer;
  model::Config model;
  std::vector<Stage> stages;
  uint64_t data_seed = 1;
  std::string tokenizer;  // path of a tokenizer.json, from the folder of the configuration
  std::string text;       // the whole file, kept with checkpoints

  uint64_t n_step() const;  // of all stages
  uint64_t n_token() const;
  uint32_t longest() const;  // row of any stage
  // The stage that a step belongs to and the step within it.
  std::pair<size_t, uint64_t> locate(uint64_t step) const;
};

// n_vocab is that of the tokenizer that the data uses.
Result<TrainConfig> parse_train_config(std::string_view text, uint32_t n_vocab);

}  // namespace stride::train
