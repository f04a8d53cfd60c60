// SPDX-License-Identifier: Apache-2.0
#include "cache/kv_layer.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"

namespace stride::cache {

Result<KvLayer> KvLayer::create(const KvShape& shape, uint32_t n_rows) {
  KvLayer layer;
  layer.shape_ = shape;
  layer.n_rows_ = n_rows;
  const size_t rows = size_t{2} * shape.n_head_kv * n_rows;
  layer.values_ = STRIDE_TRY(AlignedBuffer<std::byte>::allocate(rows * shape.row_bytes()));
  if (shape.type == KvType::int8) layer.scales_ = STRIDE_TRY(AlignedBuffer<float>::allocate(rows));
  return layer;
}

KvLayer KvLayer::in_pages(const PageTable& table, uint32_t slot) {
  KvLayer layer;
  layer.shape_ = table.shape().layer(slot);
  layer.table_ = &table;
  layer.slot_ = slot;
  return layer;
}

KvLayer::Row KvLayer::row(uint32_t head, uint32_t position) const {
  if (table_) return table_->row(slot_, head, position);
  const size_t k = size_t{head} * n_rows_ + position % n_rows_;
  const size_t v = k + size_t{shape_.n_head_kv} * n_rows_;
  const bool scaled = shape_.type == KvType::int8;
  return {values_.data() + k * shape_.row_bytes(), values_.data() + v * shape_.row_bytes(),
          scaled ? scales_.data() + k : nullptr, scaled ? scales_.data() + v : nullptr};
}

KvLayer::Runs KvLayer::runs(uint32_t head, uint32_t begin, uint32_t end) const {
  STRIDE_DCHECK(begin <= end && (table_ || end - begin <= n_rows_));
  const uint32_t n_unit = table_ ? kPageTokens : n_rows_;  // rows that lie in one piece
  Runs runs{};
  for (Run& run : runs.run) {
    if (begin == end) break;
    const uint32_t n = std::min(end - begin, n_unit - begin % n_unit);
    run = {row(head, begin), begin, n};
    begin += n;
  }
  STRIDE_DCHECK(begin == end);
  return runs;
}

// Every contiguous piece of memory that holds the positions, in a fixed order.
template <class Visit>
void KvLayer::each_piece(uint32_t begin, uint32_t end, Visit&& visit) const {
  for (uint32_t head = 0; head < shape_.n_head_kv; ++head) {
    for (const Run& run : runs(head, begin, end).run) {
      if (run.n == 0) continue;
      visit(run.row.k, size_t{run.n} * shape_.row_bytes());
      visit(run.row.v, size_t{run.n} * shape_.row_bytes());
      if (shape_.type != KvType::int8) continue;
      visit(reinterpret_cast<std::byte*>(run.row.k_scale), run.n * sizeof(float));
      visit(reinterpret_cast<std::byte*>(run.row.v_scale), run.n * sizeof(float));
    }
  }
}

void KvLayer::save(uint32_t begin, uint32_t end, std::vector<std::byte>& out) const {
  each_piece(begin, end, [&](const std::byte* piece, size_t bytes) {
    out.insert(out.end(), piece, piece + bytes);
  });
}

size_t KvLayer::load(uint32_t begin, uint32_t end, std::span<const std::byte> in) {
  size_t at = 0;
  each_piece(begin, end, [&](std::byte* piece, size_t bytes) {
    STRIDE_CHECK(in.size() - at >= bytes);
    std::memcpy(piece, in.data() + at, bytes);
    at += bytes;
  });
  return at;
}

}  // namespace stride::cache
