// SPDX-License-Identifier: Apache-2.0
// Reference decoding and encoding of every tensor type: plain loops, the meaning of the bytes and
// nothing else.
#pragma once

#include <cstddef>
#include <span>

#include "base/error.h"
#include "quant/type.h"

namespace stride::quant {

// Decodes out.size() values. Requires out.size() % block_values == 0 and bytes.size() ==
// row_bytes(type, out.size()).
void decode(Type type, std::span<const std::byte> bytes, std::span<float> out);

// Whether encode() can make this type.
bool can_encode(Type type);

// Encodes values into `out`; sizes as for decode(). The choice of scales minimises the squared
// error of each block, weighted by `importance` (one weight a value of a row, broadcast over rows)
// where it is not empty.
void encode(Type type, std::span<const float> values, std::span<std::byte> out,
            std::span<const float> importance = {});

}  // namespace stride::quant
