// SPDX-License-Identifier: Apache-2.0
// What `stride bench` and `stride bench mtp` show while they measure.
#pragma once

#include "bench/runner.h"
#include "cli/command_line.h"

namespace stride::cli {

// `stride bench mtp`.
int bench_mtp(Arguments args);

// One line on a terminal that is written over; silent elsewhere.
class BenchProgress {
 public:
  BenchProgress();
  ~BenchProgress();
  BenchProgress(const BenchProgress&) = delete;
  BenchProgress& operator=(const BenchProgress&) = delete;

  void show(const bench::Progress& progress) const;

 private:
  bool shown_;
};

}  // namespace stride::cli
