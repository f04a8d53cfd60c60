// SPDX-License-Identifier: Apache-2.0
#include "kernels/avx2/avx2.h"
#include "kernels/avx512vnni/attention.h"
#include "kernels/avx512vnni/matmul.h"

namespace stride::kernels::STRIDE_AVX512 {

const Kernels& table();

const Kernels& table() {
  static constexpr Kernels kTable = {
      .name = "avx512vnni",
      .prefers_groups = true,
      .matmul_q8 = matmul_q8,
      .matmul_f32 = matmul_f32,
      .quantize_row = avx2::quantize_row,
      .attend = attend,
      .attention_merge = avx2::attention_merge,
      .attention_finish = avx2::attention_finish,
      .store_f16 = avx2::store_f16,
      .store_int8 = avx2::store_int8,
      .rms_norm = avx2::rms_norm,
      .rope = avx2::rope,
      .swiglu = avx2::swiglu,
      .add = avx2::add,
      .add_scaled = avx2::add_scaled,
      .scale = avx2::scale,
      .sigmoid = avx2::sigmoid,
      .exp_sum = avx2::exp_sum,
      .max = avx2::max,
      .dot = avx2::dot,
  };
  return kTable;
}

}  // namespace stride::kernels::STRIDE_AVX512
