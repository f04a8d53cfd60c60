// SPDX-License-Identifier: Apache-2.0
// Reference decoding and encoding of every tensor type: plain loops, the meaning of the bytes and
// nothing else. Both give the same result, to the last bit, on every machine; both may be called
// from many threads at once.
#pragma once

#include <cstddef>
#include <span>

#include "base/error.h"
#include "quant/type.h"

namespace stride::quant {

// Decodes out.size() values. Requires out.size() % block_values == 0 and bytes.size() ==
// row_bytes(type, out.size()). Any bytes decode; scales that are not finite give values that are
// not.
void decode(Type type, std::span<const std::byte> bytes, std::span<float> out);

// Whether encode() can make this type: all but IQ3_S.
bool can_encode(Type type);

// Encodes values into `out`; sizes as for decode(). The choice of scales minimises the squared
// error of each block, weighted by `importance` (one weight a value of a row, broadcast over rows:
// values.size() % importance.size() == 0) where it is not empty. F32, F16 and BF16 have no scales
// and round each value by itself (half.h).
//
// Any values encode. In the block types NaN counts as 0 and what lies beyond the largest value of
// the type, infinities included, is stored as about that value: no scale ever becomes an infinity.
// A weight that is NaN, infinite or negative counts as 0.
void encode(Type type, std::span<const float> values, std::span<std::byte> out,
            std::span<const float> importance = {});

}  // namespace stride::quant
