// SPDX-License-Identifier: Apache-2.0
#include "text/merge_table.h"

#include <algorithm>
#include <numeric>

namespace stride::text {

MergeTable::MergeTable(size_t n_token, std::span<const MergeRule> rules)
    : rows_(n_token + 1), entries_(rules.size()) {
  for (const MergeRule& rule : rules) ++rows_[static_cast<size_t>(rule.left) + 1];
  std::partial_sum(rows_.begin(), rows_.end(), rows_.begin());
  std::vector<uint32_t> fill(rows_.begin(), rows_.end() - 1);
  for (uint32_t rank = 0; rank < rules.size(); ++rank) {
    const MergeRule& rule = rules[rank];
    entries_[fill[static_cast<size_t>(rule.left)]++] = {rule.right, {rank, rule.result}};
  }
  for (size_t left = 0; left < n_token; ++left) {
    std::sort(entries_.begin() + rows_[left], entries_.begin() + rows_[left + 1],
              [](const Entry& a, const Entry& b) {
                return a.right != b.right ? a.right < b.right : a.merge.rank < b.merge.rank;
              });
  }
}

Merge MergeTable::find(int32_t left, int32_t right) const {
  const auto begin = entries_.begin() + rows_[static_cast<size_t>(left)];
  const auto end = entries_.begin() + rows_[static_cast<size_t>(left) + 1];
  const auto found = std::lower_bound(
      begin, end, right, [](const Entry& entry, int32_t wanted) { return entry.right < wanted; });
  return found != end && found->right == right ? found->merge : Merge{};
}

std::optional<uint32_t> MergeTable::duplicate() const {
  for (size_t left = 0; left + 1 < rows_.size(); ++left) {
    for (uint32_t i = rows_[left] + 1; i < rows_[left + 1]; ++i) {
      if (entries_[i].right == entries_[i - 1].right) return entries_[i].merge.rank;
    }
  }
  return std::nullopt;
}

}  // namespace stride::text
