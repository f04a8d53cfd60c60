// SPDX-License-Identifier: Apache-2.0
// Applies merges to one piece: again and again the pair of lowest rank, the leftmost among equals,
// until no pair merges. A linked list and a heap make that O(n log n) for a piece of n bytes.
// The object keeps its scratch memory between pieces.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "text/merge_table.h"

namespace stride::text {

class Merger {
 public:
  explicit Merger(const MergeTable& table) : table_(&table) {}

  // Appends the merged tokens to `out`.
  void merge(std::span<const int32_t> symbols, std::vector<int32_t>& out);

  // Pairs looked at and heap entries moved so far, for tests of the running time.
  uint64_t n_step() const { return n_step_; }

 private:
  static constexpr size_t kNone = static_cast<size_t>(-1);

  struct Node {
    size_t previous, next;  // kNone at the ends
    int32_t token;
    uint32_t rank;   // of the pair (this, next); kNoRank if it does not merge or the node is gone
    int32_t result;  // what that pair becomes
  };
  struct Candidate {
    uint32_t rank;
    size_t at;
  };

  void consider(size_t at);
  Candidate pop();

  const MergeTable* table_;
  std::vector<Node> nodes_;
  std::vector<Candidate> heap_;
  uint64_t n_step_ = 0;
};

}  // namespace stride::text
