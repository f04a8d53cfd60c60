// SPDX-License-Identifier: Apache-2.0
// The service of the engine that `stride serve` runs.
#pragma once

#include <cstdint>
#include <memory>

#include "base/error.h"
#include "cli/command_line.h"
#include "engine/engine.h"
#include "engine/service.h"

namespace stride::cli {

struct ServiceFlags {
  uint32_t parallel = 8;   // requests that share the model
  uint32_t queue = 256;    // further ones, which wait
  uint32_t cache_mib = 0;  // of keys and values; 0 = choose
};

void declare(CommandLine& line, ServiceFlags& flags);

// The engine outlives the service. `context` is the room of one request, in tokens; `step_rows` the
// most tokens of one run of the model.
Result<std::unique_ptr<engine::Service>> make_service(const engine::Engine& engine,
                                                      uint32_t context, uint32_t step_rows,
                                                      const ServiceFlags& flags);

}  // namespace stride::cli
