// SPDX-License-Identifier: Apache-2.0
#include "cli/serve_service.h"

#include <algorithm>

#include "base/memory_info.h"
#include "engine/scheduler.h"

namespace stride::cli {
namespace {

constexpr uint64_t kLeastCache = uint64_t{256} << 20;

// A quarter of the memory that is free, but room for two whole contexts in any case.
uint64_t choose_cache(const engine::Engine& engine, uint32_t context) {
  const uint64_t wanted = 2 * engine.model().sequence_bytes(context);
  const auto memory = memory_info();
  const uint64_t share = memory ? memory->available / 4 : 0;
  return std::max({wanted, share, kLeastCache});
}

}  // namespace

void declare(CommandLine& line, ServiceFlags& flags) {
  line.option("-np,--parallel", flags.parallel, "requests that share the model")
      .option("--queue", flags.queue, "further requests, which wait; more get 429")
      .option("--cache-ram", flags.cache_mib,
              "MiB for the keys and values of prompts; 0 = a quarter of what is free");
}

Result<std::unique_ptr<engine::Service>> make_service(const engine::Engine& engine,
                                                      uint32_t context, uint32_t step_rows,
                                                      const ServiceFlags& flags) {
  if (flags.parallel == 0)
    return fail(Errc::invalid_argument, "--parallel is 0; it must be at least 1");
  engine::SchedulerOptions options;
  options.context = context;
  options.max_running = flags.parallel;
  options.max_waiting = flags.queue;
  options.cache_bytes =
      flags.cache_mib > 0 ? uint64_t{flags.cache_mib} << 20 : choose_cache(engine, context);
  options.step_rows = step_rows;
  return STRIDE_TRY(engine::Scheduler::start(engine, options));
}

}  // namespace stride::cli
