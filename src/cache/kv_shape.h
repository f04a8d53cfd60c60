// SPDX-License-Identifier: Apache-2.0
// What one row of keys or values stores, and where it lies.
#pragma once

#include <cstddef>
#include <cstdint>

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

// Where one position of one head is stored. The scales are null for f16.
struct KvRow {
  std::byte* k;
  std::byte* v;
  float* k_scale;
  float* v_scale;
};

}  // namespace stride::cache
