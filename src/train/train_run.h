// SPDX-License-Identifier: Apache-2.0
// A whole training run in a folder: checkpoints, log, stopping and going on.
//
// The folder holds step-N.checkpoint (the last two) and log.jsonl, one line per ten steps. A
// checkpoint that cannot be written (a full disk) is reported and tried again later; the ones
// before it stay.
#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <string>

#include "train/trainer.h"

namespace stride::train {

struct RunOptions {
  std::filesystem::path folder;
  bool resume = false;              // go on from the newest good checkpoint, if there is one
  double max_seconds = 0;           // stop in good order after this long; 0 = never
  double checkpoint_seconds = 300;  // between checkpoints
  const std::atomic<bool>* stop = nullptr;  // set from outside to stop after the current step
};

// What the caller shows its user.
struct RunEvents {
  std::function<void(const StepReport& report, double tokens_per_second, double seconds_left)> step;
  std::function<void(const std::string& note)> note;
};

enum class RunEnd { finished, time_up, stopped };

// Leaves a checkpoint of where it ended, except after a failed step, where the last one stays. The
// trainer must be fresh from create().
Result<RunEnd> run_training(Trainer& trainer, const std::vector<std::string>& skills,
                            const RunOptions& options, const RunEvents& events);

}  // namespace stride::train
