// SPDX-License-Identifier: Apache-2.0
// The signal handlers. A handler can only reach globals: the ones here are set before the handlers
// are installed, are lock-free, and are touched by nothing else.
#include "cli/talk_interrupts.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <utility>

namespace stride::cli {

namespace {

constexpr int kImpatient = 3;
constexpr int kExitInterrupted = 130;

std::atomic<int> wake_fd{-1};
std::atomic<int> unnoticed{0};
std::atomic<bool> has_terminal{false};
termios terminal_before;

void restore_terminal() {
  if (!has_terminal.load()) return;
  tcsetattr(STDIN_FILENO, TCSANOW, &terminal_before);
  constexpr std::string_view kReset = "\x1b[0m\n";
  [[maybe_unused]] const auto written = write(STDOUT_FILENO, kReset.data(), kReset.size());
}

extern "C" void on_interrupt(int) {
  const int saved = errno;
  if (unnoticed.fetch_add(1) + 1 >= kImpatient) {
    restore_terminal();
    _exit(kExitInterrupted);
  }
  const char byte = 'i';
  [[maybe_unused]] const auto written = write(wake_fd.load(), &byte, 1);
  errno = saved;
}

extern "C" void on_end(int number) {
  restore_terminal();
  std::signal(number, SIG_DFL);
  std::raise(number);
}

struct Handled {
  int number;
  void (*handler)(int);
  int flags;
};
constexpr std::array kHandled = {Handled{SIGINT, on_interrupt, SA_RESTART},
                                 Handled{SIGTERM, on_end, 0}, Handled{SIGHUP, on_end, 0}};
std::array<struct sigaction, kHandled.size()> former;

}  // namespace

Result<Interrupts> Interrupts::install() {
  std::array<int, 2> fds{};
  if (pipe2(fds.data(), O_CLOEXEC | O_NONBLOCK) != 0)
    return fail(Errc::io, "no pipe could be made for signals");
  wake_fd = fds[1];
  unnoticed = 0;
  has_terminal = isatty(STDIN_FILENO) == 1 && tcgetattr(STDIN_FILENO, &terminal_before) == 0;
  for (size_t i = 0; i < kHandled.size(); ++i) {
    struct sigaction action{};
    action.sa_handler = kHandled[i].handler;
    action.sa_flags = kHandled[i].flags;
    sigaction(kHandled[i].number, &action, &former[i]);
  }
  return Interrupts(fds[0], fds[1]);
}

Interrupts::Interrupts(Interrupts&& other) noexcept
    : read_fd_(std::exchange(other.read_fd_, -1)), write_fd_(std::exchange(other.write_fd_, -1)) {}

Interrupts::~Interrupts() {
  if (read_fd_ < 0) return;
  for (size_t i = 0; i < kHandled.size(); ++i) sigaction(kHandled[i].number, &former[i], nullptr);
  if (has_terminal.exchange(false)) tcsetattr(STDIN_FILENO, TCSANOW, &terminal_before);
  wake_fd = -1;
  close(read_fd_);
  close(write_fd_);
}

bool Interrupts::take() const {
  std::array<char, 16> bytes{};
  bool any = false;
  while (read(read_fd_, bytes.data(), bytes.size()) > 0) any = true;
  unnoticed = 0;
  return any;
}

InterruptWatch::InterruptWatch(const Interrupts& interrupts)
    : done_fd_(eventfd(0, EFD_CLOEXEC)), thread_([this, fd = interrupts.fd()] {
        std::array<pollfd, 2> wait = {pollfd{fd, POLLIN, 0}, pollfd{done_fd_, POLLIN, 0}};
        while (poll(wait.data(), wait.size(), -1) < 0 && errno == EINTR) {
        }
        if ((wait[0].revents & POLLIN) != 0) source_.request_stop();
      }) {}

InterruptWatch::~InterruptWatch() {
  const uint64_t one = 1;
  [[maybe_unused]] const auto written = write(done_fd_, &one, sizeof one);
  thread_.join();
  close(done_fd_);
}

}  // namespace stride::cli
