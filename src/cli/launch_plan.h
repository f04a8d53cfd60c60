// SPDX-License-Identifier: Apache-2.0
// How the coding agents that people have are pointed at a running server: variables of the
// environment, arguments, and a configuration file in a private folder. What the user has set up
// for a client is never written to.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"

namespace stride::cli {

// What stands for a client: everything that starting it needs.
struct LaunchPlan {
  std::string program{};    // as found on PATH
  std::string installed{};  // the command by which it is had
  std::vector<std::pair<std::string, std::string>> environment{};
  std::vector<std::string> arguments{};  // before the user's own
  std::string config_name{};             // file in the private folder; empty if it needs none
  std::string config{};                  // its text
};

struct LaunchServer {
  std::string url{};  // without a slash at the end: "http://127.0.0.1:8080"
  std::string key{};  // never empty: clients refuse to start without one
  std::string model{};
  uint32_t context = 0;
};

// The clients that can be launched: "claude", "codex", "opencode".
std::span<const std::string_view> launch_clients();

// `folder` is the private folder, which needs not exist yet. Fails for an unknown client.
Result<LaunchPlan> plan_launch(std::string_view client, const LaunchServer& server,
                               const std::filesystem::path& folder);

// The plan as lines that a shell reads: the configuration file as a comment, then one command.
std::string shell_text(const LaunchPlan& plan, const std::filesystem::path& folder,
                       std::span<const std::string> user_arguments);

// Quoted so that a POSIX shell reads exactly this word.
std::string shell_quote(std::string_view word);

// The address without a slash or /v1 at the end; "host:8080" is http.
Result<std::string> server_url(std::string_view given);

}  // namespace stride::cli
