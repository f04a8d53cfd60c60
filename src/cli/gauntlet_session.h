// SPDX-License-Identifier: Apache-2.0
// What `run`, `resume` and `gate` have in common: they work a run off, environment by environment,
// and say how it ended.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "cli/command_line.h"
#include "cli/endpoint_flags.h"
#include "gauntlet/endpoint.h"
#include "gauntlet/plan.h"
#include "gauntlet/published.h"
#include "gauntlet/run_store.h"
#include "gauntlet/summary.h"

namespace stride::cli {

inline constexpr const char* kDefaultDatabase = "gauntlet.db";

// The options about the pace of a run, which may change between its sittings.
struct PaceFlags {
  std::optional<std::string> concurrency, prices, sandbox, cold_command;
  std::optional<double> rpm, tpm, max_cost, deadline_scale, cold_idle;
};
void add_pace_flags(CommandLine& line, PaceFlags& flags);
Result<> apply(const PaceFlags& flags, gauntlet::RunPlan& plan);

// "warm,cold" -> the words; empty ones are dropped.
std::vector<std::string> split_list(const std::string& text);

// A run by its number, or "latest".
Result<int64_t> find_run(gauntlet::RunStore& store, const std::string& name);

// What a stored run does not hold.
struct SecretFlags {
  std::string key_variable;
  std::optional<std::string> key_file, tokenizer;
  std::vector<std::string> headers;
};
void add_secret_flags(CommandLine& line, SecretFlags& flags);
Result<gauntlet::EndpointOptions> stored_endpoint(std::string_view json, const SecretFlags& flags);

Result<const gauntlet::PublishedModel*> published_model(const std::string& id);

// Asks what is open of a run. The exit code says how it ended; a summary is printed.
Result<int> work_off(gauntlet::RunStore& store, int64_t run, const gauntlet::RunPlan& plan,
                     const gauntlet::EndpointOptions& endpoint, const StopOnInterrupt& interrupt);

// Parses, with the exit codes of the gauntlet: a value ends the command.
std::optional<int> parse_gauntlet(CommandLine& line, Arguments args);
// Prints "stride gauntlet NAME: message" and gives the exit code.
int report_gauntlet(std::string_view command, const Error& error);

// Writes the text to a file, or to standard output for "-".
Result<> write_text(const std::string& path, const std::string& text);

void print_summary(const gauntlet::Summary& summary);

// The name of this machine's processor and memory, as JSON.
std::string host_json();

}  // namespace stride::cli
