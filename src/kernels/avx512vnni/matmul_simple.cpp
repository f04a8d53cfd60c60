// SPDX-License-Identifier: Apache-2.0
// Products with the types that have one scale a block of 32.
#include "kernels/avx512vnni/matmul.h"
#include "kernels/avx512vnni/tiles.h"

namespace stride::kernels::STRIDE_AVX512 {

const Paths* simple_paths(quant::Type type) {
  static constexpr Paths kQ8_0 = paths_of<avx2::Q8_0>();
  static constexpr Paths kQ4_0 = paths_of<avx2::Q4_0>();
  static constexpr Paths kIQ4_NL = paths_of<avx2::IQ4_NL>();
  static constexpr Paths kMXFP4 = paths_of<avx2::MXFP4>();
  switch (type) {
    case quant::Type::q8_0:
      return &kQ8_0;
    case quant::Type::q4_0:
      return &kQ4_0;
    case quant::Type::iq4_nl:
      return &kIQ4_NL;
    case quant::Type::mxfp4:
      return &kMXFP4;
    default:
      return nullptr;
  }
}

}  // namespace stride::kernels::STRIDE_AVX512
