// SPDX-License-Identifier: Apache-2.0
// Continuous batching: one thread that runs the model for all requests at once, step by step.
//
// A step is one run of the model over rows of many sequences: the next token of each running answer
// with its drafts, and a piece of the prompts that are being read. While answers are running, that
// piece is kept so small that a step takes at most `stall_ratio` times as long as without it, so
// that nobody's text stutters while a long prompt is read. Short prompts are read whole where that
// takes at most `longest_stall`: the sooner all answer, the more of them share each step's reads of
// the weights. Before they wait again, answers run for as much of that time as their share of the
// requests is. Prompts take turns: of the client that has had least, now the one that has had
// least, now the oldest.
//
// What has been read is kept in a PrefixCache within a byte budget. Pages are counted before they
// are taken: first the cache lets go of what is worth least, then the request that came last is set
// back to the queue, where it keeps its text and reads it again later.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "engine/service.h"

namespace stride::engine {

struct SchedulerOptions {
  uint32_t context = 8192;         // tokens of one request, prompt and answer
  uint32_t max_running = 8;        // requests that share the model
  uint32_t max_waiting = 64;       // further ones; beyond that submit() refuses
  uint64_t cache_bytes = 1 << 30;  // of pages, rewind points and the windows of sequences
  uint32_t step_rows = 512;        // of one run of the model; at most LoadOptions::max_rows
  double stall_ratio = 1.75;
  double longest_stall = 1;     // seconds
  uint32_t mark_spacing = 512;  // tokens between two rewind points of a long text
};

class Scheduler final : public Service {
 public:
  // The engine outlives the scheduler and is used by nobody else. Fails if the budget does not hold
  // one sequence with a single page.
  static Result<std::unique_ptr<Scheduler>> start(const Engine& engine,
                                                  const SchedulerOptions& options);
  ~Scheduler() override;

  Result<RequestId> submit(ServiceRequest request, ServiceListener listener) override;
  void cancel(RequestId id) override;
  bool end_reasoning(RequestId id) override;
  ServiceStats stats() const override;
  void shut_down(std::chrono::steady_clock::time_point until) override;

 private:
  class Loop;
  explicit Scheduler(std::unique_ptr<Loop> loop);

  std::unique_ptr<Loop> loop_;
  std::jthread thread_;
};

}  // namespace stride::engine
