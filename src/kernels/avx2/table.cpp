// SPDX-License-Identifier: Apache-2.0
#include "kernels/avx2/avx2.h"

namespace stride::kernels::avx2 {

const Kernels& table() {
  static constexpr Kernels kTable = {
      .name = "avx2",
      .prefers_groups = false,
      .matmul_q8 = matmul_q8,
      .matmul_f32 = matmul_f32,
      .quantize_row = quantize_row,
      .attend = attend,
      .attention_merge = attention_merge,
      .attention_finish = attention_finish,
      .store_f16 = store_f16,
      .store_int8 = store_int8,
      .rms_norm = rms_norm,
      .rope = rope,
      .swiglu = swiglu,
      .add = add,
      .add_scaled = add_scaled,
      .scale = scale,
      .sigmoid = sigmoid,
      .exp_sum = exp_sum,
      .max = max,
      .dot = dot,
  };
  return kTable;
}

}  // namespace stride::kernels::avx2
