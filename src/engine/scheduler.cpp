// SPDX-License-Identifier: Apache-2.0
#include "engine/scheduler.h"

#include <algorithm>

#include "cache/kv_pages.h"
#include "engine/scheduler_loop.h"

namespace stride::engine {

namespace {

// Tokens that one sequence can hold within the budget, beside its windows.
Result<uint32_t> fitting_capacity(const model::Model& model, const SchedulerOptions& options) {
  const uint64_t window = model.window_bytes(options.context), page = model.page_bytes();
  if (page == 0) return options.context;
  const uint64_t left = options.cache_bytes - std::min(options.cache_bytes, window);
  if (left < page) {
    return fail(Errc::exhausted,
                "the cache may take {} bytes, but one request needs {} of windows and {} for each "
                "{} tokens: raise the cache's budget",
                options.cache_bytes, window, page, cache::kPageTokens);
  }
  return static_cast<uint32_t>(
      std::min<uint64_t>(options.context, left / page * cache::kPageTokens));
}

}  // namespace

Result<std::unique_ptr<Scheduler>> Scheduler::start(const Engine& engine,
                                                    const SchedulerOptions& options) {
  if (options.max_running == 0 || options.step_rows == 0 || options.mark_spacing == 0)
    return fail(Errc::invalid_argument, "a scheduler needs at least one request and one row");
  engine.masks();  // now rather than while answers wait
  const uint32_t capacity = STRIDE_TRY(fitting_capacity(engine.model(), options));
  return std::unique_ptr<Scheduler>(
      new Scheduler(std::make_unique<Loop>(engine, options, capacity)));
}

Scheduler::Scheduler(std::unique_ptr<Loop> loop)
    : loop_(std::move(loop)), thread_([this](const std::stop_token& stop) { loop_->run(stop); }) {}

Scheduler::~Scheduler() {
  shut_down(Clock::now());
}

Result<RequestId> Scheduler::submit(ServiceRequest request, ServiceListener listener) {
  return loop_->submit(std::move(request), std::move(listener));
}

void Scheduler::cancel(RequestId id) {
  loop_->cancel(id);
}

bool Scheduler::end_reasoning(RequestId id) {
  return loop_->end_reasoning(id);
}

ServiceStats Scheduler::stats() const {
  return loop_->stats();
}

void Scheduler::shut_down(std::chrono::steady_clock::time_point until) {
  if (!loop_->close(until)) loop_->cancel_all();
}

}  // namespace stride::engine
