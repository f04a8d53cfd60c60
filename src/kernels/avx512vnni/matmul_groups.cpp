// SPDX-License-Identifier: Apache-2.0
// Products with weights in groups of sixteen rows.
#include "kernels/avx512vnni/groups.h"

namespace stride::kernels::STRIDE_AVX512 {

avx2::ProductFn group_product(quant::Type type) {
  switch (type) {
    case Type::q8_0:
      return product_groups<GroupQ8_0>;
    case Type::q4_0:
      return product_groups<GroupQ4_0>;
    case Type::iq4_nl:
      return product_groups<GroupIQ4_NL>;
    case Type::iq4_xs:
      return product_groups<GroupIQ4_XS>;
    case Type::q4_k:
      return product_groups<GroupAffine<Type::q4_k>>;
    case Type::q5_k:
      return product_groups<GroupAffine<Type::q5_k>>;
    case Type::q6_k:
      return product_groups<GroupQ6_K>;
    default:
      return nullptr;
  }
}

}  // namespace stride::kernels::STRIDE_AVX512
