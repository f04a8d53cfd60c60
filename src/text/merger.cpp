// SPDX-License-Identifier: Apache-2.0
#include "text/merger.h"

#include <algorithm>
#include <bit>

namespace stride::text {
namespace {

// The order of the heap: what is merged first is on top.
constexpr auto kLater = [](const auto& a, const auto& b) {
  return a.rank != b.rank ? a.rank > b.rank : a.at > b.at;
};

}  // namespace

// Looks up the pair that begins at `at` and queues it. Entries of the heap are never removed when
// their pair changes: one whose rank is no longer that of its node is skipped when it comes up.
void Merger::consider(size_t at) {
  ++n_step_;
  Node& node = nodes_[at];
  node.rank = kNoRank;
  if (node.next == kNone) return;
  const Merge merge = table_->find(node.token, nodes_[node.next].token);
  if (merge.rank == kNoRank) return;
  node.rank = merge.rank;
  node.result = merge.result;
  heap_.push_back({merge.rank, at});
  std::push_heap(heap_.begin(), heap_.end(), kLater);
  n_step_ += static_cast<uint64_t>(std::bit_width(heap_.size()));
}

Merger::Candidate Merger::pop() {
  n_step_ += static_cast<uint64_t>(std::bit_width(heap_.size()));
  std::pop_heap(heap_.begin(), heap_.end(), kLater);
  const Candidate best = heap_.back();
  heap_.pop_back();
  return best;
}

void Merger::merge(std::span<const int32_t> symbols, std::vector<int32_t>& out) {
  if (symbols.empty()) return;
  const size_t n = symbols.size();
  nodes_.clear();
  for (size_t i = 0; i < n; ++i) {
    nodes_.push_back({i == 0 ? kNone : i - 1, i + 1 == n ? kNone : i + 1, symbols[i], kNoRank, -1});
  }
  heap_.clear();
  for (size_t i = 0; i + 1 < n; ++i) consider(i);
  while (!heap_.empty()) {
    const Candidate best = pop();
    Node& left = nodes_[best.at];
    if (left.rank != best.rank) continue;
    Node& right = nodes_[left.next];
    left.token = left.result;
    left.next = right.next;
    right.rank = kNoRank;
    if (left.next != kNone) nodes_[left.next].previous = best.at;
    consider(best.at);
    if (left.previous != kNone) consider(left.previous);
  }
  for (size_t i = 0; i != kNone; i = nodes_[i].next) out.push_back(nodes_[i].token);
}

}  // namespace stride::text
