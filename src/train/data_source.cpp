// SPDX-License-Identifier: Apache-2.0
// Checks what a data source delivers before anything indexes with it.
#include "train/data_source.h"

namespace stride::train {

Result<> check_batch(const Batch& batch, uint32_t n_vocab) {
  const uint64_t n = uint64_t{batch.n_row} * batch.length;
  if (n == 0) return fail(Errc::format, "a batch of the training data is empty");
  if (batch.tokens.size() != n || batch.weights.size() != n || batch.starts.size() != n)
    return fail(
        Errc::format, "a batch of {} rows of {} has {} tokens, {} weights and {} document starts",
        batch.n_row, batch.length, batch.tokens.size(), batch.weights.size(), batch.starts.size());
  if (!batch.skills.empty() && batch.skills.size() != n)
    return fail(Errc::format, "a batch of {} tokens has {} skill labels", n, batch.skills.size());
  for (uint64_t i = 0; i < n; ++i) {
    const uint64_t row = i / batch.length, column = i % batch.length;
    if (batch.tokens[i] >= n_vocab)
      return fail(Errc::format, "row {}, column {}: token {} is not in the vocabulary of {}", row,
                  column, batch.tokens[i], n_vocab);
    const uint32_t start = batch.starts[i];
    const bool same = column > 0 && start == batch.starts[i - 1];
    if (!same && start != column)
      return fail(Errc::format, "row {}, column {}: its document starts at {}, not here or before",
                  row, column, start);
  }
  return {};
}

}  // namespace stride::train
