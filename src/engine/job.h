// SPDX-License-Identifier: Apache-2.0
// A request on its way through the scheduler: what was asked, the text so far, and, while it runs,
// the sequence that holds what has been read of it.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "engine/answer.h"
#include "engine/clock.h"
#include "engine/prefix_cache.h"
#include "engine/service.h"
#include "engine/session.h"
#include "engine/speculation.h"

namespace stride::engine {

// What other threads may ask of a request, or be told of it.
struct Signals {
  std::atomic<bool> cancel = false;
  std::atomic<bool> end_reasoning = false;
  std::atomic<bool> in_reasoning = false;
  std::atomic<bool> reading = false;  // its prompt; a step may be broken off for its sake
};

struct Job {
  enum class Phase : uint8_t { waiting, reading, answering };

  // Checks the options of the request.
  static Result<std::unique_ptr<Job>> make(RequestId id, const Engine& engine,
                                           ServiceRequest request, ServiceListener listener,
                                           uint32_t capacity);
  Job(const Job&) = delete;
  Job& operator=(const Job&) = delete;

  std::span<const Token> text() const { return answer->text(); }
  bool expired(Clock::time_point now) const { return deadline && now >= *deadline; }

  // Takes a session that has been cleared or has taken up the beginning of the text: reading
  // starts.
  void begin(std::unique_ptr<Session> session, const CacheHit& hit, std::vector<uint32_t> stops);
  // The end of the next piece of the text to read: `most` tokens, or where a mark is wanted.
  uint32_t piece_end(uint32_t most) const;
  // What follows when [session size before, session size) has been read.
  void read(double seconds);
  // Whether no mark lies within `spacing` tokens before where the sequence stands.
  bool lacks_mark(uint32_t spacing) const;
  // Whether the request or its text asked for a mark at just this place of the prompt.
  bool at_stop() const;
  // Keeps where the sequence stands.
  void mark();
  // The text so far remains, what was read does not.
  std::unique_ptr<Session> set_back();
  // The last word to the listener.
  void finish();
  void fail(Error error);

  RequestId id;
  ServiceRequest request;
  ServiceListener listener;
  Listener text_listener;
  std::shared_ptr<Signals> signals = std::make_shared<Signals>();
  std::optional<Answer> answer;
  Phase phase = Phase::waiting;
  Clock::time_point submitted = Clock::now(), admitted{}, answering_since{};
  std::optional<Clock::time_point> deadline;
  std::optional<uint32_t> told_position;  // in the queue

  std::unique_ptr<Session> session;
  std::optional<Speculator> speculator;
  std::optional<Speculator::Pass> pass;  // planned and not yet run
  std::vector<Mark> marks;               // that the cache has not been given
  uint32_t last_mark = 0;                // position of the last one taken
  std::vector<uint32_t> stops;           // where marks are wanted while reading, ascending
  PrefillProgress progress;
  uint32_t n_matched = 0;
  bool parts = false;  // see CacheHit
  bool began = false;  // has been admitted before

 private:
  Job() = default;
  CacheMiss cache_miss() const;
};

}  // namespace stride::engine
