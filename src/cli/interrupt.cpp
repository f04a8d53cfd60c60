// SPDX-License-Identifier: Apache-2.0
#include "cli/interrupt.h"

namespace stride::cli {
namespace {

// A signal handler can reach nothing but an object of static life.
std::atomic<bool> interrupted = false;
static_assert(std::atomic<bool>::is_always_lock_free, "used in a signal handler");

void on_signal(int number) {
  if (interrupted.exchange(true)) {
    ::signal(number, SIG_DFL);
    ::raise(number);
  }
}

}  // namespace

Interrupt::Interrupt() {
  interrupted = false;
  struct sigaction action{};
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART;
  for (size_t i = 0; i < kSignals.size(); ++i) ::sigaction(kSignals[i], &action, &before_[i]);
}

Interrupt::~Interrupt() {
  for (size_t i = 0; i < kSignals.size(); ++i) ::sigaction(kSignals[i], &before_[i], nullptr);
}

const std::atomic<bool>& Interrupt::requested() const {
  return interrupted;
}

}  // namespace stride::cli
