// SPDX-License-Identifier: Apache-2.0
// What handlers and the loop share of one answer: its phase, its outbox and the callback for a lost
// client. Handlers' calls (through Exchange) lock, append and wake the loop; the loop takes what
// has gathered, frames it as one chunk and sends it. It belongs to nobody alone, because connection
// and handler may end in any order; that is why it is shared.
//
// Callbacks are called with the lock released.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>

#include "net/exchange.h"
#include "net/http_message.h"
#include "net/response_head.h"

namespace stride::net {

// What the loop sends next, in this order.
struct WireBatch {
  std::string head{};  // of the response, and of a chunk
  std::string body{};
  bool last = false;  // the answer is complete after it

  size_t size() const { return head.size() + body.size(); }
};

class ExchangeState {
 public:
  struct Setup {
    std::string request_id{};
    bool head_only = false;
    bool accepts_gzip = false;
    bool keep_alive = true;  // as the client asks
    int minor_version = 1;
    size_t outbox_bytes = 0;
    // Asks the loop to look at the outbox. Called with the lock held, from any thread.
    std::function<void()> wake{};
  };

  explicit ExchangeState(Setup setup) : setup_(std::move(setup)) {}

  // The handler's side; exchange.h says what they do.
  bool respond(HttpResponse response);
  bool begin_stream(HttpResponse response);
  WriteResult write(std::string bytes);
  void end();
  void abort();
  void abandon();
  size_t bytes_pending() const;
  void ping_when_silent(std::chrono::milliseconds interval, std::string bytes);
  void on_closed(std::function<void()> callback);
  bool closed() const;

  // The loop's side.
  std::optional<WireBatch> take();
  void sent(size_t n_byte);
  void ping_if_due(std::chrono::steady_clock::time_point now);
  // The handler aborted, or wrote far more than the client takes.
  bool aborted() const;
  bool overflowed() const;
  bool keep_alive() const;
  // Begun, and only the end of the connection tells the client that it is complete.
  bool ends_by_closing() const;
  int status() const;  // 0 before an answer
  uint64_t bytes_sent() const;
  // The client has gone: calls the callback. An answer that is given all the same is still taken.
  void close();
  // The connection has nothing more to do with it: nothing is taken, the loop is not woken.
  void detach();
  bool detached() const;

 private:
  enum class Phase : uint8_t { waiting, streaming, ended };

  bool begin(HttpResponse& response, Phase phase);
  bool wants_body() const;
  size_t pending() const;
  void wake();

  mutable std::mutex mutex_;
  Setup setup_;
  Phase phase_ = Phase::waiting;
  int status_ = 0;
  Framing framing_{};
  std::string head_{};  // not yet taken
  std::string data_{};  // not yet taken, not yet framed
  size_t n_in_flight_ = 0;
  uint64_t n_sent_ = 0;
  bool last_taken_ = false;
  bool woken_ = false;
  bool closed_ = false;
  bool aborted_ = false;
  bool overflowed_ = false;
  bool detached_ = false;
  std::function<void()> on_closed_{};
  std::chrono::milliseconds ping_interval_{};
  std::string ping_{};
  std::chrono::steady_clock::time_point last_write_{};
};

}  // namespace stride::net
