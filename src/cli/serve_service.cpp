// SPDX-License-Identifier: Apache-2.0
#include "cli/serve_service.h"

#include <utility>

#include "api/testing/serial_service.h"
#include "engine/session.h"

namespace stride::cli {

Result<std::unique_ptr<engine::Service>> make_service(const engine::Engine& engine,
                                                      uint32_t context, const ServiceFlags& flags) {
  auto session = STRIDE_TRY(engine::Session::make(engine.model(), context));
  return std::make_unique<api::testing::SerialService>(engine, std::move(session), flags.queue);
}

}  // namespace stride::cli
