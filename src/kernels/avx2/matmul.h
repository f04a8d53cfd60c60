// SPDX-License-Identifier: Apache-2.0
// What the files of the AVX2 matrix products share: the arguments, and for each type two ways to
// compute the same sums. The row way streams weights once for up to four columns; the panel way
// unpacks 16 rows into a block that serves any number of columns.
#pragma once

#include "kernels/kernels.h"

namespace stride::kernels::avx2 {

struct Product {
  float* out;
  size_t out_stride;
  Weights w;
  size_t row_begin;
  size_t row_end;
  const std::byte* x;
  size_t x_stride;
  size_t n_col;
};

using ProductFn = void (*)(const Product&);

struct Paths {
  ProductFn rows[4];  // exactly 1, 2, 3, 4 columns
  ProductFn panel;    // any number of columns
};

// The paths of a type, by family; null if the type is of another family.
const Paths* simple_paths(quant::Type type);  // one scale a block of 32: Q8_0 Q4_0 IQ4_NL MXFP4
const Paths* affine_paths(quant::Type type);  // Q4_K Q5_K
const Paths* super_paths(quant::Type type);   // Q2_K Q3_K Q6_K IQ4_XS IQ3_S
// For weights in groups of sixteen rows; null if the type has no such layout.
ProductFn group_product(quant::Type type);

}  // namespace stride::kernels::avx2
