// SPDX-License-Identifier: Apache-2.0
// The row-wise operations of the model with their derivatives, each one pass over its data. They
// run on the calling thread: the trainer's parallelism is one micro-batch a thread.
//
// "d_x" is the derivative of the loss with respect to x. Derivatives of weights are added to what
// their buffer holds; those of activations overwrite it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace stride::train {

// sum = x + delta; y = sum * rsqrt(mean(sum^2) + eps) * (1 + w).
// x, delta, sum, y [n, d]; w [d], zero-centred; inverse_rms [n]. delta may be null: sum is then
// not written, and y is the norm of x.
void residual_norm(float* sum, float* y, float* inverse_rms, const float* x, const float* delta,
                   const float* w, size_t n, size_t d, float eps);

// d_x of `sum` [n, d] through the norm, plus d_sum (may be null), which is its derivative from
// elsewhere.
void residual_norm_backward(float* d_x, float* d_w, const float* d_y, const float* d_sum,
                            const float* sum, const float* inverse_rms, const float* w, size_t n,
                            size_t d);

// out = min(silu(gate), limit) * clamp(up, -limit, limit); limit 0 is none. gate_up [n, 2 f] holds
// a row's gates, then its ups; out [n, f]. Returns the largest |out|.
float swiglu(float* out, const float* gate_up, size_t n, size_t f, float limit);
// d_gate_up [n, 2 f]. May overwrite gate_up itself.
void swiglu_backward(float* d_gate_up, const float* d_out, const float* gate_up, size_t n, size_t f,
                     float limit);

// Softmax cross-entropy of each row, loss[i] = -log p[target], unweighted, and in place of the
// logits [n, v] their derivative of sum(weight * loss). Returns sum(weight * loss). A loss is
// written negated where another token was more probable than the target. Requires each target < v.
double cross_entropy(float* logits_to_derivative, float* loss, const int32_t* target,
                     const float* weight, size_t n, size_t v);

}  // namespace stride::train
