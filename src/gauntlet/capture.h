// SPDX-License-Identifier: Apache-2.0
// One response, read while it arrives, and what became of it: an Attempt with its class. The same
// code reads a live response and a recorded one, and takes all times from its caller, so that a
// replay gives the same figures to the last bit.
//
//   Capture capture({.api = Api::openai});
//   capture.head(200, headers, t0);
//   while (...) capture.push(bytes, t);
//   const Attempt attempt = capture.finish(outcome);
//
// How the bytes are cut changes nothing but the times.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gauntlet/attempt.h"
#include "gauntlet/event.h"
#include "gauntlet/inline_tags.h"
#include "gauntlet/timing.h"
#include "net/http_client.h"

namespace stride::gauntlet {

struct CaptureOptions {
  Api api = Api::openai;
  bool stream_asked = true;
  std::span<const TagPair> tags = default_tags();  // outlive the capture
  CountTokens count_tokens{};
};

class Capture {
 public:
  explicit Capture(CaptureOptions options);
  ~Capture();
  Capture(Capture&&) noexcept;
  Capture& operator=(Capture&&) noexcept;

  void head(int status, const net::Headers& headers, int64_t t_ns);
  // False once the response cannot be read on.
  bool push(std::string_view bytes, int64_t t_ns);
  // True once the dialect's end marker has come.
  bool is_complete() const;
  size_t n_text_bytes() const;

  // Once.
  Attempt finish(const net::HttpOutcome& outcome);
  // After finish(): the events, reasoning inside the answer told apart.
  const std::vector<Event>& events() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// The text cut and made fit for one line of a terminal.
std::string one_line(std::string_view text, size_t max_bytes = 240);

}  // namespace stride::gauntlet
