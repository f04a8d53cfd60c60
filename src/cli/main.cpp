// SPDX-License-Identifier: Apache-2.0
// stride COMMAND [OPTIONS]: finds the subcommand and hands it the rest of the arguments.
#include <fmt/core.h>

#include <string>
#include <vector>

#include "cli/commands.h"

namespace stride::cli {
namespace {

void print_help() {
  fmt::print(
      "Stride runs Step-3.5-Flash and Step-3.7-Flash on hardware you own.\n\nUsage: stride COMMAND "
      "[OPTIONS]\n\n");
  for (const Command& command : commands())
    fmt::print("  {:<12} {}\n", command.name, command.summary);
  fmt::print("\n`stride COMMAND --help` explains a command and shows examples.\n");
}

int unknown_command(const std::string& name) {
  std::vector<std::string> known;
  for (const Command& command : commands()) known.emplace_back(command.name);
  const std::string nearest = nearest_name(name, known);
  fmt::print(
      stderr, "stride: unknown command {}; {}\n", name,
      nearest.empty() ? "`stride --help` lists them" : fmt::format("did you mean {}?", nearest));
  return 2;
}

int run(const std::vector<std::string>& args) {
  if (args.empty() || args[0] == "-h" || args[0] == "--help" || args[0] == "help") {
    print_help();
    return args.empty() ? 2 : 0;
  }
  const std::string name = args[0] == "--version" ? "version" : args[0];
  for (const Command& command : commands()) {
    if (command.name == name) return command.run(Arguments(args).subspan(1));
  }
  return unknown_command(name);
}

}  // namespace
}  // namespace stride::cli

int main(int argc, char** argv) {
  return stride::cli::run({argv + 1, argv + argc});
}
