// SPDX-License-Identifier: Apache-2.0
#include "cache/kv_pages.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"

namespace stride::cache {

PageShape::PageShape(std::vector<KvShape> layers) : layers_(std::move(layers)) {
  for (const KvShape& layer : layers_) {
    begin_.push_back(page_bytes_);
    page_bytes_ += layer.position_bytes() * kPageTokens;
  }
}

KvRow PageShape::row(const KvPage& page, uint32_t layer, uint32_t head, uint32_t position) const {
  const KvShape& shape = layers_[layer];
  const size_t n = size_t{shape.n_head_kv} * kPageTokens;  // rows of the keys, or of the values
  const size_t k = size_t{head} * kPageTokens + position;
  std::byte* values = page.data() + begin_[layer];
  const bool scaled = shape.type == KvType::int8;
  auto* scales = reinterpret_cast<float*>(values + 2 * n * shape.row_bytes());
  return {values + k * shape.row_bytes(), values + (n + k) * shape.row_bytes(),
          scaled ? scales + k : nullptr, scaled ? scales + n + k : nullptr};
}

uint32_t PageTable::n_missing(uint32_t begin, uint32_t end) const {
  uint32_t n = 0;
  for (uint32_t i = begin / kPageTokens; i * kPageTokens < end; ++i)
    n += i >= pages_.size() || pages_[i].use_count() > 1;
  return n;
}

Result<> PageTable::reserve(uint32_t begin, uint32_t end) {
  if (begin >= end || shape_.n_layer() == 0) return {};
  const uint32_t first = begin / kPageTokens, last = (end - 1) / kPageTokens;
  STRIDE_CHECK(first <= pages_.size());
  std::vector<SharedPage> fresh;
  for (uint32_t i = first; i <= last; ++i) {
    const bool held = i < pages_.size();
    if (held && pages_[i].use_count() == 1) {
      fresh.push_back(nullptr);
      continue;
    }
    auto page = STRIDE_TRY(KvPage::allocate(shape_.page_bytes()));
    if (held && begin > i * kPageTokens)
      std::memcpy(page.data(), pages_[i]->data(), shape_.page_bytes());
    fresh.push_back(std::make_shared<KvPage>(std::move(page)));
  }
  pages_.resize(std::max<size_t>(pages_.size(), last + 1));
  for (uint32_t i = first; i <= last; ++i)
    if (fresh[i - first]) pages_[i] = std::move(fresh[i - first]);
  return {};
}

void PageTable::truncate(uint32_t n) {
  const size_t n_page = (size_t{n} + kPageTokens - 1) / kPageTokens;
  if (n_page < pages_.size()) pages_.resize(n_page);
}

}  // namespace stride::cache
