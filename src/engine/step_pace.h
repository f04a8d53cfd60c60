// SPDX-License-Identifier: Apache-2.0
// How many rows of prompts may join a step of running answers without making it much longer, from
// how long steps have taken so far. Text never depends on it, so it may depend on clocks.
#pragma once

#include <array>
#include <cstdint>

namespace stride::engine {

class StepPace {
 public:
  // A step of so many rows of answers and of prompts took so long.
  void saw(uint32_t n_answer_row, uint32_t n_prompt_row, double seconds);
  // Rows of prompts with which a step takes about `ratio` times as long as the answers alone, from
  // 1, so that prompts are read at all, to `most`. Now and then 0 beside answers: they grow, and
  // how long they take alone must be seen again.
  uint32_t prompt_rows(uint32_t n_answer_row, double ratio, uint32_t most) const;

  // Rows of prompts that take so many seconds; 0 as long as none have been seen.
  uint32_t rows_in(double seconds) const;

  // Steps with prompts between two without.
  static constexpr uint32_t kProbe = 16;

 private:
  double answer_seconds(uint32_t n_answer_row) const;
  void saw_answers(uint32_t n_row, double seconds);

  static constexpr uint32_t kMaxRows = 64;      // steps of more answer rows are taken for such
  std::array<double, kMaxRows + 1> answers_{};  // seconds without prompts, by rows; 0 = not seen
  double growth_ = 1;                           // of all of them, as answers become longer
  double row_ = 0;                              // seconds that a row of a prompt adds; 0 = not seen
  uint32_t n_mixed_ = 0;                        // steps with prompts since the last one without
};

}  // namespace stride::engine
