// SPDX-License-Identifier: Apache-2.0
// Min-p (Nguyen et al., 2024): a bar that follows the model's confidence.
#include <algorithm>

#include "decode/candidates.h"

namespace stride::decode {

void keep_min_p(Candidates& candidates, double p) {
  if (p <= 0) return;
  double largest = 0;
  for (const Candidate& c : candidates) largest = std::max(largest, c.weight);
  std::erase_if(candidates, [&](const Candidate& c) { return c.weight < p * largest; });
}

}  // namespace stride::decode
