// SPDX-License-Identifier: Apache-2.0
// Products with the types that have one scale a block of 32.
#include "kernels/avx2/panel_multiply.h"

namespace stride::kernels::avx2 {

const Paths* simple_paths(quant::Type type) {
  static constexpr Paths kQ8_0 = paths_of<Q8_0>();
  static constexpr Paths kQ4_0 = paths_of<Q4_0>();
  static constexpr Paths kIQ4_NL = paths_of<IQ4_NL>();
  static constexpr Paths kMXFP4 = paths_of<MXFP4>();
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

}  // namespace stride::kernels::avx2
