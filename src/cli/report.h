// SPDX-License-Identifier: Apache-2.0
// What commands say beside their results: errors, and the figures of a generation for people and
// for programs.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "engine/generate.h"
#include "json/json_fwd.h"

namespace stride::cli {

// Prints "stride: message" to standard error and gives the exit code: 2 for a wrong argument, 130
// for an interruption, else 1.
int report(const Error& error);
void report_warnings(const std::vector<std::string>& warnings);

// "read 120 tokens (80 reused) in 1.2 s, 33.1/s; wrote 50 (30 thinking) in 5.0 s, 10.0/s; ...", and
// what became of drafts where there might have been any.
std::string summary(const engine::Generated& generated);

// The object that `run --json` prints.
Json to_json(const engine::Generated& generated, std::string_view model, uint64_t seed);

}  // namespace stride::cli
