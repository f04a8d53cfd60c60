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
  // Rows of prompts with which a step takes about `ratio` times as long as the answers alone;
  // at least kLeast, so that prompts are read at all, and at most `most`.
  uint32_t prompt_rows(uint32_t n_answer_row, double ratio, uint32_t most) const;

  // Rows of prompts that take so many seconds; 0 as long as none have been seen.
  uint32_t rows_in(double seconds) const;

  static constexpr uint32_t kLeast = 4;

 private:
  double answer_seconds(uint32_t n_answer_row) const;

  static constexpr uint32_t kMaxRows = 64;      // steps of more answer rows are taken for such
  std::array<double, kMaxRows + 1> answers_{};  // seconds without prompts, by rows; 0 = not seen
  double row_ = 0;                              // seconds that a row of a prompt adds; 0 = not seen
};

}  // namespace stride::engine
