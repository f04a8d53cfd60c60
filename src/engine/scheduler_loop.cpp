// SPDX-License-Identifier: Apache-2.0
// Requests coming, waiting and going. scheduler_step.cpp has the steps of the model.
#include "engine/scheduler_loop.h"

#include <algorithm>
#include <utility>

#include "engine/common_prefix.h"

namespace stride::engine {

namespace {

// Rewind points closer to the last one than this would save little. Far from the end of a prompt,
// where it is seldom changed, they are not worth reading it in small pieces either.
constexpr uint32_t kLeastSpacing = 16, kFarSpacing = 256;
constexpr uint32_t kNearEnd = 1024;

}  // namespace

Scheduler::Loop::Loop(const Engine& engine, const SchedulerOptions& options, uint32_t capacity)
    : engine_(engine),
      options_(options),
      capacity_(capacity),
      experience_(std::make_shared<DraftExperience>(engine.model().config().n_mtp)),
      window_bytes_(engine.model().window_bytes(capacity)),
      page_bytes_(engine.model().page_bytes()),
      cache_(page_bytes_) {
  stats_.cache_budget_bytes = options.cache_bytes;
}

Result<RequestId> Scheduler::Loop::submit(ServiceRequest request, ServiceListener listener) {
  RequestId id = 0;
  {
    const std::lock_guard lock(mutex_);
    id = ++last_id_;
  }
  // Checking options and preparing the sampler take time: not under the lock.
  auto job = STRIDE_TRY(Job::make(id, engine_, std::move(request), std::move(listener), capacity_));
  const std::lock_guard lock(mutex_);
  if (closing_) return fail(Errc::cancelled, "the service is shutting down");
  const size_t most = size_t{options_.max_running} + options_.max_waiting;
  if (signals_.size() >= most) {
    return fail(Errc::exhausted, "the queue is full: {} requests run or wait; try again later",
                signals_.size());
  }
  signals_.emplace(id, job->signals);
  arrivals_.push_back(std::move(job));
  changed_.notify_all();
  return id;
}

void Scheduler::Loop::cancel(RequestId id) {
  const std::lock_guard lock(mutex_);
  const auto found = signals_.find(id);
  if (found == signals_.end()) return;
  found->second->cancel = true;
  if (found->second->reading) break_off_ = true;
  changed_.notify_all();
}

void Scheduler::Loop::cancel_all() {
  std::unique_lock lock(mutex_);
  for (const auto& [id, signals] : signals_) signals->cancel = true;
  break_off_ = true;
  changed_.notify_all();
  changed_.wait(lock, [&] { return all_gone(); });
}

bool Scheduler::Loop::end_reasoning(RequestId id) {
  const std::lock_guard lock(mutex_);
  const auto found = signals_.find(id);
  if (found == signals_.end() || !found->second->in_reasoning) return false;
  found->second->end_reasoning = true;
  return true;
}

ServiceStats Scheduler::Loop::stats() const {
  const std::lock_guard lock(mutex_);
  return stats_;
}

bool Scheduler::Loop::close(std::chrono::steady_clock::time_point until) {
  std::unique_lock lock(mutex_);
  closing_ = true;
  changed_.notify_all();
  return changed_.wait_until(lock, until, [&] { return all_gone(); });
}

void Scheduler::Loop::run(const std::stop_token& stop) {
  const std::stop_callback wake(stop, [&] {
    const std::lock_guard lock(mutex_);
    changed_.notify_all();
  });
  while (take_arrivals(stop)) {
    // A wish that comes from here on is either seen by drop_cancelled() or breaks off the step.
    break_off_ = false;
    drop_cancelled();
    if (!crowded_ || running_.empty()) admit();
    if (!running_.empty()) step();
    publish();
  }
}

bool Scheduler::Loop::take_arrivals(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] {
    return stop.stop_requested() || !arrivals_.empty() || !running_.empty() || !waiting_.empty();
  });
  for (auto& job : arrivals_) {
    // Who comes new has had as much as the least served of the others.
    uint64_t least = UINT64_MAX;
    for (const auto& [client, rows] : served_) least = std::min(least, rows);
    served_.try_emplace(job->request.client, served_.empty() ? 0 : least);
    waiting_.push_back(std::move(job));
  }
  arrivals_.clear();
  return !stop.stop_requested();
}

void Scheduler::Loop::drop_cancelled() {
  const Clock::time_point now = Clock::now();
  drop_from(waiting_, now);
  drop_from(running_, now);
}

void Scheduler::Loop::drop_from(Jobs& jobs, Clock::time_point now) {
  for (size_t i = 0; i < jobs.size();) {
    Job& job = *jobs[i];
    const bool expired = job.expired(now);
    if (!job.signals->cancel && !expired) {
      ++i;
      continue;
    }
    std::unique_ptr<Job> gone = std::move(jobs[i]);
    jobs.erase(jobs.begin() + static_cast<ptrdiff_t>(i));
    if (expired && gone->text().size() == gone->request.input.prompt.size()) {
      finish(std::move(gone),
             Error{Errc::timeout, "the deadline passed before the answer had begun"});
    } else {
      gone->answer->end(expired ? FinishCause::deadline : FinishCause::cancelled);
      finish(std::move(gone));
    }
  }
}

// Takes leave of a job that is in no list any more.
void Scheduler::Loop::finish(std::unique_ptr<Job> job, const std::optional<Error>& error) {
  if (job->session) {
    keep(*job);
    spare_.push_back(std::move(job->session));
  }
  {
    const std::lock_guard lock(mutex_);
    signals_.erase(job->id);
    telling_ = true;
    stats_.generated_tokens += job->text().size() - job->request.input.prompt.size();
    if (job->speculator) {
      const SpeculationStats::Head drafts = job->speculator->stats().sum();
      stats_.n_draft += drafts.n_draft;
      stats_.n_draft_accepted += drafts.n_accepted;
    }
    if (job->began) {
      stats_.prompt_tokens += job->progress.total;
      stats_.reused_tokens += job->progress.reused;
    }
  }
  const auto same_client = [&](const auto& other) {
    return other->request.client == job->request.client;
  };
  if (std::ranges::none_of(waiting_, same_client) && std::ranges::none_of(running_, same_client))
    served_.erase(job->request.client);
  error ? job->fail(*error) : job->finish();
  // With its listener, which may hold what whoever waits for the end is about to destroy.
  job.reset();
  const std::lock_guard lock(mutex_);
  telling_ = false;
  changed_.notify_all();
}

// All that is allocated has been made room for, but for a page that a sequence which fills the
// budget alone copies because the cache holds it as well: the cache lets go of it then.
uint64_t Scheduler::Loop::trim() {
  uint64_t held = bytes_held();
  while (held > options_.cache_bytes && !spare_.empty()) {
    spare_.pop_back();
    held -= window_bytes_;
  }
  if (held <= options_.cache_bytes) return held;
  cache_.free(held - options_.cache_bytes);
  return bytes_held();
}

void Scheduler::Loop::publish() {
  const uint64_t held = trim();
  const std::lock_guard lock(mutex_);
  stats_.n_running = static_cast<uint32_t>(running_.size());
  stats_.n_waiting = static_cast<uint32_t>(waiting_.size());
  stats_.cache_bytes = held;
}

// A request whose beginning another one is reading waits for that, rather than reading it as well.
bool Scheduler::Loop::held(const Job& job) const {
  for (const auto& other : running_) {
    if (other->phase != Job::Phase::reading ||
        other->request.cache_salt != job.request.cache_salt) {
      continue;
    }
    const size_t shared = common_prefix(other->text(), job.text());
    if (shared >= cache::kPageTokens && shared > other->session->size()) return true;
  }
  return false;
}

bool Scheduler::Loop::background_waits(const Job& job) const {
  return job.request.lane == Lane::background &&
         std::ranges::any_of(
             waiting_, [](const auto& other) { return other->request.lane == Lane::interactive; });
}

// Of the client that has been served least, the oldest request that may begin.
Job* Scheduler::Loop::next_waiting() const {
  Job* best = nullptr;
  uint64_t best_served = 0;
  for (const auto& job : waiting_) {
    if (background_waits(*job) || held(*job)) continue;
    const uint64_t served = served_.at(job->request.client);
    if (best && served >= best_served) continue;
    best = job.get();
    best_served = served;
  }
  return best;
}

// Pages that a job lacks for its text and what comes next. It may have to copy one that it shares.
uint64_t Scheduler::Loop::n_page_to_come(const Job& job) {
  const uint64_t n_wanted = job.text().size() / cache::kPageTokens + 2;
  const uint64_t n_held = job.session ? job.session->sequence()->pages().size() : 0;
  return n_wanted - std::min(n_wanted, n_held);
}

// Its windows and the pages of its text beside those of all that run, which the cache may have to
// give up. Who would take what the others are about to need would only be set back.
bool Scheduler::Loop::fits(const Job& job) const {
  uint64_t n_page = n_page_to_come(job);
  for (const auto& other : running_) n_page += n_page_to_come(*other);
  const uint64_t wanted = n_page * page_bytes_ + (spare_.empty() ? window_bytes_ : 0);
  const uint64_t held = bytes_held(), idle = std::min(held, cache_.idle_bytes());
  return held - idle + wanted <= options_.cache_bytes;
}

void Scheduler::Loop::admit() {
  while (running_.size() < options_.max_running) {
    Job* next = next_waiting();
    if (!next) break;
    if (!running_.empty() && !fits(*next)) break;
    const auto at = std::ranges::find(waiting_, next, &std::unique_ptr<Job>::get);
    std::unique_ptr<Job> job = std::move(*at);
    waiting_.erase(at);
    begin(std::move(job));
  }
  for (uint32_t i = 0; i < waiting_.size(); ++i) {
    Job& job = *waiting_[i];
    if (job.told_position == i) continue;
    job.told_position = i;
    if (job.listener.on_queued) job.listener.on_queued(i);
  }
}

void Scheduler::Loop::begin(std::unique_ptr<Job> job) {
  std::unique_ptr<Session> session;
  const auto text = job->text();
  // Before room is made for the windows of a new sequence: what is held is not let go.
  CacheHit hit;
  if (!job->scores)
    hit = cache_.find(text, static_cast<uint32_t>(text.size() - 1), job->request.cache_salt);
  if (!spare_.empty()) {
    session = std::move(spare_.back());
    spare_.pop_back();
  } else {
    make_free(window_bytes_);
    auto made = Session::make(engine_.model(), capacity_, experience_);
    if (!made) return finish(std::move(job), made.error());
    session = std::make_unique<Session>(std::move(*made));
  }
  if (hit.n_usable == 0 || !session->adopt(text.first(hit.n_usable), hit.pages, *hit.point)) {
    if (auto cleared = session->clear(); !cleared) return finish(std::move(job), cleared.error());
  }
  const uint32_t from = session->size();
  job->begin(std::move(session), hit, wanted_marks(*job, from));
  job->speculator.emplace(*job->session, job->request.options.mtp_depth,
                          engine_.model().config().n_mtp);
  running_.push_back(std::move(job));
}

// Where a mark is wanted behind `from`: at the beginnings of turns (the first of which follows the
// tools) and where the request says, and in long texts between them.
std::vector<uint32_t> Scheduler::Loop::wanted_marks(const Job& job, uint32_t from) const {
  const auto text = job.text();
  std::vector<uint32_t> places = job.request.marks;
  for (uint32_t i = 0; i < text.size(); ++i)
    if (text[i] == engine_.turn_begin()) places.push_back(i);
  std::ranges::sort(places);
  std::vector<uint32_t> wanted;
  uint32_t last = from;
  const auto fill = [&](size_t until) {
    for (; until - last > options_.mark_spacing; last += options_.mark_spacing)
      wanted.push_back(last + options_.mark_spacing);
  };
  for (const uint32_t place : places) {
    const bool dense = wanted.empty() || text.size() - place <= kNearEnd;
    if (place < last + (dense ? kLeastSpacing : kFarSpacing) || place >= text.size()) continue;
    fill(place);
    wanted.push_back(place);
    last = place;
  }
  fill(text.size());
  return wanted;
}

// What the job has read stays for later prompts, up to where it is now.
void Scheduler::Loop::keep(Job& job) {
  if (job.speculator && !job.speculator->finish()) return;
  if (!job.session->sequence()) return;
  if (job.lacks_mark(kLeastSpacing)) mark(job, job.session->size());
  cache_.insert(job.session->tokens(), job.session->sequence()->pages(), job.marks,
                job.request.cache_salt);
  job.marks.clear();
}

}  // namespace stride::engine
