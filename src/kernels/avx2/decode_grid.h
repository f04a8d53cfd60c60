// SPDX-License-Identifier: Apache-2.0
// Unpacking of the type whose values are found in a grid.
#pragma once

#include "kernels/avx2/decode.h"
#include "kernels/generic/group.h"

namespace stride::kernels::avx2 {
namespace {

// Indices into a grid gain little from vectors: unpacked by the generic code.
struct IQ3_S {
  static constexpr size_t kBlockBytes = 110;
  static constexpr size_t kBlockValues = 256;
  static constexpr Form kForm = Form::wide;
  static constexpr int kOffset = 0;
  static constexpr bool kMin = false;

  STRIDE_INLINE static void unpack(const std::byte* p, Group& out) {
    Block32 blocks[8];
    decode_group(quant::Type::iq3_s, p, blocks);
    alignas(32) float scale[8];
    for (size_t b = 0; b < 8; ++b) {
      out.q[b] = load256(blocks[b].q);
      scale[b] = blocks[b].scale[0];
    }
    out.scale = _mm256_load_ps(scale);
    out.d = _mm256_set1_ps(blocks[0].d);
  }
};

}  // namespace

}  // namespace stride::kernels::avx2
