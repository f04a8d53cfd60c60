// SPDX-License-Identifier: Apache-2.0
// The service of the engine that `stride serve` runs.
#pragma once

#include <cstdint>
#include <memory>

#include "base/error.h"
#include "engine/engine.h"
#include "engine/service.h"

namespace stride::cli {

struct ServiceFlags {
  uint32_t queue = 256;  // requests that may wait
};

// The engine outlives the service. `context` is the room of one request, in tokens.
Result<std::unique_ptr<engine::Service>> make_service(const engine::Engine& engine,
                                                      uint32_t context, const ServiceFlags& flags);

}  // namespace stride::cli
