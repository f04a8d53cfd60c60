// SPDX-License-Identifier: Apache-2.0
// How large the cache of a sequence is on the fast path: one arithmetic for what allocates it and
// for what tells of it. Bytes are those of rows and scales; an allocator may round them up.
//
// A full layer has a row for every position of the capacity, in whole pages. A sliding layer is a
// ring of the window, the rows of one step, which are written before the first of them is attended
// to, and a row for each MTP head, so that drafts overwrite nothing that is still needed.
#pragma once

#include <cstdint>

#include "cache/kv_layer.h"
#include "model/config.h"

namespace stride::model {

using cache::KvType;  // f16 or int8; the reference path keeps f32 whatever is asked

constexpr uint32_t kDefaultMaxRows = 512;  // of a step

// What a key-value row and head of this model stores: kernels want a multiple of 8 values, so
// shorter heads are padded with zeros.
cache::KvShape kv_shape(const Config& config, uint32_t layer, KvType type);

// Rows of a ring, those for drafts not counted, and rows of any layer with all that it has.
uint32_t ring_rows(const Config& config, uint32_t capacity, uint32_t max_rows);
uint32_t kv_rows(const Config& config, uint32_t layer, uint32_t capacity, uint32_t max_rows);

// Bytes of one layer, and of all layers of the trunk and the MTP heads.
uint64_t kv_bytes(const Config& config, uint32_t layer, KvType type, uint32_t capacity,
                  uint32_t max_rows);
uint64_t kv_bytes(const Config& config, KvType type, uint32_t capacity, uint32_t max_rows);

}  // namespace stride::model
