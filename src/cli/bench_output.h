// SPDX-License-Identifier: Apache-2.0
// What `stride bench` and `stride bench mtp` show while they measure, and where they put results.
#pragma once

#include <optional>
#include <string>

#include "base/error.h"
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

// To a file, or to standard output for "-"; nothing without a path.
Result<> write_result(const std::optional<std::string>& path, const std::string& text);

}  // namespace stride::cli
