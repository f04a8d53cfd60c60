// SPDX-License-Identifier: Apache-2.0
#include "base/version.h"

#include <fmt/core.h>

#include "cli/commands.h"

namespace stride::cli {

int version_command(Arguments args) {
  CommandLine line("version", "Prints the version.");
  if (const auto stop = line.parse(args)) return *stop;
  fmt::print("stride {}\n", version());
  return 0;
}

}  // namespace stride::cli
