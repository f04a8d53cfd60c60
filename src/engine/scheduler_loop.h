// SPDX-License-Identifier: Apache-2.0
// The inside of the scheduler: see scheduler.h for what it does. What other threads touch is behind
// the mutex or atomic; everything else belongs to the thread in run().
#pragma once

#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "engine/job.h"
#include "engine/scheduler.h"
#include "engine/step_pace.h"

namespace stride::engine {

class Scheduler::Loop {
 public:
  Loop(const Engine& engine, const SchedulerOptions& options, uint32_t capacity);

  void run(const std::stop_token& stop);

  // From any thread.
  Result<RequestId> submit(ServiceRequest request, ServiceListener listener);
  void cancel(RequestId id);
  bool end_reasoning(RequestId id);
  ServiceStats stats() const;
  // No more requests; true once none is left, false at `until`.
  bool close(std::chrono::steady_clock::time_point until);
  // Returns when all have gone.
  void cancel_all();

 private:
  using Jobs = std::vector<std::unique_ptr<Job>>;
  // A job's rows in a step: [session size before, `end`) of its text while it reads.
  struct Turn {
    Job* job;
    uint32_t n_row;
  };

  // With the mutex held.
  bool all_gone() const { return signals_.empty() && !telling_; }
  // Waits for work; false when there will be no more.
  bool take_arrivals(const std::stop_token& stop);
  void drop_cancelled();
  void drop_from(Jobs& jobs, Clock::time_point now);
  void finish(std::unique_ptr<Job> job, const std::optional<Error>& error = {});
  uint64_t trim();
  void publish();

  void admit();
  Job* next_waiting() const;
  bool held(const Job& job) const;
  static uint64_t n_page_to_come(const Job& job);
  bool fits(const Job& job) const;
  void begin(std::unique_ptr<Job> job);
  std::vector<uint32_t> wanted_marks(const Job& job, uint32_t from) const;

  void step();
  void plan_answers(std::vector<Turn>& turns);
  void draft(std::span<Job* const> jobs);
  uint32_t plan_reading(std::vector<Turn>& turns, uint32_t n_answer_row);
  uint32_t read_whole(std::vector<Turn>& turns, uint32_t room);
  Job* next_reading(const std::vector<Turn>& turns, uint32_t most_unread) const;
  uint64_t bytes_needed(const std::vector<Turn>& turns) const;
  bool make_room(const std::vector<Turn>& turns);
  uint64_t make_free(uint64_t bytes);
  void mark(Job& job, uint32_t position);
  uint64_t bytes_of(const Job& job) const;
  uint64_t bytes_held() const;
  Result<> run_model(std::span<const Turn> turns);
  void run_alone(const std::vector<Turn>& turns);
  void settle(const Turn& turn, double seconds);
  void settle_all(const std::vector<Turn>& turns, double seconds);
  bool advance(Job& job);
  void keep(Job& job);
  void end_failed(Job& job, Error error);
  void set_back(Job& job);
  bool background_waits(const Job& job) const;

  const Engine& engine_;
  SchedulerOptions options_;
  uint32_t capacity_;                            // tokens of a sequence
  std::shared_ptr<DraftExperience> experience_;  // of all sessions
  uint64_t window_bytes_, page_bytes_;

  Jobs waiting_, running_;  // by age
  std::vector<std::unique_ptr<Session>> spare_;
  bool crowded_ = false;  // a job was set back, and the others have not run since: nobody begins
  PrefixCache cache_;
  StepPace pace_;
  Clock::time_point next_whole_{};  // when answers may next be held up by whole prompts
  std::map<std::string, uint64_t, std::less<>> served_;  // rows a client has had, while it has jobs
  uint64_t n_step_ = 0;
  std::vector<model::Part> parts_;
  std::atomic<bool> break_off_ = false;  // the step that runs

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::unique_ptr<Job>> arrivals_;
  std::unordered_map<RequestId, std::shared_ptr<Signals>> signals_;  // of all that have not ended
  RequestId last_id_ = 0;
  bool closing_ = false;
  bool telling_ = false;  // the listener of a job without signals hears of its end
  ServiceStats stats_;
};

}  // namespace stride::engine
