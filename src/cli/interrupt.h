// SPDX-License-Identifier: Apache-2.0
// Ctrl-C as a request instead of an end: while an Interrupt lives, SIGINT, SIGTERM and SIGHUP set a
// flag that long jobs look at, so that they can clean up. A second signal ends the program at once.
#pragma once

#include <signal.h>

#include <array>
#include <atomic>

namespace stride::cli {

class Interrupt {
 public:
  Interrupt();
  ~Interrupt();  // restores what the signals did before
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  // Set once a signal has come. Lives as long as the program.
  const std::atomic<bool>& requested() const;

 private:
  static constexpr std::array kSignals = {SIGINT, SIGTERM, SIGHUP};
  std::array<struct sigaction, kSignals.size()> before_{};
};

}  // namespace stride::cli
