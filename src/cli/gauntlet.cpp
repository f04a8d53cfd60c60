// SPDX-License-Identifier: Apache-2.0
// stride gauntlet COMMAND: hands the rest of the arguments to its subcommand.
#include <fmt/core.h>

#include <array>
#include <string>
#include <vector>

#include "cli/commands.h"
#include "cli/gauntlet_commands.h"

namespace stride::cli {
namespace {

constexpr std::array kCommands = {
    Command{"run", gauntlet_run, "ask an endpoint the fifteen tests"},
    Command{"resume", gauntlet_resume, "go on with a run, or extend it by repeats"},
    Command{"report", gauntlet_report, "write HTML, Markdown, JSON, CSV or JUnit about runs"},
    Command{"show", gauntlet_show, "print one test of a run: question, answer, criteria"},
    Command{"compare", gauntlet_compare, "two runs, or a run beside the published series"},
    Command{"gate", gauntlet_gate, "decide by a policy whether a run may replace a baseline"},
    Command{"regrade", gauntlet_regrade, "grade a run again from what is stored"},
    Command{"contract", gauntlet_contract, "check whether an endpoint keeps to its API"},
    Command{"load", gauntlet_load, "measure an endpoint under load"},
    Command{"selftest", gauntlet_selftest, "prove the graders on answers whose grade is known"},
    Command{"mock", gauntlet_mock, "serve recorded casts as an endpoint"},
};

void print_help() {
  fmt::print(
      "Is this model, behind this endpoint, ready for production?\n\nUsage: stride gauntlet "
      "COMMAND [OPTIONS]\n\n");
  for (const Command& command : kCommands)
    fmt::print("  {:<10} {}\n", command.name, command.summary);
  fmt::print(
      "\nExamples:\n"
      "  stride gauntlet run --endpoint http://127.0.0.1:8080 --model step\n"
      "      75 requests; the results are kept in gauntlet.db\n"
      "  stride gauntlet report latest --html report.html --md report.md\n"
      "  stride gauntlet compare 2 1\n"
      "  stride gauntlet gate 2 --baseline 1 --policy policy.json\n\n"
      "Exit codes: 0 success, 1 wrong usage or configuration, 2 gate failed, 3 gate inconclusive, "
      "4\n"
      "incomplete (budget or interrupt), 5 endpoint unusable, 6 selftest failed.\n"
      "`stride gauntlet COMMAND --help` explains a command and shows examples.\n");
}

}  // namespace

int gauntlet_command(Arguments args) {
  if (args.empty() || args[0] == "-h" || args[0] == "--help" || args[0] == "help") {
    print_help();
    return args.empty() ? kGauntletUsage : kGauntletOk;
  }
  std::vector<std::string> known;
  for (const Command& command : kCommands) {
    if (command.name == args[0]) return command.run(args.subspan(1));
    known.emplace_back(command.name);
  }
  const std::string nearest = nearest_name(args[0], known);
  fmt::print(stderr, "stride gauntlet: unknown command {}; {}\n", args[0],
             nearest.empty() ? "`stride gauntlet --help` lists them"
                             : fmt::format("did you mean {}?", nearest));
  return kGauntletUsage;
}

}  // namespace stride::cli
