// SPDX-License-Identifier: Apache-2.0
// Locally typical sampling (Meister et al., 2022): tokens whose information content is close to the
// expected one come first, so both the improbable and the too predictable are left out.
#include <cmath>

#include "decode/candidates.h"
#include "decode/ranking.h"

namespace stride::decode {

void keep_typical(Candidates& candidates, double p) {
  if (p >= 1) return;
  double total = 0;
  for (const Candidate& c : candidates) total += c.weight;
  const double log_total = std::log(total);
  double entropy = 0;
  for (const Candidate& c : candidates) {
    if (c.weight > 0) entropy -= c.weight / total * (c.logit - log_total);
  }
  const auto surprise = [&](const Candidate& c) { return std::abs(log_total - c.logit - entropy); };
  const auto more_typical = [&](const Candidate& a, const Candidate& b) {
    const double sa = surprise(a), sb = surprise(b);
    return sa != sb ? sa < sb : a.id < b.id;
  };
  double sum = 0;
  const size_t n = rank_until(candidates, more_typical, [&](const Candidate& c) {
    sum += c.weight;
    return sum >= p * total;
  });
  cut_and_order_by_id(candidates, n);
}

}  // namespace stride::decode
