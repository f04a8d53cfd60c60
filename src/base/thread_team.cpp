// SPDX-License-Identifier: Apache-2.0
#include "base/thread_team.h"

#include <system_error>

#include "base/cpu.h"

namespace stride {
namespace {

// About 50 us of polling: longer than the uneven end of an operation, shorter than what a sleeper
// costs. With more threads than cores the one awaited may need our core, so polling is cut short.
constexpr int kSpins = 2000;
constexpr int kSpinsCrowded = 20;

void relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

}  // namespace

ThreadTeam::ThreadTeam(unsigned n_threads) {
  const unsigned cores = n_cores();
  if (n_threads == 0) n_threads = cores;
  spins_ = n_threads > cores ? kSpinsCrowded : kSpins;
  helpers_.reserve(n_threads - 1);
  for (unsigned i = 1; i < n_threads; ++i) {
    try {
      helpers_.emplace_back([this, i] { help(i); });
    } catch (const std::system_error&) {
      break;  // no more threads to be had; the work is split among those we have
    }
  }
}

ThreadTeam::~ThreadTeam() {
  stop_ = true;
  job_number_.fetch_add(1, std::memory_order_release);
  job_number_.notify_all();
  helpers_.clear();  // joins
}

void ThreadTeam::await_change(const std::atomic<uint32_t>& word, uint32_t seen) const noexcept {
  for (int i = 0; i < spins_; ++i) {
    if (word.load(std::memory_order_acquire) != seen) return;
    relax();
  }
  while (word.load(std::memory_order_acquire) == seen) word.wait(seen, std::memory_order_acquire);
}

void ThreadTeam::run_erased(Call call, void* job) noexcept {
  if (helpers_.empty()) {
    call(job, 0);
    return;
  }
  call_ = call;
  job_ = job;
  job_number_.fetch_add(1, std::memory_order_release);
  job_number_.notify_all();
  call(job, 0);
  barrier();
}

void ThreadTeam::help(unsigned thread) noexcept {
  for (uint32_t seen = 0;; ++seen) {
    await_change(job_number_, seen);
    if (stop_) return;
    call_(job_, thread);
    barrier();
  }
}

void ThreadTeam::barrier() noexcept {
  if (helpers_.empty()) return;
  const uint32_t number = barrier_number_.load(std::memory_order_acquire);
  if (n_arrived_.fetch_add(1, std::memory_order_acq_rel) + 1 == size()) {
    n_arrived_.store(0, std::memory_order_relaxed);
    barrier_number_.fetch_add(1, std::memory_order_release);
    barrier_number_.notify_all();
  } else {
    await_change(barrier_number_, number);
  }
}

}  // namespace stride
