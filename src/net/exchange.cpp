// SPDX-License-Identifier: Apache-2.0
#include "net/exchange.h"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <utility>

#include "net/content_coding.h"
#include "net/exchange_state.h"

namespace stride::net {

namespace {

// A handler that goes on writing into an outbox this many times over its limit has no client left
// that could use the answer.
constexpr size_t kOverflowFactor = 4;

// Below that, packing costs more than it saves.
constexpr size_t kLeastPacked = 1024;

bool is_text(const Headers& headers) {
  const std::string* type = find_header(headers, "Content-Type");
  return type != nullptr && (type->starts_with("application/json") || type->starts_with("text/"));
}

// Answers that are text and whole. Streams stay as they are: what gathers in a compressor is late.
void compress(HttpResponse& response) {
  const bool packed = find_header(response.headers, "Content-Encoding") != nullptr;
  if (packed || response.body.size() < kLeastPacked || !is_text(response.headers)) return;
  response.body = pack(response.body);
  response.headers.push_back({"Content-Encoding", "gzip"});
  response.headers.push_back({"Vary", "Accept-Encoding"});
}

}  // namespace

bool ExchangeState::wants_body() const {
  return !setup_.head_only && !has_no_body(status_);
}

size_t ExchangeState::pending() const {
  return head_.size() + data_.size() + n_in_flight_;
}

void ExchangeState::wake() {
  if (woken_ || detached_) return;
  woken_ = true;
  setup_.wake();
}

bool ExchangeState::begin(HttpResponse& response, Phase phase) {
  if (detached_ || phase_ != Phase::waiting) return false;
  status_ = response.status;
  framing_ = {.kind = Framing::Kind::length,
              .length = response.body.size(),
              .keep_alive = setup_.keep_alive,
              .minor_version = setup_.minor_version};
  if (phase == Phase::streaming) {
    framing_.kind = setup_.minor_version == 0 ? Framing::Kind::close : Framing::Kind::chunked;
    if (framing_.kind == Framing::Kind::close) framing_.keep_alive = false;
  }
  head_ = response_head(status_, response.headers, framing_, setup_.request_id, std::time(nullptr));
  if (wants_body()) data_ = std::move(response.body);
  phase_ = wants_body() ? phase : Phase::ended;
  last_write_ = std::chrono::steady_clock::now();
  wake();
  return true;
}

bool ExchangeState::respond(HttpResponse response) {
  if (setup_.accepts_gzip && !setup_.head_only) compress(response);
  const std::lock_guard lock(mutex_);
  return begin(response, Phase::ended);
}

bool ExchangeState::begin_stream(HttpResponse response) {
  const std::lock_guard lock(mutex_);
  return !closed_ && begin(response, Phase::streaming);
}

WriteResult ExchangeState::write(std::string bytes) {
  const std::lock_guard lock(mutex_);
  if (phase_ != Phase::streaming || closed_ || detached_ || overflowed_) return WriteResult::closed;
  // What stood there before counts, so that one large event may pass.
  overflowed_ = pending() / kOverflowFactor > setup_.outbox_bytes;
  if (overflowed_) return WriteResult::closed;
  last_write_ = std::chrono::steady_clock::now();
  if (data_.empty())
    data_ = std::move(bytes);
  else
    data_ += bytes;
  wake();
  return pending() > setup_.outbox_bytes ? WriteResult::full : WriteResult::ok;
}

void ExchangeState::end() {
  const std::lock_guard lock(mutex_);
  if (phase_ != Phase::streaming) return;
  phase_ = Phase::ended;
  wake();
}

void ExchangeState::abort() {
  const std::lock_guard lock(mutex_);
  if (last_taken_) return;
  aborted_ = true;
  wake();
}

void ExchangeState::abandon() {
  const std::lock_guard lock(mutex_);
  if (phase_ == Phase::waiting) {
    HttpResponse response = error_response(500, "The server gave no answer to this request.");
    begin(response, Phase::ended);
  } else if (phase_ == Phase::streaming) {
    aborted_ = true;
    wake();
  }
}

size_t ExchangeState::bytes_pending() const {
  const std::lock_guard lock(mutex_);
  return detached_ ? 0 : pending();
}

void ExchangeState::ping_when_silent(std::chrono::milliseconds interval, std::string bytes) {
  const std::lock_guard lock(mutex_);
  ping_interval_ = interval;
  ping_ = std::move(bytes);
}

void ExchangeState::ping_if_due(std::chrono::steady_clock::time_point now) {
  const std::lock_guard lock(mutex_);
  if (phase_ != Phase::streaming || closed_ || ping_.empty()) return;
  if (now - last_write_ < ping_interval_) return;
  last_write_ = now;
  // A client that reads nothing gets no pings on top.
  if (data_.empty() && n_in_flight_ == 0) {
    data_ = ping_;
    wake();
  }
}

void ExchangeState::on_closed(std::function<void()> callback) {
  {
    const std::lock_guard lock(mutex_);
    if (!closed_) {
      // After detach() without close() the answer was complete.
      if (!detached_) on_closed_.swap(callback);
      return;
    }
  }
  if (callback) callback();
}

bool ExchangeState::closed() const {
  const std::lock_guard lock(mutex_);
  return closed_;
}

std::optional<WireBatch> ExchangeState::take() {
  const std::lock_guard lock(mutex_);
  woken_ = false;
  const bool ended = phase_ == Phase::ended;
  if (last_taken_ || (head_.empty() && data_.empty() && !ended)) return std::nullopt;
  WireBatch batch{
      .head = std::exchange(head_, {}), .body = std::exchange(data_, {}), .last = ended};
  if (framing_.kind == Framing::Kind::chunked && wants_body()) {
    if (!batch.body.empty()) {
      batch.head += fmt::format("{:x}\r\n", batch.body.size());
      batch.body += "\r\n";
    }
    if (ended) batch.body += "0\r\n\r\n";
  }
  last_taken_ = ended;
  n_in_flight_ = batch.size();
  return batch;
}

void ExchangeState::sent(size_t n_byte) {
  const std::lock_guard lock(mutex_);
  n_in_flight_ -= std::min(n_byte, n_in_flight_);
  n_sent_ += n_byte;
}

bool ExchangeState::aborted() const {
  const std::lock_guard lock(mutex_);
  return aborted_;
}

bool ExchangeState::overflowed() const {
  const std::lock_guard lock(mutex_);
  return overflowed_;
}

bool ExchangeState::keep_alive() const {
  const std::lock_guard lock(mutex_);
  return framing_.keep_alive;
}

bool ExchangeState::ends_by_closing() const {
  const std::lock_guard lock(mutex_);
  return framing_.kind == Framing::Kind::close;
}

int ExchangeState::status() const {
  const std::lock_guard lock(mutex_);
  return status_;
}

uint64_t ExchangeState::bytes_sent() const {
  const std::lock_guard lock(mutex_);
  return n_sent_;
}

void ExchangeState::close() {
  std::function<void()> callback;
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(closed_, true)) return;
    callback.swap(on_closed_);
  }
  if (callback) callback();
}

void ExchangeState::detach() {
  std::function<void()> dropped;  // its captures may end here, outside the lock
  const std::lock_guard lock(mutex_);
  detached_ = true;
  dropped.swap(on_closed_);
  head_ = {};
  data_ = {};
}

bool ExchangeState::detached() const {
  const std::lock_guard lock(mutex_);
  return detached_;
}

// Shared by the copies of one Exchange.
class Exchange::Keeper {
 public:
  explicit Keeper(std::shared_ptr<ExchangeState> kept) : state(std::move(kept)) {}
  ~Keeper() { state->abandon(); }
  Keeper(const Keeper&) = delete;
  Keeper& operator=(const Keeper&) = delete;

  const std::shared_ptr<ExchangeState> state;
};

Exchange::Exchange(std::shared_ptr<ExchangeState> state)
    : keeper_(std::make_shared<Keeper>(std::move(state))) {}

bool Exchange::respond(HttpResponse response) const {
  return keeper_->state->respond(std::move(response));
}

bool Exchange::begin_stream(HttpResponse response) const {
  return keeper_->state->begin_stream(std::move(response));
}

WriteResult Exchange::write(std::string bytes) const {
  return keeper_->state->write(std::move(bytes));
}

void Exchange::end() const {
  keeper_->state->end();
}

void Exchange::abort() const {
  keeper_->state->abort();
}

size_t Exchange::bytes_pending() const {
  return keeper_->state->bytes_pending();
}

void Exchange::ping_when_silent(std::chrono::milliseconds interval, std::string bytes) const {
  keeper_->state->ping_when_silent(interval, std::move(bytes));
}

void Exchange::on_closed(std::function<void()> callback) const {
  keeper_->state->on_closed(std::move(callback));
}

bool Exchange::closed() const {
  return keeper_->state->closed();
}

}  // namespace stride::net
