// SPDX-License-Identifier: Apache-2.0
// One step: choose the rows, make room for what they store, run the model once, hand out tokens.
#include <algorithm>
#include <chrono>
#include <utility>

#include "engine/scheduler_loop.h"

namespace stride::engine {

void Scheduler::Loop::step() {
  std::vector<Turn> turns;
  plan_answers(turns);
  uint32_t n_answer_row = 0;
  for (const Turn& turn : turns) n_answer_row += turn.n_row;
  const double answering =
      static_cast<double>(turns.size()) / static_cast<double>(std::max<size_t>(1, running_.size()));
  const uint32_t n_whole = plan_reading(turns, n_answer_row);
  if (turns.empty() || !make_room(turns)) return;

  crowded_ = false;
  const Clock::time_point start = Clock::now();
  const auto done = run_model(turns);
  const double seconds = seconds_since(start);
  if (!done) {
    // Broken off: all is as before, and whoever was cancelled goes before the next step.
    if (done.error().code != Errc::cancelled) run_alone(turns);
    return;
  }
  uint32_t n_row = 0;
  for (const Turn& turn : turns) n_row += turn.n_row;
  pace_.saw(n_answer_row, n_row - n_answer_row, seconds);
  if (n_whole > 0)
    next_whole_ = Clock::now() + std::chrono::duration_cast<Clock::duration>(
                                     std::chrono::duration<double>(answering * seconds));
  settle_all(turns, seconds);
}

// The next token of every running answer, and guesses behind it.
void Scheduler::Loop::plan_answers(std::vector<Turn>& turns) {
  std::vector<Job*> drafting;
  for (size_t i = 0; i < running_.size(); ++i) {
    Job& job = *running_[i];
    if (job.phase != Job::Phase::answering) continue;
    if (!job.pass) {
      auto pass = job.speculator->plan(job.text(), job.answer->n_left(), running_.size() == 1);
      if (!pass) {
        end_failed(job, pass.error());
        --i;
        continue;
      }
      job.pass = std::move(*pass);
      if (job.lacks_mark(options_.mark_spacing)) mark(job, job.session->size());
      if (job.pass->n_draft > 0) drafting.push_back(&job);
    }
    turns.push_back({&job, 0});
  }
  if (!drafting.empty()) draft(drafting);
  for (Turn& turn : turns) turn.n_row = static_cast<uint32_t>(turn.job->pass->ids.size());
}

// A round that fails costs its drafts, never a token.
void Scheduler::Loop::draft(std::span<Job* const> jobs) {
  const Clock::time_point start = Clock::now();
  std::vector<MtpHeads::Round> rounds;
  for (Job* job : jobs)
    rounds.push_back(job->session->draft_round(job->text().back(), job->pass->n_draft));
  const auto drafted = MtpHeads::draft(engine_.model(), rounds);
  const double seconds = seconds_since(start);
  for (size_t i = 0; i < jobs.size(); ++i) {
    if (!drafted) jobs[i]->session->restart_heads();
    std::vector<Token>& drafts = rounds[i].drafts;
    drafts.resize(drafted ? jobs[i]->answer->n_possible(drafts) : 0);
    jobs[i]->pass->n_draft = static_cast<uint32_t>(drafts.size());
    jobs[i]->pass->add_drafts(drafts, seconds);
  }
}

// Returns how many rows are read because they end a prompt, though answers wait for them.
uint32_t Scheduler::Loop::plan_reading(std::vector<Turn>& turns, uint32_t n_answer_row) {
  const uint32_t room = options_.step_rows - std::min(options_.step_rows, n_answer_row);
  const uint32_t paced = pace_.prompt_rows(n_answer_row, options_.stall_ratio, room);
  const uint32_t whole = read_whole(turns, std::min(room, pace_.rows_in(options_.longest_stall)));
  uint32_t left = paced - std::min(paced, whole);
  while (left > 0) {
    Job* job = next_reading(turns, UINT32_MAX);
    if (!job) break;
    const uint32_t n = job->piece(left);
    turns.push_back({job, n});
    left -= n;
  }
  return whole > paced ? whole : 0;
}

// Of the prompts that can be read whole, as many as `room` has rows for; returns their rows.
uint32_t Scheduler::Loop::read_whole(std::vector<Turn>& turns, uint32_t room) {
  if (Clock::now() < next_whole_) return 0;
  uint32_t left = room;
  while (Job* job = next_reading(turns, left)) {
    const uint32_t n = job->piece(left);
    turns.push_back({job, n});
    left -= n;
  }
  return room - left;
}

// Of the client that has been served least: in turns its request that has read least, so that short
// prompts need not wait for long ones, and the oldest, so that long ones come to an end.
Job* Scheduler::Loop::next_reading(const std::vector<Turn>& turns, uint32_t most_unread) const {
  const auto key = [&](const Job& job) {
    const uint64_t lane = job.request.lane == Lane::background;
    const uint64_t age = n_step_ % 2 == 0 ? job.session->size() - job.progress.reused : job.id;
    return std::tuple(lane, served_.at(job.request.client), age, job.id);
  };
  Job* best = nullptr;
  for (const auto& job : running_) {
    if (job->phase != Job::Phase::reading || job->n_unread() > most_unread) continue;
    if (std::ranges::find(turns, job.get(), &Turn::job) != turns.end()) continue;
    if (!best || key(*job) < key(*best)) best = job.get();
  }
  return best;
}

// Pages that these rows have to be given, copies of shared ones included.
uint64_t Scheduler::Loop::bytes_needed(const std::vector<Turn>& turns) const {
  uint64_t n_page = 0;
  for (const Turn& turn : turns) {
    const auto pages = turn.job->session->sequence()->pages();
    const uint64_t begin = turn.job->session->size(), end = begin + turn.n_row;
    const uint64_t n_wanted = (end + cache::kPageTokens - 1) / cache::kPageTokens;
    n_page += n_wanted - std::min<uint64_t>(n_wanted, pages.size());
    const uint64_t tail = begin / cache::kPageTokens;
    n_page += tail < pages.size() && pages[tail].use_count() > 1;
  }
  return n_page * page_bytes_;
}

// Of the windows, of pages that nobody else holds, and of marks.
uint64_t Scheduler::Loop::bytes_of(const Job& job) const {
  const auto pages = job.session->sequence()->pages();
  const auto n_own = std::ranges::count_if(
      pages, [](const cache::SharedPage& page) { return page.use_count() == 1; });
  uint64_t sum = window_bytes_ + static_cast<uint64_t>(n_own) * page_bytes_;
  for (const Mark& mark : job.marks) sum += mark.point->bytes();
  return sum;
}

uint64_t Scheduler::Loop::bytes_held() const {
  uint64_t sum = cache_.bytes() + spare_.size() * window_bytes_;
  for (const auto& job : running_) sum += bytes_of(*job);
  return sum;
}

// False if a request had to be set back, and the step has to be planned anew.
bool Scheduler::Loop::make_room(const std::vector<Turn>& turns) {
  const uint64_t needed = bytes_needed(turns);
  if (needed == 0 || make_free(needed) == 0) return true;
  // The last one stays: its capacity is such that it fits alone, without its marks.
  if (running_.size() == 1) {
    running_[0]->marks.clear();
    return true;
  }
  set_back(*running_.back());
  return false;
}

// Sees to it that so much can be allocated within the budget; returns what is missing all the same.
uint64_t Scheduler::Loop::make_free(uint64_t bytes) {
  const uint64_t total = bytes_held() + bytes;
  uint64_t excess = total - std::min(total, options_.cache_bytes);
  for (; excess > 0 && !spare_.empty(); excess -= std::min(excess, window_bytes_))
    spare_.pop_back();
  if (excess > 0) excess -= std::min(excess, cache_.free(excess));
  return excess;
}

// Keeps where the job's sequence stood at the position, unless there is no room: text can be read
// again, memory cannot be had twice. No mark is larger than one at the end would be.
void Scheduler::Loop::mark(Job& job, uint32_t position) {
  uint64_t bytes = job.session->sequence()->mark_bytes();
  // A job that is about to go is not among those that run.
  if (std::ranges::find(running_, &job, &std::unique_ptr<Job>::get) == running_.end())
    bytes += bytes_of(job);
  if (make_free(bytes) == 0) job.mark_at(position);
}

void Scheduler::Loop::set_back(Job& job) {
  const auto at = std::ranges::find(running_, &job, &std::unique_ptr<Job>::get);
  job.set_back().reset();
  // By age, so before all that have not begun.
  waiting_.insert(waiting_.begin(), std::move(*at));
  running_.erase(at);
  crowded_ = true;
  const std::lock_guard lock(mutex_);
  ++stats_.n_set_back;
}

Result<> Scheduler::Loop::run_model(std::span<const Turn> turns) {
  parts_.clear();
  for (const Turn& turn : turns) {
    Job& job = *turn.job;
    model::Output& out = job.speculator->output();
    if (job.pass) {
      parts_.push_back(
          job.session->part(job.pass->ids, job.pass->logits(), out, job.pass->n_draft));
    } else {
      const auto ids = job.text().subspan(job.session->size(), turn.n_row);
      const bool last = job.session->size() + turn.n_row == job.text().size();
      const auto logits = job.wants_scores() ? model::Logits::all
                          : last             ? model::Logits::last
                                             : model::Logits::none;
      parts_.push_back(job.session->part(ids, logits, out));
    }
  }
  STRIDE_TRY(engine_.model().forward_batch(parts_, &break_off_));
  ++n_step_;
  const std::lock_guard lock(mutex_);
  ++stats_.n_step;
  for (const Turn& turn : turns) stats_.n_row += turn.n_row;
  return {};
}

// After a failure that may be one request's own: it alone shall suffer.
void Scheduler::Loop::run_alone(const std::vector<Turn>& turns) {
  for (const Turn& turn : turns) {
    const Clock::time_point start = Clock::now();
    const auto done = run_model({&turn, 1});
    if (done) {
      settle_all({turn}, seconds_since(start));
    } else if (done.error().code != Errc::cancelled) {
      end_failed(*turn.job, done.error());
    }
  }
}

void Scheduler::Loop::settle_all(const std::vector<Turn>& turns, double seconds) {
  for (const Turn& turn : turns) settle(turn, seconds);
  for (const Turn& turn : turns) {
    if (turn.job->problem) {
      end_failed(*turn.job, *turn.job->problem);
      continue;
    }
    if (turn.job->phase != Job::Phase::answering || advance(*turn.job)) continue;
    const auto at = std::ranges::find(running_, turn.job, &std::unique_ptr<Job>::get);
    if (at == running_.end()) continue;
    std::unique_ptr<Job> job = std::move(*at);
    running_.erase(at);
    finish(std::move(job));
  }
}

// The rows have been run: the session and the speculator learn of it.
void Scheduler::Loop::settle(const Turn& turn, double seconds) {
  Job& job = *turn.job;
  served_.at(job.request.client) += turn.n_row;
  if (job.pass) {
    job.session->ran(job.pass->ids, job.speculator->output());
    job.speculator->ran(std::move(*job.pass), seconds);
    job.pass.reset();
    return;
  }
  job.score();
  job.session->ran(job.text().subspan(job.session->size(), turn.n_row), job.speculator->output());
  for (const uint32_t position : job.marks_wanted(turn.n_row)) mark(job, position);
  job.read(seconds);
  if (job.session->size() < job.text().size()) {
    // Those who begin with the same text need not wait for the end of this one.
    if (!job.marks.empty()) keep(job);
    return;
  }
  job.phase = Job::Phase::answering;
  job.signals->reading = false;
  if (job.answering_since == Clock::time_point{}) {
    job.answering_since = Clock::now();
    if (job.scores && job.listener.on_prompt_logprobs)
      job.listener.on_prompt_logprobs(job.scores->scores());
  }
  keep(job);
}

// Takes the text as far as logits are at hand; false when it has ended.
bool Scheduler::Loop::advance(Job& job) {
  if (job.signals->end_reasoning.exchange(false)) job.answer->end_reasoning();
  while (job.answer->wants_logits()) {
    const auto logits = job.speculator->at_hand(job.text());
    if (!logits) {
      job.signals->in_reasoning = job.answer->in_reasoning();
      return true;
    }
    if (auto chosen = job.answer->choose(*logits); !chosen) {
      end_failed(job, chosen.error());
      return true;
    }
  }
  return false;
}

void Scheduler::Loop::end_failed(Job& job, Error error) {
  const auto at = std::ranges::find(running_, &job, &std::unique_ptr<Job>::get);
  std::unique_ptr<Job> gone = std::move(*at);
  running_.erase(at);
  finish(std::move(gone), std::move(error));
}

}  // namespace stride::engine
