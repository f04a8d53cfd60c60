// SPDX-License-Identifier: Apache-2.0
// One form for every block type: 32 small integers with integer scales and minima of 16 values
// each,
//   w[i] = d * scale[i / 16] * q[i] - d_min * min[i / 16].
// The scalar kernels read all types this way, and tests learn from it what a byte stands for.
#pragma once

#include <cstddef>
#include <cstdint>

#include "quant/type.h"

namespace stride::kernels {

struct Block32 {
  int8_t q[32];
  int16_t scale[2];
  int16_t min[2];
  float d;
  float d_min;
};

// Decodes one block of the type: writes block_values / 32 blocks (1 or 8). Requires a block type.
void decode_group(quant::Type type, const std::byte* group, Block32* out);

}  // namespace stride::kernels
