// SPDX-License-Identifier: Apache-2.0
// The merges of a BPE vocabulary, found by their pair of tokens. Stored as rows by the left token,
// each sorted by the right one, so a lookup is a binary search that no vocabulary can make slow (a
// hash table could be filled with collisions by a hostile file).
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <vector>

namespace stride::text {

inline constexpr uint32_t kNoRank = std::numeric_limits<uint32_t>::max();

struct MergeRule {
  int32_t left;
  int32_t right;
  int32_t result;
};

// What a pair becomes, and how early: the lowest rank in a piece is merged first.
struct Merge {
  uint32_t rank = kNoRank;
  int32_t result = -1;
};

class MergeTable {
 public:
  MergeTable() = default;
  // The rank of a rule is its index. Requires all ids in [0, n_token).
  MergeTable(size_t n_token, std::span<const MergeRule> rules);

  // rank is kNoRank if the pair does not merge. Requires ids in [0, n_token).
  Merge find(int32_t left, int32_t right) const;

  // The index of a rule whose pair an earlier rule has already, if any.
  std::optional<uint32_t> duplicate() const;

 private:
  struct Entry {
    int32_t right;
    Merge merge;
  };

  std::vector<uint32_t> rows_;  // [n_token + 1] into entries_
  std::vector<Entry> entries_;
};

}  // namespace stride::text
