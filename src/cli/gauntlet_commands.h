// SPDX-License-Identifier: Apache-2.0
// The subcommands of `stride gauntlet`: one function and one file each. They take what follows
// their own name and return the exit code: 0 success, 1 wrong usage or configuration, 2 gate
// failed, 3 gate inconclusive, 4 incomplete (budget or interrupt), 5 endpoint unusable, 6 selftest
// failed.
#pragma once

#include "cli/command_line.h"

namespace stride::cli {

inline constexpr int kGauntletOk = 0, kGauntletUsage = 1, kGauntletGateFailed = 2,
                     kGauntletInconclusive = 3, kGauntletIncomplete = 4, kGauntletUnusable = 5,
                     kGauntletSelftestFailed = 6;

// `stride bench serve`: the same as gauntlet_load() with the exit codes of cli/commands.h.
int bench_serve(Arguments args);

int gauntlet_compare(Arguments args);
int gauntlet_contract(Arguments args);
int gauntlet_gate(Arguments args);
int gauntlet_load(Arguments args);
int gauntlet_mock(Arguments args);
int gauntlet_regrade(Arguments args);
int gauntlet_report(Arguments args);
int gauntlet_resume(Arguments args);
int gauntlet_run(Arguments args);
int gauntlet_selftest(Arguments args);
int gauntlet_show(Arguments args);

}  // namespace stride::cli
