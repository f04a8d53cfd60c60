// SPDX-License-Identifier: Apache-2.0
// The progress of a gauntlet run on standard error: on a terminal one line for each worker and a
// bar with the score so far, elsewhere one plain line for each finished cell.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "gauntlet/runner.h"

namespace stride::cli {

class ProgressView : public gauntlet::RunListener {
 public:
  explicit ProgressView(size_t n_workers);
  ~ProgressView() override;

  void on_worker(size_t worker, std::string_view what) override;
  void on_cell(const gauntlet::CellNews& news, const gauntlet::Standing& standing) override;
  void on_note(std::string_view line) override;

 private:
  void clear();
  void draw();

  bool drawing_;
  std::vector<std::string> workers_;
  std::string bar_{};
  size_t n_lines_ = 0;  // on the screen
  std::chrono::steady_clock::time_point last_draw_{};
};

// "[#####.....] 33/75, score 0.81 +- 0.05, $0.12, about 3:10 left"
std::string bar_line(const gauntlet::Standing& standing, size_t columns);
// "33/75 debugging 2.0: 1.00 ok in 2.1 s"
std::string cell_line(const gauntlet::CellNews& news, const gauntlet::Standing& standing);

}  // namespace stride::cli
