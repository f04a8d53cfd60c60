// SPDX-License-Identifier: Apache-2.0
#include "cli/commands.h"

#include <array>

namespace stride::cli {

int version_command(Arguments args);

std::span<const Command> commands() {
  static constexpr std::array kCommands = {
      Command{"version", version_command,
              "print the version, the instruction set in use and the build"},
  };
  return kCommands;
}

}  // namespace stride::cli
