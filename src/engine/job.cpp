// SPDX-License-Identifier: Apache-2.0
#include "engine/job.h"

#include <algorithm>
#include <utility>

namespace stride::engine {

Result<std::unique_ptr<Job>> Job::make(RequestId id, const Engine& engine, ServiceRequest request,
                                       ServiceListener listener, uint32_t capacity) {
  std::unique_ptr<Job> job(new Job);
  job->id = id;
  job->request = std::move(request);
  job->listener = std::move(listener);
  job->text_listener.on_delta = job->listener.on_delta;
  if (job->listener.on_token) {
    job->text_listener.on_token = [job = job.get()](GeneratedToken token) {
      if (job->speculator) token.drafts = job->speculator->stats().sum();
      job->listener.on_token(token);
    };
  }
  const size_t n_prompt = job->request.input.prompt.size();
  if (n_prompt == 0) return stride::fail(Errc::invalid_argument, "the prompt is empty");
  if (n_prompt >= capacity) {
    return stride::fail(Errc::exhausted,
                        "the prompt has {} tokens, but the context holds {}, one of them for the "
                        "answer: shorten the prompt or ask for a larger context",
                        n_prompt, capacity);
  }
  STRIDE_TRY(check_mtp_depth(job->request.options.mtp_depth, engine.model().config().n_mtp));
  job->answer.emplace(STRIDE_TRY(Answer::make(engine, job->request.input, job->request.options,
                                              capacity, job->text_listener)));
  if (const auto n_top = job->request.options.n_prompt_logprobs)
    job->scores.emplace(static_cast<uint32_t>(n_prompt), *n_top, engine.model().config().n_vocab);
  if (job->request.deadline) job->deadline = job->submitted + *job->request.deadline;
  return job;
}

void Job::begin(std::unique_ptr<Session> with, const CacheHit& hit,
                std::vector<uint32_t> marks_at) {
  session = std::move(with);
  wanted_marks = std::move(marks_at);
  marks.clear();
  last_mark = session->size();
  phase = Phase::reading;
  signals->reading = true;
  if (began) return;
  began = true;
  admitted = Clock::now();
  n_matched = hit.n_matched;
  parts = hit.parts;
  progress = {.total = static_cast<uint32_t>(text().size()), .reused = session->size()};
  if (listener.on_prefill) listener.on_prefill(progress);
}

uint32_t Job::piece(uint32_t most) const {
  const uint32_t begin = session->size(), end = begin + std::min(most, n_unread());
  return (scores ? scores->piece_end(begin, end) : end) - begin;
}

void Job::score() {
  if (!wants_scores()) return;
  const auto scored = scores->add(text(), session->size(), speculator->output().logits);
  if (!scored) problem = scored.error();
}

std::span<const uint32_t> Job::marks_wanted(uint32_t n_read) const {
  const auto first = std::ranges::upper_bound(wanted_marks, session->size() - n_read);
  return {first, std::ranges::upper_bound(wanted_marks, session->size())};
}

void Job::read(double seconds) {
  const uint32_t before = progress.reused + progress.processed;
  // Text that is read a second time, after the request was set back, is not reported again.
  if (session->size() <= before || before >= progress.total) return;
  const uint32_t n = std::min(session->size(), progress.total) - before;
  const double each = seconds_since(admitted) / (progress.processed + n);
  progress.processed += n;
  progress.seconds += seconds;
  progress.eta_seconds = each * (progress.total - before - n);
  if (listener.on_prefill) listener.on_prefill(progress);
}

bool Job::lacks_mark(uint32_t spacing) const {
  return session->size() >= last_mark + spacing && session->sequence() != nullptr;
}

void Job::mark_at(uint32_t position) {
  auto point = session->sequence()->mark_at(position);
  if (!point) return;
  marks.push_back({position, std::move(point)});
  last_mark = position;
}

std::unique_ptr<Session> Job::set_back() {
  phase = Phase::waiting;
  signals->reading = false;
  speculator.reset();
  pass.reset();
  marks.clear();
  return std::move(session);
}

void Job::finish() {
  Generated result = answer->finish();
  result.usage.reused_tokens = progress.reused;
  result.usage.matched_tokens = n_matched;
  result.usage.cache_miss = cache_miss();
  Timings& t = result.timings;
  t.queue_seconds =
      std::chrono::duration<double>((began ? admitted : Clock::now()) - submitted).count();
  if (began) {
    const bool answered = answering_since != Clock::time_point{};
    const auto read_until = answered ? answering_since : Clock::now();
    t.prefill_seconds = std::chrono::duration<double>(read_until - admitted).count();
    if (t.prefill_seconds > 0) t.prompt_tokens_per_second = progress.processed / t.prefill_seconds;
    if (answered) t.decode_seconds = seconds_since(answering_since);
  }
  if (speculator) result.speculation = speculator->stats();
  if (t.decode_seconds > 0 && result.tokens.size() > 1)
    t.generated_tokens_per_second =
        static_cast<double>(result.tokens.size() - 1) / t.decode_seconds;
  if (listener.on_finish) listener.on_finish(std::move(result));
}

CacheMiss Job::cache_miss() const {
  const uint32_t n_new = progress.total - n_matched, n_again = n_matched - progress.reused;
  constexpr uint32_t kEnd = 16;  // tokens that are read again in any case
  if (n_new + n_again <= kEnd) return CacheMiss::none;
  if (n_matched == 0) return CacheMiss::unknown;
  if (n_again > n_new) return CacheMiss::rewind;
  return parts ? CacheMiss::changed : CacheMiss::longer;
}

void Job::fail(Error error) {
  if (listener.on_finish) listener.on_finish(std::unexpected(std::move(error)));
}

}  // namespace stride::engine
