// SPDX-License-Identifier: Apache-2.0
#include "cli/bench_progress.h"

#include <fmt/core.h>

#include <cstdio>

#include "cli/human.h"
#include "cli/terminal.h"

namespace stride::cli {

BenchProgress::BenchProgress() : shown_(can_draw(stderr)) {}

BenchProgress::~BenchProgress() {
  if (shown_) fmt::print(stderr, "\r\x1b[K");
}

void BenchProgress::show(const bench::Progress& progress) const {
  if (!shown_) return;
  fmt::print(stderr, "\r\x1b[Kbench: {:.0f} %, {}{}", 100 * progress.share, progress.what,
             progress.eta_seconds
                 ? fmt::format(", about {} left", human_time(*progress.eta_seconds))
                 : std::string());
  std::fflush(stderr);
}

}  // namespace stride::cli
