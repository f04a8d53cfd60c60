// SPDX-License-Identifier: Apache-2.0
// The three matrix products of a linear layer y = x W', on the BLAS of the system. Row-major, one
// thread: parallel micro-batches leave no core idle.
#pragma once

#include <cstddef>

namespace stride::train {

// y[n, out] = x[n, in] w[out, in]'.
void linear(float* y, const float* x, const float* w, size_t n, size_t n_out, size_t n_in);
// d_x[n, in] = d_y[n, out] w[out, in].
void linear_input(float* d_x, const float* d_y, const float* w, size_t n, size_t n_out,
                  size_t n_in);
// d_w[out, in] += d_y[n, out]' x[n, in].
void linear_weight(float* d_w, const float* d_y, const float* x, size_t n, size_t n_out,
                   size_t n_in);

// c[m, n] = alpha a[m, k] b[k, n] + beta c; with `transposed_b`, b is [n, k].
struct Product {
  size_t m, n, k;
  bool transposed_b = false;
  float alpha = 1;
  float beta = 0;
};
void multiply(float* c, const float* a, const float* b, const Product& product);

// Makes the BLAS compute on the calling thread. Idempotent; call before the first product.
void use_one_thread_per_product();
// What it calls itself: "OpenBLAS Zen"; a reference BLAS is a factor of 30 slower.
const char* matrix_library();

}  // namespace stride::train
