// SPDX-License-Identifier: Apache-2.0
// The subcommands: one function and one file each. They return the exit code: 0 success, 1 failure,
// 2 wrong usage, 130 interrupted.
#pragma once

#include <span>
#include <string_view>

#include "cli/command_line.h"

namespace stride::cli {

struct Command {
  std::string_view name;
  int (*run)(Arguments args);
  std::string_view summary;  // one line for `stride --help`
};

// Every subcommand of this build, in the order of the help page.
std::span<const Command> commands();

}  // namespace stride::cli
