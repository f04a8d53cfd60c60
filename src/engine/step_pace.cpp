// SPDX-License-Identifier: Apache-2.0
#include "engine/step_pace.h"

#include <algorithm>

namespace stride::engine {

namespace {

constexpr double kWeight = 0.1;       // of the latest step in a mean
constexpr double kSlowWeight = 0.01;  // what all have grown by is not one number of rows' own
constexpr double kOutlier = 1.2;      // times the mean: what is longer counts as so long

void update(double& mean, double value, double weight) {
  mean = mean == 0 ? value : mean + weight * (value - mean);
}

}  // namespace

void StepPace::saw(uint32_t n_answer_row, uint32_t n_prompt_row, double seconds) {
  if (n_prompt_row == 0) return saw_answers(n_answer_row, seconds);
  if (n_answer_row > 0) ++n_mixed_;
  const double alone = answer_seconds(n_answer_row);
  // A step that was no longer than without prompts tells of noise; rows are never free.
  const double least = seconds / (10.0 * (n_answer_row + n_prompt_row));
  update(row_, std::max((seconds - alone) / n_prompt_row, least), kWeight);
}

// While a prompt is read, few numbers of rows are seen alone; they tell how all have grown. A step
// that the machine held up says little of the next ones, and would make room for rows that then
// hold up each of them.
void StepPace::saw_answers(uint32_t n_row, double seconds) {
  n_mixed_ = 0;
  double& mean = answers_[std::min(n_row, kMaxRows)];
  if (mean > 0) {
    seconds = std::min(seconds, kOutlier * mean * growth_);
    update(growth_, seconds / mean, kWeight);
  }
  if (growth_ > 0) update(mean, seconds / growth_, kSlowWeight);
}

// Of the steps seen with this many rows, or of the next smaller ones: rather too short than too
// long.
double StepPace::answer_seconds(uint32_t n_answer_row) const {
  for (uint32_t n = std::min(n_answer_row, kMaxRows); n > 0; --n)
    if (answers_[n] > 0) return answers_[n] * growth_;
  return 0;
}

uint32_t StepPace::prompt_rows(uint32_t n_answer_row, double ratio, uint32_t most) const {
  if (n_answer_row == 0) return most;
  if (n_mixed_ >= kProbe) return 0;
  const double rows = row_ > 0 ? (ratio - 1) * answer_seconds(n_answer_row) / row_ : 0;
  if (rows >= most) return most;
  return std::max(static_cast<uint32_t>(rows), std::min(1U, most));
}

uint32_t StepPace::rows_in(double seconds) const {
  return row_ > 0 ? static_cast<uint32_t>(std::min(seconds / row_, 1e9)) : 0;
}

}  // namespace stride::engine
