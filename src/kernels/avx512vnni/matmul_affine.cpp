// SPDX-License-Identifier: Apache-2.0
// Products with the types that have integer scales and minima of 32 values.
#include "kernels/avx512vnni/matmul.h"
#include "kernels/avx512vnni/tiles.h"

namespace stride::kernels::STRIDE_AVX512 {

const Paths* affine_paths(quant::Type type) {
  static constexpr Paths kQ4_K = paths_of<avx2::Q4_K>();
  static constexpr Paths kQ5_K = paths_of<avx2::Q5_K>();
  switch (type) {
    case quant::Type::q4_k:
      return &kQ4_K;
    case quant::Type::q5_k:
      return &kQ5_K;
    default:
      return nullptr;
  }
}

}  // namespace stride::kernels::STRIDE_AVX512
