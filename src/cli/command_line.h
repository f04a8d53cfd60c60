// SPDX-License-Identifier: Apache-2.0
// The options of one subcommand: declared, read from the arguments, explained by --help. A seam in
// front of the option parser, so that one file pays for compiling it. Names are written as users
// type them, comma separated, and a single dash may precede several letters as in llama.cpp:
// "-m,--model", "-ub,--ubatch-size".
//
//   std::string path;
//   bool json = false;
//   CommandLine line("inspect", "Shows what a model file holds.");
//   line.positional("FILE", path, "model file or directory").flag("--json", json, "print JSON");
//   line.example("stride inspect model.gguf --tensors", "the table of tensors");
//   if (const auto stop = line.parse(args)) return *stop;
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace stride::cli {

using Arguments = std::span<const std::string>;  // what follows the subcommand

class CommandLine {
 public:
  CommandLine(std::string_view command, std::string_view summary);
  ~CommandLine();
  CommandLine(const CommandLine&) = delete;
  CommandLine& operator=(const CommandLine&) = delete;

  // References must stay valid until parse() returns; a value not given keeps its default, which
  // --help shows.
  CommandLine& flag(std::string_view names, bool& value, std::string_view help);
  CommandLine& option(std::string_view names, std::string& value, std::string_view help);
  CommandLine& option(std::string_view names, uint32_t& value, std::string_view help);
  CommandLine& option(std::string_view names, int32_t& value, std::string_view help);
  CommandLine& option(std::string_view names, uint64_t& value, std::string_view help);
  CommandLine& option(std::string_view names, double& value, std::string_view help);
  CommandLine& option(std::string_view names, std::optional<uint64_t>& value,
                      std::string_view help);
  CommandLine& option(std::string_view names, std::optional<double>& value, std::string_view help);
  CommandLine& option(std::string_view names, std::optional<std::string>& value,
                      std::string_view help);
  CommandLine& option(std::string_view names, std::vector<std::string>& values,
                      std::string_view help);  // repeatable
  // One of a fixed set of words.
  CommandLine& choice(std::string_view names, std::string& value, std::vector<std::string> words,
                      std::string_view help);
  CommandLine& positional(std::string_view name, std::string& value,
                          std::string_view help);  // required
  CommandLine& optional_positional(std::string_view name, std::optional<std::string>& value,
                                   std::string_view help);
  CommandLine& rest(std::string_view name, std::vector<std::string>& values,
                    std::string_view help);  // all others
  CommandLine& example(std::string_view command, std::string_view what);

  // Reads the arguments. A value means the program should end with this exit code: 0 after --help,
  // 2 after an error that has been printed to standard error (an unknown option names the nearest
  // known one).
  [[nodiscard]] std::optional<int> parse(Arguments args);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// The known name that `wanted` most likely was meant to be; empty if none is close.
std::string nearest_name(std::string_view wanted, std::span<const std::string> known);

}  // namespace stride::cli
