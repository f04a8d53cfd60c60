// SPDX-License-Identifier: Apache-2.0
// A request on its way through the scheduler: what was asked, the text so far, and, while it runs,
// the sequence that holds what has been read of it.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "engine/answer.h"
#include "engine/clock.h"
#include "engine/prefix_cache.h"
#include "engine/prompt_scores.h"
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
  void begin(std::unique_ptr<Session> session, const CacheHit& hit, std::vector<uint32_t> marks_at);
  // Tokens of the text that are still to be read.
  uint32_t n_unread() const { return static_cast<uint32_t>(text().size()) - session->size(); }
  // How many of them to read next, at most `most`.
  uint32_t piece(uint32_t most) const;
  // Whether the next rows are to be run with all their logits, and what follows when they have
  // been. Before read().
  bool wants_scores() const { return scores && scores->wants(session->size()); }
  void score();
  // What follows when [session size before, session size) has been read.
  void read(double seconds);
  // Where marks are wanted among the last n_read tokens of the session.
  std::span<const uint32_t> marks_wanted(uint32_t n_read) const;
  // Whether no mark lies within `spacing` tokens before where the sequence stands.
  bool lacks_mark(uint32_t spacing) const;
  // Keeps where the sequence stood at the position.
  void mark_at(uint32_t position);
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
  std::optional<PromptScores> scores;    // where they are wanted
  std::optional<Speculator::Pass> pass;  // planned and not yet run
  std::vector<Mark> marks;               // that the cache has not been given
  uint32_t last_mark = 0;                // position of the last one taken
  std::vector<uint32_t> wanted_marks;    // positions, ascending
  PrefillProgress progress;
  uint32_t n_matched = 0;
  std::optional<Error> problem;  // found out in a step, and to be told after it
  bool parts = false;            // see CacheHit
  bool began = false;            // has been admitted before

 private:
  Job() = default;
  CacheMiss cache_miss() const;
};

}  // namespace stride::engine
