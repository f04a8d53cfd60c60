// SPDX-License-Identifier: Apache-2.0
// One request's answer. An Exchange is a cheap handle: copies name the same answer and may be used
// from any thread, also after the connection or the server has gone (calls then do nothing).
// Nothing here blocks: bytes go to the outbox of the answer, which the server's loop sends.
//
//   exchange.on_closed([id, &service] { service.cancel(id); });
//   exchange.begin_stream({.headers = {{"Content-Type", "text/event-stream"}}});
//   exchange.write(sse_event("", delta));  // sent at once; what gathers meanwhile is sent together
//   exchange.end();
//
// Exactly one of respond() and begin_stream() answers; a second one is ignored. When the last copy
// goes away without an answer the client gets a 500; a stream that was begun and not ended is then
// aborted, so that a forgotten exchange never leaves a client waiting.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "net/http_message.h"

namespace stride::net {

class ExchangeState;

enum class WriteResult {
  ok,
  full,    // taken, but the client reads too slowly: pause until bytes_pending() has fallen
  closed,  // dropped: the answer is over, or its client has gone
};

class Exchange {
 public:
  explicit Exchange(std::shared_ptr<ExchangeState> state);

  // The whole answer. False if the client has gone or the answer was begun before.
  bool respond(HttpResponse response) const;

  // The header goes out at once; `body` may hold the first bytes. Chunked for HTTP/1.1, ended by
  // closing the connection for HTTP/1.0. False as for respond().
  bool begin_stream(HttpResponse response) const;
  WriteResult write(std::string bytes) const;
  // Completes a stream; the connection may serve the next request.
  void end() const;
  // Ends without completing: the client sees a truncated answer, never a complete one.
  void abort() const;

  // Bytes that were written and not yet given to the system.
  size_t bytes_pending() const;

  // While the stream is open and nothing was written for `interval`, the server writes `bytes` (a
  // comment, say). Replaces an earlier one.
  void ping_when_silent(std::chrono::milliseconds interval, std::string bytes) const;

  // Calls `callback` once if the exchange ends before its answer is complete: the peer closed or
  // reset the connection (noticed within 100 ms, also while nothing is written), stalled, or the
  // server's deadline passed. At once, on the calling thread, if that has happened already; else
  // on the server's loop, so it must not block. Dropped uncalled when the answer completes.
  // Replaces an earlier one. It must not hold an Exchange, which would never end.
  void on_closed(std::function<void()> callback) const;
  // True once on_closed() would call.
  bool closed() const;

 private:
  class Keeper;

  std::shared_ptr<Keeper> keeper_;  // its end is the end of the last copy
};

}  // namespace stride::net
