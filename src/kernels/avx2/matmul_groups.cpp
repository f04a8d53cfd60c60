// SPDX-License-Identifier: Apache-2.0
// Products with weights in groups of sixteen rows.
#include "kernels/avx2/groups.h"
#include "kernels/avx2/panel_multiply.h"

namespace stride::kernels::avx2 {

ProductFn group_product(quant::Type type) {
  switch (type) {
    case quant::Type::q8_0:
      return product_groups<Q8_0, PairTiles>;
    case quant::Type::q4_0:
      return product_groups<Q4_0, PairTiles>;
    case quant::Type::iq4_nl:
      return product_groups<IQ4_NL, PairTiles>;
    case quant::Type::iq4_xs:
      return product_groups<IQ4_XS, PairTiles>;
    case quant::Type::q4_k:
      return product_groups<Q4_K, PairTiles>;
    case quant::Type::q5_k:
      return product_groups<Q5_K, PairTiles>;
    case quant::Type::q6_k:
      return product_groups<Q6_K, PairTiles>;
    default:
      return nullptr;
  }
}

}  // namespace stride::kernels::avx2
