// SPDX-License-Identifier: Apache-2.0
// Top-p, or nucleus sampling (Holtzman et al., 2020).
#include "decode/candidates.h"
#include "decode/ranking.h"

namespace stride::decode {

void keep_top_p(Candidates& candidates, double p) {
  if (p >= 1) return;
  double total = 0;
  for (const Candidate& c : candidates) total += c.weight;
  double sum = 0;
  const size_t n = rank_until(candidates, more_probable, [&](const Candidate& c) {
    sum += c.weight;
    return sum >= p * total;
  });
  cut_and_order_by_id(candidates, n);
}

}  // namespace stride::decode
