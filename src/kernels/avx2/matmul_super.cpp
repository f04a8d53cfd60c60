// SPDX-License-Identifier: Apache-2.0
// Products with the other types of 256-value blocks.
#include "kernels/avx2/panel.h"
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

const Paths* super_paths(quant::Type type) {
  static constexpr Paths kQ2_K = paths_of<Q2_K>();
  static constexpr Paths kQ3_K = paths_of<Q3_K>();
  static constexpr Paths kQ6_K = paths_of<Q6_K>();
  static constexpr Paths kIQ4_XS = paths_of<IQ4_XS>();
  static constexpr Paths kIQ3_S = paths_of<IQ3_S>();
  switch (type) {
    case quant::Type::q2_k:
      return &kQ2_K;
    case quant::Type::q3_k:
      return &kQ3_K;
    case quant::Type::q6_k:
      return &kQ6_K;
    case quant::Type::iq4_xs:
      return &kIQ4_XS;
    case quant::Type::iq3_s:
      return &kIQ3_S;
    default:
      return nullptr;
  }
}

}  // namespace stride::kernels::avx2
