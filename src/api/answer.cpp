// SPDX-License-Identifier: Apache-2.0
#include "api/answer.h"

#include <algorithm>
#include <utility>

#include "api/failure_response.h"
#include "net/sse.h"

namespace stride::api {
namespace {

// Signs of life while the prompt is read are not sent more often, unless the client asked for them.
constexpr auto kProgressPause = std::chrono::milliseconds(500);

double seconds_between(Clock::time_point from, Clock::time_point to) {
  return std::chrono::duration<double>(to - from).count();
}

}  // namespace

Answer::Answer(Parts parts, net::Exchange exchange)
    : parts_(std::move(parts)),
      exchange_(std::move(exchange)),
      id_(answer_id(parts_.call->dialect, parts_.context.ids)),
      encoder_(make_encoder(*parts_.call, parts_.context)) {}

void Answer::run(std::vector<engine::ServiceRequest> requests) {
  choices_.resize(requests.size());
  last_token_at_.resize(requests.size());
  n_left_ = requests.size();
  if (call().output.stream) early_ = encoder_->start();
  if (!parts_.background) watch_client();
  for (uint32_t i = 0; i < requests.size(); ++i) {
    auto id = parts_.service->submit(std::move(requests[i]), listener(i));
    if (!id) return abandon(Failure(std::move(id).error()), requests.size() - i);
    const std::scoped_lock lock(mutex_);
    requests_.push_back(*id);
  }
  bool cancelled = false;
  {
    const std::scoped_lock lock(mutex_);
    cancelled = cancelled_;
    begin();
  }
  if (cancelled) cancel_requests();
}

void Answer::watch_client() {
  exchange_.on_closed([weak = weak_from_this()] {
    const auto self = weak.lock();
    if (self == nullptr) return;
    {
      const std::scoped_lock lock(self->mutex_);
      self->client_gone_ = true;
    }
    self->cancel();
  });
}

// Not all requests were taken: the rest of the choices will not be told of.
void Answer::abandon(const Failure& failure, size_t n_missing) {
  {
    const std::scoped_lock lock(mutex_);
    fail(failure);
    n_left_ -= n_missing;
    if (n_left_ == 0) report();
  }
  cancel_requests();
}

// With the mutex held, like all below down to the listener.
void Answer::begin() {
  if (begun_ || over_) return;
  begun_ = true;
  if (call().output.stream) {
    net::Headers headers = net::sse_headers();
    headers.insert(headers.end(), parts_.headers.begin(), parts_.headers.end());
    exchange_.begin_stream({.headers = std::move(headers), .body = std::exchange(early_, {})});
    last_sent_ = Clock::now();
  }
  if (parts_.background) respond(net::json_response(200, encoder_->body({})));
  if (is_whole()) complete();
  if (n_left_ == 0) report();
}

void Answer::respond(net::HttpResponse response) {
  response.headers.insert(response.headers.end(), parts_.headers.begin(), parts_.headers.end());
  exchange_.respond(std::move(response));
}

bool Answer::is_whole() const {
  return std::ranges::all_of(choices_, [](const auto& choice) { return choice.has_value(); });
}

void Answer::send(std::string bytes) {
  if (bytes.empty() || !call().output.stream || over_) return;
  if (!begun_) {
    early_ += bytes;
    return;
  }
  last_sent_ = Clock::now();
  exchange_.write(std::move(bytes));
}

void Answer::complete() {
  if (over_) return;
  std::vector<engine::Generated> choices;
  for (auto& choice : choices_) choices.push_back(*choice);
  body_ = encoder_->body(choices);
  // Before the client knows, so that what it asks next finds what was kept of this answer.
  report();
  if (call().output.stream) {
    send(encoder_->close());
    over_ = true;
    exchange_.end();
  } else {
    over_ = true;
    respond(net::json_response(200, body_));
  }
}

void Answer::fail(const Failure& failure) {
  if (over_) return;
  failure_ = failure;
  const std::string event = begun_ ? encoder_->failure(failure) : std::string();
  // A response that was begun can be asked for; it says that it failed.
  if (begun_ && call().dialect == Dialect::responses) body_ = encoder_->body({});
  if (call().output.stream && begun_) {
    send(event);
    over_ = true;
    exchange_.end();
    return;
  }
  over_ = true;
  respond(failure_response(call().dialect, failure, parts_.request_id));
}

void Answer::admit() {
  if (admitted_at_ == Clock::time_point{}) admitted_at_ = Clock::now();
  wait_.queue_position = 0;
}

engine::ServiceListener Answer::listener(uint32_t choice) {
  const auto self = shared_from_this();
  engine::ServiceListener out;
  out.on_queued = [self](uint32_t position) { self->on_queued(position); };
  out.on_prefill = [self](const auto& progress) { self->on_prefill(progress); };
  out.on_prompt_logprobs = [self, choice](auto all) { self->on_prompt_logprobs(choice, all); };
  out.on_token = [self, choice](const auto& token) { self->on_token(choice, token); };
  out.on_delta = [self, choice](const auto& delta) { self->on_delta(choice, delta); };
  out.on_finish = [self, choice](Result<engine::Generated> result) {
    self->on_finish(choice, std::move(result));
  };
  return out;
}

void Answer::on_queued(uint32_t position) {
  const std::scoped_lock lock(mutex_);
  wait_.queue_position = position;
  if (position == 0) admit();
}

void Answer::on_prefill(const engine::PrefillProgress& progress) {
  const std::scoped_lock lock(mutex_);
  admit();
  wait_.progress = progress;
  if (call().output.return_progress || Clock::now() - last_sent_ >= kProgressPause)
    send(encoder_->progress(progress));
}

void Answer::on_prompt_logprobs(uint32_t choice, std::span<const decode::Logprobs> all) {
  const std::scoped_lock lock(mutex_);
  send(encoder_->prompt_logprobs(choice, all));
}

void Answer::tell_time(Clock::time_point now, const engine::GeneratedToken& token) {
  if (!call().output.timings_per_token) return;
  RunningTimings out;
  if (wait_.progress) {
    out.n_prompt = wait_.progress->reused + wait_.progress->processed;
    out.n_cached = wait_.progress->reused;
  }
  out.prompt_seconds = seconds_between(admitted_at_, first_token_at_);
  out.decode_seconds = seconds_between(first_token_at_, now);
  out.drafts = token.drafts;
  encoder_->clock(out);
}

void Answer::on_token(uint32_t choice, const engine::GeneratedToken& token) {
  const std::scoped_lock lock(mutex_);
  const auto now = Clock::now();
  admit();
  if (first_token_at_ == Clock::time_point{}) first_token_at_ = now;
  Clock::time_point& last = last_token_at_[choice];
  if (last != Clock::time_point{} && parts_.on_token_gap)
    parts_.on_token_gap(seconds_between(last, now));
  last = now;
  tell_time(now, token);
  send(encoder_->token(choice, token));
}

void Answer::on_delta(uint32_t choice, const chat::Delta& delta) {
  const std::scoped_lock lock(mutex_);
  send(encoder_->delta(choice, delta));
}

void Answer::on_finish(uint32_t choice, Result<engine::Generated> result) {
  const std::scoped_lock lock(mutex_);
  end_choice(choice, std::move(result));
  if (n_left_ == 0 && (begun_ || over_)) report();
}

void Answer::end_choice(uint32_t choice, Result<engine::Generated> result) {
  --n_left_;
  if (!result) return fail(Failure(std::move(result).error()));
  const bool cut = result->finish_cause == engine::FinishCause::cancelled;
  if (cut && !cancelled_)
    return fail({FailureKind::unavailable, "the server is shutting down; the answer was cut"});
  if (!over_) send(encoder_->finish(choice, *result));
  choices_[choice] = *std::move(result);
  if (begun_ && is_whole()) complete();
}

void Answer::report() {
  if (std::exchange(reported_, true)) return;
  ended_.notify_all();
  if (!parts_.on_done) return;
  AnswerReport out;
  out.call = parts_.call.get();
  for (auto& choice : choices_) {
    if (choice) out.choices.push_back(*std::move(choice));
  }
  const auto now = Clock::now();
  out.failure = failure_;
  out.streamed = call().output.stream;
  out.client_gone = client_gone_;
  const auto admitted = admitted_at_ == Clock::time_point{} ? now : admitted_at_;
  out.queue_seconds = seconds_between(begun_at_, admitted);
  if (first_token_at_ != Clock::time_point{})
    out.first_token_seconds = seconds_between(begun_at_, first_token_at_);
  out.total_seconds = seconds_between(begun_at_, now);
  out.body = body_;
  parts_.on_done(out);
}

std::string Answer::snapshot() {
  const std::scoped_lock lock(mutex_);
  return encoder_->body({});
}

bool Answer::wait_until_over(std::chrono::milliseconds patience) {
  std::unique_lock lock(mutex_);
  return ended_.wait_for(lock, patience, [this] { return reported_; });
}

void Answer::cancel() {
  {
    const std::scoped_lock lock(mutex_);
    cancelled_ = true;
  }
  cancel_requests();
}

void Answer::cancel_requests() {
  std::vector<engine::RequestId> ids;
  {
    const std::scoped_lock lock(mutex_);
    ids = requests_;
  }
  for (const engine::RequestId id : ids) parts_.service->cancel(id);
}

bool Answer::end_reasoning() {
  std::vector<engine::RequestId> ids;
  {
    const std::scoped_lock lock(mutex_);
    ids = requests_;
  }
  bool any = false;
  for (const engine::RequestId id : ids) any |= parts_.service->end_reasoning(id);
  return any;
}

void Answer::keep_alive(Clock::time_point now, Clock::duration silence) {
  {
    const std::scoped_lock lock(mutex_);
    if (begun_ && !over_ && now - last_sent_ >= silence) send(encoder_->wait(wait_));
    // Other choices of a call that has failed: a listener must not call the service.
    if (!over_ || n_left_ == 0 || cancelled_) return;
    cancelled_ = true;
  }
  cancel_requests();
}

}  // namespace stride::api
