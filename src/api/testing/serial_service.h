// SPDX-License-Identifier: Apache-2.0
// The simplest service: one thread, one session, one request after the other by generate(). For
// tests of what stands before a service.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>

#include "engine/engine.h"
#include "engine/service.h"
#include "engine/session.h"

namespace stride::api::testing {

class SerialService final : public engine::Service {
 public:
  // The engine outlives the service. More than `max_waiting` requests are refused.
  SerialService(const engine::Engine& engine, engine::Session session, size_t max_waiting = 64);

  Result<engine::RequestId> submit(engine::ServiceRequest request,
                                   engine::ServiceListener listener) override;
  void cancel(engine::RequestId id) override;
  bool end_reasoning(engine::RequestId id) override;
  engine::ServiceStats stats() const override;
  void shut_down(std::chrono::steady_clock::time_point until) override;

 private:
  struct Job {
    engine::RequestId id = 0;
    engine::ServiceRequest request;
    engine::ServiceListener listener;
    bool cancelled = false;
  };

  void run(const std::stop_token& stop);
  void serve(Job job, const std::stop_token& stop);

  const engine::Engine& engine_;
  engine::Session session_;
  const size_t max_waiting_;
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<Job> waiting_;
  std::optional<engine::RequestId> running_;
  std::stop_source stop_running_;
  bool closed_ = false;
  engine::RequestId next_id_ = 1;
  engine::ServiceStats stats_;
  std::jthread thread_;  // last: it uses the others
};

}  // namespace stride::api::testing
