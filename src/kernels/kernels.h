// SPDX-License-Identifier: Apache-2.0
// The arithmetic of the model: one table of functions per instruction set, all with one contract.
//
//   const Kernels& k = best_kernels();
//   k.quantize_row(x8, x, n);                                       // once per activation row
//   k.matmul_q8(out, n_out, {Type::q4_k, bytes, row_bytes, n}, 0, n_out, x8, x8_stride, 1);
//
// Results of a row or a (weight row, activation row) pair never depend on how many others a call
// works on, on where they stand in it, or on the thread: verifying four rows at once gives the bits
// of decoding them one by one. Matrix products and quantised rows are moreover the same bits for
// every table, by the order of operations fixed below. Attention and elementwise functions agree
// between tables to a few units in the last place.
//
// Products of quantised weights. Activations are int8 in blocks of 32 with a scale x_d. Weights of
// every type are, in the same blocks of 32 (b), integers q times integer scales `s` of 16 or 32
// values times a float d, less integer minima `m` of 16 or 32 values times a float d_min:
//   S_b = sum s q x,  M_b = sum m x   exact integers below 2^24
//   F_b = fma(-d_min, M_b, d * S_b)   (F_b = d * S_b for types without minima)
//   acc = fma(F_b, x_d, acc)          from +0, blocks in ascending order; acc is the result
// Products of float weights (F32, F16, BF16): 16 lanes, lane j sums elements j, j + 16, ... by fma,
// the row extended by zeros; lanes are folded 16 to 8 to 4 to 2 to 1, lane i taking lane i + half.
//
// Pointers must not overlap unless said. Shapes in brackets. Functions do not allocate and are safe
// to call from several threads on distinct outputs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "kernels/attention.h"
#include "kernels/q8_row.h"
#include "quant/row_groups.h"
#include "quant/type.h"

namespace stride::kernels {

// Rows of n_in values, row r at data + r * row_bytes as in a file; or in groups of sixteen (see
// quant/row_groups.h), group g at data + 16 g * row_bytes, and then row ranges begin and end at
// multiples of 16. Which of the two changes no result. The bytes may be anything: no pattern can
// fault. Reads stay inside the rows asked for.
struct Weights {
  quant::Type type = quant::Type::f32;
  const std::byte* data = nullptr;
  size_t row_bytes = 0;
  size_t n_in = 0;  // multiple of the type's block
  quant::Layout layout = quant::Layout::rows;
};

// Whether products with this type take int8 activations (matmul_q8), else float ones (matmul_f32).
static constexpr bool takes_q8(quant::Type type) {
  return type != quant::Type::f32 && type != quant::Type::f16 && type != quant::Type::bf16;
}

static constexpr bool has_minima(quant::Type type) {
  return type == quant::Type::q2_k || type == quant::Type::q4_k || type == quant::Type::q5_k;
}

struct Kernels {
  std::string_view name;  // "scalar", "avx2", "avx512vnni"
  bool prefers_groups;    // whether matmul_q8 is faster on weights in groups

  // Weight rows [row_begin, row_end) times n_col activation rows:
  //   out[c * out_stride + r] = sum_i w[r, i] x[c, i]
  // `out` is indexed by the absolute r. Activation row c lies x_stride bytes (matmul_q8: a multiple
  // of 64; matmul_f32: of 4) after row c - 1.
  void (*matmul_q8)(float* out, size_t out_stride, const Weights& w, size_t row_begin,
                    size_t row_end, const std::byte* x, size_t x_stride, size_t n_col);
  void (*matmul_f32)(float* out, size_t out_stride, const Weights& w, size_t row_begin,
                     size_t row_end, const std::byte* x, size_t x_stride, size_t n_col);

  // out: q8_row_bytes(n) bytes, 64-byte aligned. Requires n % 32 == 0. Per block of 32:
  // d = max|x| / 127, q = x * (127 / max|x|) rounded half to even. A block whose values are all
  // below 2^-119 becomes zeros; one that holds a NaN or infinity gets d = NaN, so that the damage
  // shows in every product. All tables write the same bytes.
  void (*quantize_row)(std::byte* out, const float* x, size_t n);

  // Attention of query rows over one key-value head: see attention.h.
  void (*attend)(const AttentionQueries& queries, const KvView& kv, size_t begin, size_t end,
                 AttentionState* states);
  void (*attention_merge)(AttentionState into, AttentionState from, size_t head_dim);
  void (*attention_finish)(float* out, AttentionState state, size_t head_dim);

  // Rows of the key-value cache. Int8: scale = max|x| / 127, as for quantize_row.
  void (*store_f16)(uint16_t* out, const float* x, size_t n);
  void (*store_int8)(int8_t* out, float* scale, const float* x, size_t n);

  // out = x * w / sqrt(mean(x^2) + eps). out may be x.
  void (*rms_norm)(float* out, const float* x, const float* w, size_t n, float eps);
  // Rotates pairs (i, i + n_rot / 2) of the first n_rot values of each head in place.
  // x [n_head, head_dim], cos and sin [n_rot / 2].
  void (*rope)(float* x, size_t n_head, size_t head_dim, size_t n_rot, const float* cos,
               const float* sin);
  // out = min(silu(gate), limit) * clamp(up, -limit, limit); limit 0 means none. out may be gate or
  // up.
  void (*swiglu)(float* out, const float* gate, const float* up, size_t n, float limit);
  void (*add)(float* out, const float* x, size_t n);                  // out += x
  void (*add_scaled)(float* out, const float* x, float s, size_t n);  // out = fma(s, x, out)
  void (*scale)(float* x, float s, size_t n);                         // x *= s
  void (*sigmoid)(float* x, size_t n);                                // x = 1 / (1 + exp(-x))
  // x = exp((x - max) * inverse_temperature); returns the sum. Never above 1 if max is the maximum.
  float (*exp_sum)(float* x, size_t n, float max, float inverse_temperature);
  float (*max)(const float* x, size_t n);                  // -infinity for n == 0; NaN is ignored
  float (*dot)(const float* a, const float* b, size_t n);  // the lanes of float products
};

// The fastest table this processor can run, or the one the environment variable STRIDE_ISA names if
// it can run that. Decided at the first call.
const Kernels& best_kernels();

// Null if there is no such table or this processor cannot run it.
const Kernels* kernels_by_name(std::string_view name);

// Every table this processor can run, slowest first.
std::vector<const Kernels*> available_kernels();

}  // namespace stride::kernels
