// SPDX-License-Identifier: Apache-2.0
// Runs made up cell by cell, for tests of what is said about runs.
#pragma once

#include <functional>
#include <string>

#include "gauntlet/plan.h"
#include "gauntlet/run_store.h"

namespace stride::gauntlet {

// An answer that arrived: reasoning, then text, with usage and times.
Attempt delivered_answer(std::string text);
FinishedCell graded(double score, Attempt attempt);

// A store in the temporary folder of the test; removed at the end.
class MadeRuns {
 public:
  using Make = std::function<FinishedCell(const CellKey&)>;

  explicit MadeRuns(const std::string& name);
  ~MadeRuns();
  MadeRuns(const MadeRuns&) = delete;
  MadeRuns& operator=(const MadeRuns&) = delete;

  // The id of a run whose cells are what `make` gives; a cell without attempts stays pending.
  int64_t add(const RunPlan& plan, const Make& make, const std::string& model = "made-model");

  RunStore& store() { return store_; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  RunStore store_;
};

}  // namespace stride::gauntlet
