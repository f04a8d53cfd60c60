// SPDX-License-Identifier: Apache-2.0
#include "api/testing/serial_service.h"

#include <algorithm>
#include <utility>

namespace stride::api::testing {

SerialService::SerialService(const engine::Engine& engine, engine::Session session,
                             size_t max_waiting)
    : engine_(engine),
      session_(std::move(session)),
      max_waiting_(max_waiting),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

Result<engine::RequestId> SerialService::submit(engine::ServiceRequest request,
                                                engine::ServiceListener listener) {
  const std::scoped_lock lock(mutex_);
  if (closed_) return fail(Errc::cancelled, "the server is shutting down");
  if (waiting_.size() >= max_waiting_)
    return fail(Errc::exhausted, "the queue is full: {} requests wait; try again later",
                waiting_.size());
  waiting_.push_back(
      {.id = next_id_, .request = std::move(request), .listener = std::move(listener)});
  changed_.notify_all();
  return next_id_++;
}

void SerialService::cancel(engine::RequestId id) {
  const std::scoped_lock lock(mutex_);
  if (running_ == id) stop_running_.request_stop();
  const auto job = std::ranges::find(waiting_, id, &Job::id);
  if (job != waiting_.end()) job->cancelled = true;
  changed_.notify_all();
}

bool SerialService::end_reasoning(engine::RequestId) {
  return false;
}

engine::ServiceStats SerialService::stats() const {
  const std::scoped_lock lock(mutex_);
  engine::ServiceStats out = stats_;
  out.n_running = running_ ? 1 : 0;
  out.n_waiting = static_cast<uint32_t>(waiting_.size());
  return out;
}

void SerialService::shut_down(std::chrono::steady_clock::time_point until) {
  std::unique_lock lock(mutex_);
  closed_ = true;
  const auto idle = [this] { return waiting_.empty() && !running_; };
  changed_.wait_until(lock, until, idle);
  for (Job& job : waiting_) job.cancelled = true;
  if (running_) stop_running_.request_stop();
  changed_.wait(lock, idle);
}

void SerialService::run(const std::stop_token& stop) {
  while (true) {
    Job job;
    std::stop_token stop_job;
    {
      std::unique_lock lock(mutex_);
      if (!changed_.wait(lock, stop, [this] { return !waiting_.empty(); })) return;
      job = std::move(waiting_.front());
      waiting_.pop_front();
      running_ = job.id;
      stop_running_ = std::stop_source();
      if (job.cancelled) stop_running_.request_stop();
      stop_job = stop_running_.get_token();
    }
    serve(std::move(job), stop_job);
    const std::scoped_lock lock(mutex_);
    running_.reset();
    changed_.notify_all();
  }
}

void SerialService::serve(Job job, const std::stop_token& stop) {
  const engine::ServiceListener& to = job.listener;
  if (to.on_queued) to.on_queued(0);
  auto generated = engine::generate(
      engine_, session_, job.request.input, job.request.options,
      {.on_prefill = to.on_prefill, .on_delta = to.on_delta, .on_token = to.on_token}, stop);
  if (generated) {
    const std::scoped_lock lock(mutex_);
    stats_.prompt_tokens += generated->usage.prompt_tokens;
    stats_.reused_tokens += generated->usage.reused_tokens;
    stats_.generated_tokens += generated->usage.completion_tokens();
  }
  if (to.on_finish) to.on_finish(std::move(generated));
}

}  // namespace stride::api::testing
