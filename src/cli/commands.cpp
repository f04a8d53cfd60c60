// SPDX-License-Identifier: Apache-2.0
#include "cli/commands.h"

#include <array>

namespace stride::cli {

int bench_command(Arguments args);
int chat_command(Arguments args);
int convert_command(Arguments args);
int detokenize_command(Arguments args);
int eval_command(Arguments args);
int gauntlet_command(Arguments args);
int inspect_command(Arguments args);
int launch_command(Arguments args);
int logits_command(Arguments args);
int nano_command(Arguments args);
int perplexity_command(Arguments args);
int run_command(Arguments args);
int serve_command(Arguments args);
int synth_command(Arguments args);
int tokenize_command(Arguments args);
#ifdef STRIDE_HAS_TRAIN
int train_command(Arguments args);
#endif
int version_command(Arguments args);

std::span<const Command> commands() {
  static constexpr std::array kCommands = {
      Command{"chat", chat_command, "talk with a model"},
      Command{"run", run_command, "answer one prompt, for scripts"},
      Command{"serve", serve_command, "serve a model to programs over HTTP"},
      Command{"launch", launch_command, "start a coding agent against a running server"},
      Command{"perplexity", perplexity_command, "measure how well a model predicts a text"},
      Command{"bench", bench_command, "measure speed against what the machine allows"},
      Command{"gauntlet", gauntlet_command, "test whether an endpoint is ready for production"},
      Command{"inspect", inspect_command, "show what a model file holds and what it needs"},
      Command{"convert", convert_command, "write a model as GGUF, with other tensor types"},
      Command{"synth", synth_command, "make a random model of the true shapes"},
      Command{"tokenize", tokenize_command, "show the tokens of a text"},
      Command{"detokenize", detokenize_command, "turn token ids back into text"},
      Command{"logits", logits_command, "write the raw logits of given token ids"},
      Command{"eval", eval_command, "score a model on held-out exercises"},
      Command{"nano", nano_command, "show the exercises of step-nano and learn its vocabulary"},
#ifdef STRIDE_HAS_TRAIN
      Command{"train", train_command, "train a small model, draw its curves, export it"},
#endif
      Command{"version", version_command,
              "print the version, the instruction set in use and the build"},
  };
  return kCommands;
}

}  // namespace stride::cli
