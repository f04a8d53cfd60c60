// SPDX-License-Identifier: Apache-2.0
// The options that say which endpoint is meant, the same for every command that asks one, and the
// stop token that Ctrl-C sets. The key comes from the environment: a command line is seen by every
// process of the machine.
#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "base/error.h"
#include "cli/command_line.h"
#include "cli/interrupt.h"
#include "gauntlet/endpoint.h"

namespace stride::cli {

struct EndpointFlags {
  std::string url;  // declared by the command: an option or a positional
  std::string model, api = "openai", sampling = "deploy", think, budget = "split", key_variable;
  uint32_t reasoning_budget = 16384;
  double connect_timeout = 10, first_event_timeout = 60, idle_timeout = 60;
  std::vector<std::string> headers, think_tags;
  std::optional<std::string> extra_body, record, replay, key_file;
  std::optional<std::string> tokenizer;
  bool proxy = false;
};

// All but the URL: --model, --api, --sampling, --think, --reasoning-budget, --budget, --key-env,
// --key-file,
// --header, --body, timeouts, --record, --replay, --proxy.
void add_endpoint_flags(CommandLine& line, EndpointFlags& flags);

// Reads the key from --key-file, --key-env or, by the API, from STRIDE_API_KEY, OPENAI_API_KEY,
// ANTHROPIC_API_KEY or OPENROUTER_API_KEY.
Result<gauntlet::EndpointOptions> endpoint_options(const EndpointFlags& flags);

// A stop token that Ctrl-C, SIGTERM and SIGHUP set.
class StopOnInterrupt {
 public:
  StopOnInterrupt();

  std::stop_token token() const { return source_.get_token(); }
  bool requested() const { return source_.stop_requested(); }

 private:
  Interrupt interrupt_;
  std::stop_source source_;
  std::jthread watcher_;
};

}  // namespace stride::cli
