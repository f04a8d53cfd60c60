// SPDX-License-Identifier: Apache-2.0
// The progress of a long job on standard error: a bar with rate and remaining time on a terminal, a
// line every tenth of the way elsewhere.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace stride::cli {

class Progress {
 public:
  explicit Progress(std::string title);
  // Ends the bar's line, so that what is printed next starts on a line of its own.
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // Cheap enough to be called for every piece: prints only when there is something new to see.
  void update(uint64_t bytes_done, uint64_t bytes_total, std::string_view what);

  double seconds() const;  // since construction

 private:
  std::string title_;
  bool on_terminal_;
  bool drawn_ = false;
  uint64_t next_tenth_ = 1;
  std::chrono::steady_clock::time_point start_, last_draw_;
};

// One line of a bar; `columns` is the width of the terminal.
std::string progress_line(std::string_view title, uint64_t done, uint64_t total, double seconds,
                          std::string_view what, size_t columns);

}  // namespace stride::cli
