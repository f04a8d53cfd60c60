// SPDX-License-Identifier: Apache-2.0
#include "base/version.h"

#include <fmt/core.h>

#include "cli/commands.h"
#include "kernels/kernels.h"

namespace stride::cli {

int version_command(Arguments args) {
  CommandLine line("version", "Prints the version, the instruction set in use and the build.");
  line.example("stride version", "to be quoted in a report");
  if (const auto stop = line.parse(args)) return *stop;
  fmt::print("stride {}, {} kernels, {} build by {}\n", version(), kernels::best_kernels().name,
             STRIDE_BUILD, STRIDE_COMPILER);
  return 0;
}

}  // namespace stride::cli
