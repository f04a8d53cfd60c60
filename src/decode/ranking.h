// SPDX-License-Identifier: Apache-2.0
// Picks a leading part of a ranking without sorting all of it: a vocabulary has 128,896 entries and
// the part that is wanted is nearly always a few dozen. The order is strict (ties go to the lower
// id), so the result is that of a full sort.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

#include "decode/candidates.h"

namespace stride::decode {

// Sorts the first items by `before`, in blocks that double, until `enough(item)`, asked once for
// each item in order, says that it is the last one wanted. Returns how many are in front.
template <class Before, class Enough>
size_t rank_until(std::span<Candidate> items, const Before& before, Enough enough) {
  constexpr size_t kFirstBlock = 128;
  size_t begin = 0;
  for (size_t block = kFirstBlock; begin < items.size(); block *= 2) {
    const size_t end = begin + std::min(block, items.size() - begin);
    std::partial_sort(items.begin() + begin, items.begin() + end, items.end(), before);
    for (size_t i = begin; i < end; ++i) {
      if (enough(items[i])) return i + 1;
    }
    begin = end;
  }
  return items.size();
}

inline void cut_and_order_by_id(Candidates& candidates, size_t n) {
  candidates.resize(n);
  std::sort(candidates.begin(), candidates.end(),
            [](const Candidate& a, const Candidate& b) { return a.id < b.id; });
}

inline bool more_probable(const Candidate& a, const Candidate& b) {
  return a.logit != b.logit ? a.logit > b.logit : a.id < b.id;
}

}  // namespace stride::decode
