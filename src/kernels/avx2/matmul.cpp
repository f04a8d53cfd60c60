// SPDX-License-Identifier: Apache-2.0
// Which way a product of quantised weights is computed.
#include "kernels/avx2/matmul.h"

#include "kernels/avx2/avx2.h"

namespace stride::kernels::avx2 {

void matmul_q8(float* out, size_t out_stride, const Weights& w, size_t row_begin, size_t row_end,
               const std::byte* x, size_t x_stride, size_t n_col) {
  if (n_col == 0) return;
  const Product product = {out, out_stride, w, row_begin, row_end, x, x_stride, n_col};
  if (w.layout == quant::Layout::groups) {
    if (const ProductFn run = group_product(w.type)) run(product);
    return;
  }
  const Paths* paths = simple_paths(w.type);
  if (!paths) paths = affine_paths(w.type);
  if (!paths) paths = super_paths(w.type);
  if (!paths) return;
  (n_col <= 4 ? paths->rows[n_col - 1] : paths->panel)(product);
}

}  // namespace stride::kernels::avx2
