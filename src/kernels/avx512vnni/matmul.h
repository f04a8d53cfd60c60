// SPDX-License-Identifier: Apache-2.0
// What the files of the AVX-512 products share. Arguments and the two ways, rows and panels, are
// those of the AVX2 products; only the multiplication differs.
#pragma once

#include "kernels/avx2/matmul.h"
#include "kernels/avx512vnni/intrinsics.h"

namespace stride::kernels::STRIDE_AVX512 {

using avx2::Paths;
using avx2::Product;

const Paths* simple_paths(quant::Type type);
const Paths* affine_paths(quant::Type type);
const Paths* super_paths(quant::Type type);
// For weights in groups of sixteen rows; null if the type has no such layout.
avx2::ProductFn group_product(quant::Type type);

void matmul_q8(float* out, size_t out_stride, const Weights& w, size_t row_begin, size_t row_end,
               const std::byte* x, size_t x_stride, size_t n_col);
void matmul_f32(float* out, size_t out_stride, const Weights& w, size_t row_begin, size_t row_end,
                const std::byte* x, size_t x_stride, size_t n_col);

}  // namespace stride::kernels::STRIDE_AVX512
