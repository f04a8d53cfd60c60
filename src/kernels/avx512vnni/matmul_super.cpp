// SPDX-License-Identifier: Apache-2.0
// Products with the other types of 256-value blocks.
#include "kernels/avx512vnni/matmul.h"
#include "kernels/avx512vnni/tiles.h"

#include "kernels/avx2/decode_grid.h"

namespace stride::kernels::STRIDE_AVX512 {
const Paths* super_paths(quant::Type type) {
  static constexpr Paths kQ2_K = paths_of<avx2::Q2_K>();
  static constexpr Paths kQ3_K = paths_of<avx2::Q3_K>();
  static constexpr Paths kQ6_K = paths_of<avx2::Q6_K>();
  static constexpr Paths kIQ4_XS = paths_of<avx2::IQ4_XS>();
  static constexpr Paths kIQ3_S = paths_of<avx2::IQ3_S>();
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

}  // namespace stride::kernels::STRIDE_AVX512
