// SPDX-License-Identifier: Apache-2.0
#include "cli/progress.h"

#include <fmt/core.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <utility>

#include "cli/human.h"

namespace stride::cli {
namespace {

constexpr size_t kBarWidth = 24;
constexpr auto kRedraw = std::chrono::milliseconds(100);
constexpr double kQuietSeconds = 2;  // jobs shorter than this print no lines to a log

size_t terminal_columns() {
  winsize size{};
  return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20 ? size.ws_col : 80;
}

}  // namespace

std::string progress_line(std::string_view title, uint64_t done, uint64_t total, double seconds,
                          std::string_view what, size_t columns) {
  const double share = total > 0 ? static_cast<double>(done) / static_cast<double>(total) : 1;
  const auto filled = std::min(static_cast<size_t>(share * kBarWidth), kBarWidth);
  std::string line =
      fmt::format("{} [{:#<{}}{:.<{}}] {:>3.0f} %  {} of {}", title, "", filled, "",
                  kBarWidth - filled, share * 100, human_bytes(done), human_bytes(total));
  if (seconds > 0.5 && done > 0) {
    const auto rate = static_cast<double>(done) / seconds;
    line += fmt::format("  {}/s  {} left", human_bytes(static_cast<uint64_t>(rate)),
                        human_time(static_cast<double>(total - std::min(done, total)) / rate));
  }
  if (line.size() + 2 + what.size() < columns) line += fmt::format("  {}", what);
  return line.substr(0, columns > 0 ? columns - 1 : 0);
}

Progress::Progress(std::string title)
    : title_(std::move(title)),
      on_terminal_(::isatty(STDERR_FILENO) != 0),
      start_(std::chrono::steady_clock::now()) {}

Progress::~Progress() {
  if (drawn_) std::fputs("\n", stderr);
}

double Progress::seconds() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
}

void Progress::update(uint64_t done, uint64_t total, std::string_view what) {
  if (!on_terminal_) {
    const uint64_t tenth =
        total > 0
            ? static_cast<uint64_t>(10.0 * static_cast<double>(done) / static_cast<double>(total))
            : 10;
    if (tenth < next_tenth_ || seconds() < kQuietSeconds) return;
    next_tenth_ = tenth + 1;
    fmt::print(stderr, "{}: {} %, {} of {} in {}\n", title_, tenth * 10, human_bytes(done),
               human_bytes(total), human_time(seconds()));
    return;
  }
  const auto now = std::chrono::steady_clock::now();
  if (drawn_ && now - last_draw_ < kRedraw && done < total) return;
  last_draw_ = now;
  drawn_ = true;
  fmt::print(stderr, "\r\x1b[K{}",
             progress_line(title_, done, total, seconds(), what, terminal_columns()));
  std::fflush(stderr);
}

}  // namespace stride::cli
