// SPDX-License-Identifier: Apache-2.0
// How the next token is chosen: the parameters, their ranges, and one place that checks them.
#pragma once

#include <cstdint>
#include <unordered_set>
#include <vector>

#include "base/error.h"
#include "decode/penalties.h"

namespace stride::decode {

struct SamplingOptions {
  double temperature = 1;  // 0 = greedy: the largest logit, the lowest id among equals
  uint32_t top_k = 0;      // 0 = off
  double top_p = 1;        // 1 = off
  double min_p = 0;        // 0 = off
  double typical_p = 1;    // 1 = off
  uint64_t seed = 0;
  std::vector<TokenBias> bias{};
  RepetitionPenalties penalties{};
  uint32_t penalty_window = 64;  // last tokens, prompt included, that the penalties look at
  DryPenalty dry{};
  uint32_t dry_window = 4096;  // last tokens, prompt included, that DRY looks at
  std::unordered_set<Token> dry_breakers{};
};

inline constexpr size_t kMaxBiases = 4096;
inline constexpr uint32_t kWholeContext = UINT32_MAX;  // for either window

// Fails (invalid_argument) on the first parameter out of its range and names it, its value and the
// range.
Result<> check_options(const SamplingOptions& options, uint32_t n_vocab);

}  // namespace stride::decode
