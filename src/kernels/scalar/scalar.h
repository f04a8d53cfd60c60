// SPDX-License-Identifier: Apache-2.0
// The readable kernels: the contract of kernels.h as plain loops. Every other table is tested
// against these.
#pragma once

#include "kernels/kernels.h"
#include "kernels/peaks.h"

namespace stride::kernels::scalar {

const Kernels& table();
const Peaks& peaks();

void matmul_q8(float* out, size_t out_stride, const Weights& w, size_t row_begin, size_t row_end,
               const std::byte* x, size_t x_stride, size_t n_col);
void matmul_f32(float* out, size_t out_stride, const Weights& w, size_t row_begin, size_t row_end,
                const std::byte* x, size_t x_stride, size_t n_col);
float dot(const float* a, const float* b, size_t n);
void quantize_row(std::byte* out, const float* x, size_t n);

void attend(const AttentionQueries& queries, const KvView& kv, size_t begin, size_t end,
            AttentionState* states);
void attention_merge(AttentionState into, AttentionState from, size_t head_dim);
void attention_finish(float* out, AttentionState state, size_t head_dim);

void store_f16(uint16_t* out, const float* x, size_t n);
void store_int8(int8_t* out, float* scale, const float* x, size_t n);
void rms_norm(float* out, const float* x, const float* w, size_t n, float eps);
void rope(float* x, size_t n_head, size_t head_dim, size_t n_rot, const float* cos,
          const float* sin);
void swiglu(float* out, const float* gate, const float* up, size_t n, float limit);
void add(float* out, const float* x, size_t n);
void add_scaled(float* out, const float* x, float s, size_t n);
void scale(float* x, float s, size_t n);
void sigmoid(float* x, size_t n);
float exp_sum(float* x, size_t n, float max, float inverse_temperature);
float max(const float* x, size_t n);

}  // namespace stride::kernels::scalar
