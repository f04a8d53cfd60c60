// SPDX-License-Identifier: Apache-2.0
// The keys and values of a sequence's full-attention layers, in pages of kPageTokens positions. A
// page holds all those layers, so that it is one piece of memory to count, to share, to keep for a
// later prompt, or to write to a file.
//
// Pages are shared between sequences that begin with the same tokens. Whoever writes to a shared
// page gets a copy first: reserve() sees to that, and fails before anything has changed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/aligned_buffer.h"
#include "base/error.h"
#include "cache/kv_shape.h"

namespace stride::cache {

// A multiple of the tile of the attention kernels, and a quarter of their chunk.
constexpr uint32_t kPageTokens = 256;

using KvPage = AlignedBuffer<std::byte>;

// Where rows lie in a page: of each layer keys [n_head_kv][kPageTokens][row_bytes], then values,
// then their scales where the type has them.
class PageShape {
 public:
  PageShape() = default;
  explicit PageShape(std::vector<KvShape> layers);

  const KvShape& layer(uint32_t i) const { return layers_[i]; }
  uint32_t n_layer() const { return static_cast<uint32_t>(layers_.size()); }
  size_t page_bytes() const { return page_bytes_; }
  // Bytes of what a sequence of n tokens takes, whole pages.
  uint64_t bytes(uint64_t n_token) const {
    return (n_token + kPageTokens - 1) / kPageTokens * page_bytes_;
  }
  KvRow row(const KvPage& page, uint32_t layer, uint32_t head, uint32_t position) const;

 private:
  std::vector<KvShape> layers_;
  std::vector<size_t> begin_;  // of each layer in a page
  size_t page_bytes_ = 0;
};

using SharedPage = std::shared_ptr<KvPage>;

class PageTable {
 public:
  explicit PageTable(PageShape shape) : shape_(std::move(shape)) {}

  const PageShape& shape() const { return shape_; }
  std::span<const SharedPage> pages() const { return pages_; }
  uint64_t bytes() const { return pages_.size() * shape_.page_bytes(); }

  // Pages that reserve() would have to allocate.
  uint32_t n_missing(uint32_t begin, uint32_t end) const;
  // Makes positions [begin, end) writable; those before `begin` must have pages.
  Result<> reserve(uint32_t begin, uint32_t end);
  // Lets go of pages that hold nothing before position n.
  void truncate(uint32_t n);
  // Takes these pages in place of its own.
  void assign(std::span<const SharedPage> pages) { pages_.assign(pages.begin(), pages.end()); }

  KvRow row(uint32_t layer, uint32_t head, uint32_t position) const {
    return shape_.row(*pages_[position / kPageTokens], layer, head, position % kPageTokens);
  }

 private:
  PageShape shape_;
  std::vector<SharedPage> pages_;
};

}  // namespace stride::cache
