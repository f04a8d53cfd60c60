// SPDX-License-Identifier: Apache-2.0
#include "model/kv_size.h"

#include <algorithm>

#include "cache/kv_pages.h"

namespace stride::model {

cache::KvShape kv_shape(const Config& config, uint32_t layer, KvType type) {
  return {type, config.layers[layer].n_head_kv, (config.head_dim + 7) / 8 * 8};
}

// In 64 bits: the window is whatever a file says.
uint32_t ring_rows(const Config& config, uint32_t capacity, uint32_t max_rows) {
  return static_cast<uint32_t>(std::min<uint64_t>(capacity, uint64_t{config.window} + max_rows));
}

uint32_t kv_rows(const Config& config, uint32_t layer, uint32_t capacity, uint32_t max_rows) {
  const bool sliding = config.layers[layer].attention == Attention::sliding;
  const auto pages = (uint64_t{capacity} + cache::kPageTokens - 1) / cache::kPageTokens;
  return sliding ? ring_rows(config, capacity, max_rows + config.n_mtp)
                 : static_cast<uint32_t>(pages * cache::kPageTokens);
}

uint64_t kv_bytes(const Config& config, uint32_t layer, KvType type, uint32_t capacity,
                  uint32_t max_rows) {
  return cache::KvLayer::bytes(kv_shape(config, layer, type),
                               kv_rows(config, layer, capacity, max_rows));
}

uint64_t kv_bytes(const Config& config, KvType type, uint32_t capacity, uint32_t max_rows) {
  uint64_t sum = 0;
  for (uint32_t i = 0; i < config.layers.size(); ++i)
    sum += kv_bytes(config, i, type, capacity, max_rows);
  return sum;
}

}  // namespace stride::model
