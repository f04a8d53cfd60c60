// SPDX-License-Identifier: Apache-2.0
// A fixed set of threads that work on one job together: the caller and n - 1 persistent helpers.
//
//   ThreadTeam team(2);
//   team.run([&](unsigned thread) {
//     const auto [begin, end] = split(n_rows, team.size(), thread, 8);
//     ...
//     team.barrier();  // every thread has done its part
//     ...
//   });
//
// Waiting threads spin for a bounded time and then sleep in the kernel, so that a busy or idle
// machine is not burdened. One job may hold many barriers; nobody is woken per operation. A team is
// driven by one thread at a time; a job must not start another on the same team, and must not
// throw.
#pragma once

#include <atomic>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

namespace stride {

class ThreadTeam {
 public:
  // n_threads == 0 means one a core. If the system refuses threads, the team is smaller: see
  // size().
  explicit ThreadTeam(unsigned n_threads);
  ~ThreadTeam();
  ThreadTeam(const ThreadTeam&) = delete;
  ThreadTeam& operator=(const ThreadTeam&) = delete;

  unsigned size() const { return static_cast<unsigned>(helpers_.size()) + 1; }

  // Calls job(thread) on every thread, the caller being thread 0, and returns when all are done.
  template <std::invocable<unsigned> Job>
  void run(Job&& job) noexcept {
    using Plain = std::remove_reference_t<Job>;
    run_erased([](void* p, unsigned thread) { (*static_cast<Plain*>(p))(thread); },
               const_cast<void*>(static_cast<const void*>(std::addressof(job))));
  }

  // Inside a job: returns when every thread of the team has called it. What threads wrote before it
  // is visible to all after it.
  void barrier() noexcept;

 private:
  using Call = void (*)(void*, unsigned);

  void run_erased(Call call, void* job) noexcept;
  void help(unsigned thread) noexcept;
  // Returns once `word` differs from `seen`.
  void await_change(const std::atomic<uint32_t>& word, uint32_t seen) const noexcept;

  int spins_ = 0;  // polls before sleeping
  Call call_ = nullptr;
  void* job_ = nullptr;
  bool stop_ = false;  // written before the last change of job_number_
  // On lines of their own: each is polled by threads that others must not slow down.
  alignas(64) std::atomic<uint32_t> job_number_{0};
  alignas(64) std::atomic<uint32_t> n_arrived_{0};
  alignas(64) std::atomic<uint32_t> barrier_number_{0};
  std::vector<std::jthread> helpers_;
};

struct Range {
  size_t begin = 0;
  size_t end = 0;
};

// Part i of n items cut into `parts` nearly equal ranges whose bounds are multiples of `granule`
// (the last ends at n).
constexpr Range split(size_t n, size_t parts, size_t i, size_t granule = 1) {
  const size_t units = n / granule + (n % granule != 0);
  const size_t each = units / parts;
  const size_t extra = units % parts;
  const size_t first = i * each + (i < extra ? i : extra);
  const size_t last = first + each + (i < extra);
  return {first * granule < n ? first * granule : n, last * granule < n ? last * granule : n};
}

// Hands out the numbers 0, 1, 2, ... to threads that take work as they get free.
class WorkQueue {
 public:
  size_t next() { return next_.fetch_add(1, std::memory_order_relaxed); }
  // Only while no thread takes: before run() or between two barriers.
  void reset() { next_.store(0, std::memory_order_relaxed); }

 private:
  alignas(64) std::atomic<size_t> next_{0};
};

}  // namespace stride
