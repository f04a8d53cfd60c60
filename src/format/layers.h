// SPDX-License-Identifier: Apache-2.0
// The layers of a model file: which of them a tensor belongs to, and how many there are.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"
#include "format/metadata.h"
#include "format/tensor_catalog.h"

namespace stride::format {

// The layer a tensor belongs to, -1 for those outside the layers: 3 for "blk.3.attn_q.weight".
int layer_of(std::string_view tensor_name);

// What follows "blk.N.", or the whole name: "attn_q.weight".
std::string_view role_of(std::string_view tensor_name);

struct Depth {
  uint32_t n_layer = 0;      // trunk layers, at least one; in a file without a trunk, of its trunk
  uint32_t n_mtp = 0;        // MTP layers in the file, which follow the trunk's
  uint32_t n_elsewhere = 0;  // MTP layers that the keys announce and the file does not hold
  bool only_mtp = false;     // the file holds MTP layers and no trunk
  std::string warning;       // one sentence where the keys say otherwise, else empty
};

// Counts the layers of a step35 model, the same way for everyone who reads one. Tensors decide: the
// lowest layer with nextn.* tensors is the first MTP layer, the highest layer of all is the last.
// The keys (step35.block_count, step35.nextn_predict_layers) decide how deep a trunk without MTP
// layers is, unless it holds more layers than they say, and where the MTP layers of a file without
// a trunk begin. A layer that is missing below the last one is counted, so that whoever looks for
// its tensors can name them. No count exceeds 4096.
Result<Depth> read_depth(const Metadata& metadata, std::span<const Tensor> tensors);

}  // namespace stride::format
