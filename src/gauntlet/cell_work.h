// SPDX-License-Identifier: Apache-2.0
// One cell from its question to its grade: the dialogue, the tries of each turn, the grading. Used
// by the workers of runner.cpp.
#pragma once

#include <optional>
#include <stop_token>
#include <string_view>
#include <vector>

#include "gauntlet/runner.h"

namespace stride::gauntlet {

class CellWork {
 public:
  using Tell = std::function<void(std::string_view)>;

  CellWork(const RunPlan& plan, const RunnerSetup& setup, Pacer& pacer, const CellRecord& cell,
           Tell tell);

  // Nothing where the stop came while the cell waited.
  std::optional<FinishedCell> run(std::stop_token stop);

 private:
  bool ask_turn(const Question& question, uint32_t turn, std::stop_token stop);
  std::optional<AttemptRecord> ask_once(const Question& question, std::stop_token stop);
  AskOptions ask_options(const Question& question);
  void grade(const Case& drawn);

  const RunPlan& plan_;
  const RunnerSetup& setup_;
  Pacer& pacer_;
  const CellRecord& cell_;
  const TestInfo& test_;
  Tell tell_;
  Pcg64 random_;
  FinishedCell finished_{};
  std::vector<Attempt> finals_{};  // of the turns so far
};

}  // namespace stride::gauntlet
