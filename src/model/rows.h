// SPDX-License-Identifier: Apache-2.0
// Activation rows in the two forms that products take, float and int8 blocks, and the product
// itself.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/aligned_buffer.h"
#include "base/check.h"
#include "base/thread_team.h"
#include "kernels/kernels.h"

#include "model/weights.h"

namespace stride::model {

// A view of [n_row, width] floats and, where the width is a whole number of blocks, of the same
// quantised: n_plane int8 rows each, whose sum is the value. Plane 1 is what plane 0 leaves.
struct Rows {
  float* values = nullptr;
  std::byte* q8_values = nullptr;
  size_t width = 0;
  size_t q8_stride = 0;  // of one plane; 0 = not a whole number of blocks
  uint32_t n_plane = 1;
  float* rest = nullptr;  // what plane 1 is made of: [n_row, width] where n_plane is 2

  float* row(size_t r) const { return values + r * width; }
  std::byte* q8(size_t r) const { return q8_values + r * n_plane * q8_stride; }

  // Quantises row r; its floats stay as they are.
  void quantize(const kernels::Kernels& k, size_t r) const;
};

// Memory for rows of up to a maximal width.
class RowBuffer {
 public:
  static Result<RowBuffer> create(size_t n_row, size_t max_width, uint32_t n_plane);

  Rows rows(size_t width) const {
    STRIDE_DCHECK(width <= max_width_);
    const bool blocks = width % kernels::kQ8Block == 0;
    return {values_.data(), q8_.data(),  width, blocks ? kernels::q8_row_bytes(width) : 0,
            n_plane_,       rest_.data()};
  }
  Rows rows() const { return rows(max_width_); }
  uint64_t bytes() const { return (values_.size() + rest_.size()) * sizeof(float) + q8_.size(); }

 private:
  size_t max_width_ = 0;
  uint32_t n_plane_ = 1;
  AlignedBuffer<float> values_, rest_;
  AlignedBuffer<std::byte> q8_;
};

// out[c * out_stride + r] = (W x_c)[r] for weight rows r in `range` and the n_col rows of x from
// `first` on. Each value depends on its weight row and its activation row alone.
void multiply(const kernels::Kernels& k, const Matrix& w, uint32_t index, Range range,
              const Rows& x, size_t first, size_t n_col, float* out, size_t out_stride);

}  // namespace stride::model
