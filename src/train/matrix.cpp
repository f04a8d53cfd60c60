// SPDX-License-Identifier: Apache-2.0
// The only file that sees the BLAS.
#include "train/matrix.h"

#include <cblas.h>

#include <string>

namespace stride::train {
namespace {

int as_int(size_t n) {
  return static_cast<int>(n);
}

}  // namespace

void linear(float* y, const float* x, const float* w, size_t n, size_t n_out, size_t n_in) {
  multiply(y, x, w, {.m = n, .n = n_out, .k = n_in, .transposed_b = true});
}

void linear_input(float* d_x, const float* d_y, const float* w, size_t n, size_t n_out,
                  size_t n_in) {
  multiply(d_x, d_y, w, {.m = n, .n = n_in, .k = n_out});
}

void linear_weight(float* d_w, const float* d_y, const float* x, size_t n, size_t n_out,
                   size_t n_in) {
  if (n == 0) return;
  cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, as_int(n_out), as_int(n_in), as_int(n), 1,
              d_y, as_int(n_out), x, as_int(n_in), 1, d_w, as_int(n_in));
}

void multiply(float* c, const float* a, const float* b, const Product& product) {
  const auto [m, n, k, transposed_b, alpha, beta] = product;
  if (m == 0) return;
  cblas_sgemm(CblasRowMajor, CblasNoTrans, transposed_b ? CblasTrans : CblasNoTrans, as_int(m),
              as_int(n), as_int(k), alpha, a, as_int(k), b, as_int(transposed_b ? k : n), beta, c,
              as_int(n));
}

void use_one_thread_per_product() {
  openblas_set_num_threads(1);
}

const char* matrix_library() {
  static const std::string name = std::string("OpenBLAS ") + openblas_get_corename();
  return name.c_str();
}

}  // namespace stride::train
