// SPDX-License-Identifier: Apache-2.0
// Top-k: only the k most probable tokens may be chosen (Fan et al., 2018).
#include <algorithm>

#include "decode/candidates.h"
#include "decode/ranking.h"

namespace stride::decode {

void keep_top_k(Candidates& candidates, uint32_t k) {
  if (k == 0 || k >= candidates.size()) return;
  std::nth_element(candidates.begin(), candidates.begin() + k, candidates.end(), more_probable);
  cut_and_order_by_id(candidates, k);
}

}  // namespace stride::decode
