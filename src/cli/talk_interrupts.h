// SPDX-License-Identifier: Apache-2.0
// Ctrl-C, and a terminal that is left as it was found.
//
// The handler does what is safe in one and no more: it counts, and writes a byte to a pipe. While
// an answer is generated a thread waits at the pipe and asks the generation to stop; at a prompt
// the line editor waits at it. A third Ctrl-C that nobody has taken notice of ends the program.
// SIGTERM and SIGHUP put the terminal back before they end it.
#pragma once

#include <memory>
#include <stop_token>
#include <thread>

#include "base/error.h"

namespace stride::cli {

// Owns the handlers; at most one at a time. The former ones come back at its end.
class Interrupts {
 public:
  static Result<Interrupts> install();
  Interrupts(Interrupts&& other) noexcept;
  Interrupts& operator=(Interrupts&&) = delete;
  ~Interrupts();

  // Readable while an interrupt waits to be noticed.
  int fd() const { return read_fd_; }
  // Takes notice: true if there was one.
  bool take() const;

 private:
  Interrupts(int read_fd, int write_fd) : read_fd_(read_fd), write_fd_(write_fd) {}

  int read_fd_ = -1;
  int write_fd_ = -1;
};

// For as long as it lives an interrupt requests a stop of its token.
class InterruptWatch {
 public:
  explicit InterruptWatch(const Interrupts& interrupts);
  ~InterruptWatch();
  InterruptWatch(const InterruptWatch&) = delete;
  InterruptWatch& operator=(const InterruptWatch&) = delete;

  std::stop_token token() const { return source_.get_token(); }
  bool interrupted() const { return source_.stop_requested(); }

 private:
  std::stop_source source_;
  int done_fd_ = -1;
  std::jthread thread_;
};

}  // namespace stride::cli
