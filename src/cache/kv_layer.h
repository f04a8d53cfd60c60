// SPDX-License-Identifier: Apache-2.0
// The keys and values of one layer of one sequence: [n_head_kv][n_rows][head_dim] each, so that a
// head's rows are one stream. A full layer has a row for every position of its sequence; a sliding
// layer is a ring in which position p has row p % n_rows. Memory is taken physically only as rows
// are written.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/aligned_buffer.h"
#include "base/error.h"

namespace stride::cache {

enum class KvType : uint8_t {
  f16,
  int8,  // with one f32 scale per row and head
};

struct KvShape {
  KvType type = KvType::f16;
  uint32_t n_head_kv = 0;
  uint32_t head_dim = 0;  // stored values of a row and head

  uint32_t row_bytes() const { return type == KvType::f16 ? head_dim * 2 : head_dim; }
  // Keys and values of one position, all heads, scales included.
  uint64_t position_bytes() const {
    return uint64_t{2} * n_head_kv * (row_bytes() + (type == KvType::int8 ? sizeof(float) : 0));
  }
};

class KvLayer {
 public:
  // Where one position of one head is stored. The scales are null for f16.
  struct Row {
    std::byte* k;
    std::byte* v;
    float* k_scale;
    float* v_scale;
  };

  // A run of consecutive positions: `first` and the `n - 1` after it, from the row of `first` on.
  struct Run {
    Row row;
    uint32_t first;
    uint32_t n;
  };

  static Result<KvLayer> create(const KvShape& shape, uint32_t n_rows);
  static uint64_t bytes(const KvShape& shape, uint32_t n_rows) {
    return shape.position_bytes() * n_rows;
  }

  const KvShape& shape() const { return shape_; }
  uint32_t n_rows() const { return n_rows_; }
  uint64_t allocated_bytes() const { return values_.size() + scales_.size() * sizeof(float); }

  Row row(uint32_t head, uint32_t position) const;

  // Positions [begin, end) of a head, in order: two runs where the ring wraps between them, else
  // the second is empty. Requires end - begin <= n_rows.
  struct Runs {
    Run run[2];
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
  AlignedBuffer<std::byte> values_;  // keys, then values
  AlignedBuffer<float> scales_;      // of keys, then of values; empty for f16
};

}  // namespace stride::cache
