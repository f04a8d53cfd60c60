// SPDX-License-Identifier: Apache-2.0
// A few threads that run jobs in the order they came, with a bound on those that wait.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace stride::net {

class WorkerPool {
 public:
  using Job = std::move_only_function<void()>;

  WorkerPool(size_t n_worker, size_t max_waiting);
  // stop().
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // False if too many wait or after stop(); the job is then left to the caller.
  bool submit(Job&& job);
  // Drops the jobs that wait and returns when the running ones have ended.
  void stop();

 private:
  void work(const std::stop_token& stop);

  const size_t max_waiting_;
  std::mutex mutex_;
  std::condition_variable_any ready_;
  std::deque<Job> waiting_;
  bool stopped_ = false;
  std::vector<std::jthread> threads_;
};

}  // namespace stride::net
