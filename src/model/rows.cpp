// SPDX-License-Identifier: Apache-2.0
#include "model/rows.h"

#include <algorithm>
#include <array>

namespace stride::model {
namespace {

// Products of value and remainder rows are made side by side in a tile and added: tiles of 32
// activation rows by 64 weight rows keep it at 16 KiB.
constexpr size_t kTileColumns = 32;
constexpr size_t kTileRows = 64;

void multiply_planes(const kernels::Kernels& k, const kernels::Weights& weights, Range range,
                     const Rows& x, size_t first, size_t n_col, float* out, size_t out_stride) {
  alignas(64) std::array<float, 2 * kTileColumns * kTileRows> tile;
  for (size_t r = range.begin; r < range.end; r += kTileRows) {
    const size_t n_row = std::min(kTileRows, range.end - r);
    kernels::Weights rows = weights;
    rows.data += r * weights.row_bytes;
    for (size_t c = 0; c < n_col; c += kTileColumns) {
      const size_t n = std::min(kTileColumns, n_col - c);
      k.matmul_q8(tile.data(), kTileRows, rows, 0, n_row, x.q8(first + c), x.q8_stride, 2 * n);
      for (size_t i = 0; i < n; ++i) {
        float* to = out + (c + i) * out_stride + r;
        const float* value = &tile[2 * i * kTileRows];
        for (size_t j = 0; j < n_row; ++j) to[j] = value[j] + value[kTileRows + j];
      }
    }
  }
}

}  // namespace

void Rows::quantize(const kernels::Kernels& k, size_t r) const {
  if (q8_stride == 0) return;
  k.quantize_row(q8(r), row(r), width);
  if (n_plane == 1) return;
  const kernels::Q8Row plane = kernels::q8_row(q8(r), width);
  float* left = rest + r * width;
  for (size_t i = 0; i < width; ++i) {
    left[i] = row(r)[i] - plane.scale[i / kernels::kQ8Block] * static_cast<float>(plane.value[i]);
  }
  k.quantize_row(q8(r) + q8_stride, left, width);
}

Result<RowBuffer> RowBuffer::create(size_t n_row, size_t max_width, uint32_t n_plane) {
  RowBuffer buffer;
  buffer.max_width_ = max_width;
  buffer.n_plane_ = n_plane;
  buffer.values_ = STRIDE_TRY(AlignedBuffer<float>::allocate(n_row * max_width));
  buffer.q8_ = STRIDE_TRY(
      AlignedBuffer<std::byte>::allocate(n_row * n_plane * kernels::q8_row_bytes(max_width)));
  if (n_plane > 1) buffer.rest_ = STRIDE_TRY(AlignedBuffer<float>::allocate(n_row * max_width));
  return buffer;
}

void multiply(const kernels::Kernels& k, const Matrix& w, uint32_t index, Range range,
              const Rows& x, size_t first, size_t n_col, float* out, size_t out_stride) {
  if (range.begin == range.end || n_col == 0) return;
  const kernels::Weights weights{w.type, w.matrix(index), w.row_bytes, w.n_in, w.layout};
  if (!kernels::takes_q8(w.type)) {
    k.matmul_f32(out, out_stride, weights, range.begin, range.end,
                 reinterpret_cast<const std::byte*>(x.row(first)), x.width * sizeof(float), n_col);
  } else if (x.n_plane == 1) {
    k.matmul_q8(out, out_stride, weights, range.begin, range.end, x.q8(first), x.q8_stride, n_col);
  } else {
    multiply_planes(k, weights, range, x, first, n_col, out, out_stride);
  }
}

}  // namespace stride::model
