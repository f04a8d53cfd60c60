// SPDX-License-Identifier: Apache-2.0
// The keys and values of one layer of one sequence. Either in memory of its own,
// [n_head_kv][n_rows][head_dim] each, so that a head's rows are one stream: a ring in which
// position p has row p % n_rows, whose memory is taken physically only as rows are written. Or in
// the pages of a PageTable, which has to hold pages for the positions that are used.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/aligned_buffer.h"
#include "base/error.h"
#include "cache/kv_pages.h"
#include "cache/kv_shape.h"

namespace stride::cache {

class KvLayer {
 public:
  using Row = KvRow;

  // A run of consecutive positions: `first` and the `n - 1` after it, from the row of `first` on.
  struct Run {
    Row row;
    uint32_t first;
    uint32_t n;
  };

  static Result<KvLayer> create(const KvShape& shape, uint32_t n_rows);
  // Layer `slot` of the table, which outlives the layer.
  static KvLayer in_pages(const PageTable& table, uint32_t slot);
  static uint64_t bytes(const KvShape& shape, uint32_t n_rows) {
    return shape.position_bytes() * n_rows;
  }

  const KvShape& shape() const { return shape_; }
  bool paged() const { return table_ != nullptr; }
  // Of memory of its own.
  uint64_t allocated_bytes() const { return values_.size() + scales_.size() * sizeof(float); }

  Row row(uint32_t head, uint32_t position) const;

  // Positions [begin, end) of a head, in order; runs that are not needed are empty. Requires that
  // a ring holds them, or that they lie in at most kMaxRuns pages.
  static constexpr uint32_t kMaxRuns = 4;
  struct Runs {
    Run run[kMaxRuns];
  };
  Runs runs(uint32_t head, uint32_t begin, uint32_t end) const;

  // Appends the bytes of positions [begin, end) to `out`, or puts them back; returns the bytes
  // taken.
  void save(uint32_t begin, uint32_t end, std::vector<std::byte>& out) const;
  size_t load(uint32_t begin, uint32_t end, std::span<const std::byte> in);

 private:
  template <class Visit>
  void each_piece(uint32_t begin, uint32_t end, Visit&& visit) const;

  KvShape shape_;
  uint32_t n_rows_ = 0;
  const PageTable* table_ = nullptr;
  uint32_t slot_ = 0;                // in its pages
  AlignedBuffer<std::byte> values_;  // keys, then values
  AlignedBuffer<float> scales_;      // of keys, then of values; empty for f16
};

}  // namespace stride::cache
