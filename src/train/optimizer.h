// SPDX-License-Identifier: Apache-2.0
// One update of the weights: Muon for matrices, AdamW for embeddings, heads, routers and norms.
//
// Muon keeps a momentum m of each matrix and moves along the orthogonal factor of it:
//   m = mu m + g;  u = g + mu m;  w = (1 - lr decay) w - lr 0.2 sqrt(max(rows, columns)) ortho(u)
// where ortho(U S V') = U V'. The factor 0.2 sqrt(.) gives an update of the size AdamW makes, so
// that both share one learning rate. Each of attn_q, attn_k, attn_v, attn_gate, ffn_gate, ffn_up
// and each expert is a matrix of its own.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "train/parameters.h"

namespace stride::train {

struct OptimizerOptions {
  double momentum = 0.95;  // of Muon
  double adam_beta1 = 0.9;
  double adam_beta2 = 0.95;
  double adam_epsilon = 1e-8;
  double decay = 0.1;  // of all but norms and biases
};

// Which part of the model learns.
struct Learners {
  bool trunk = true;
  uint32_t n_mtp = 0;  // heads 0 .. n_mtp - 1

  bool contains(const Parameter& parameter) const {
    if (parameter.rule == Rule::balance) return false;
    return parameter.mtp_head < 0 ? trunk : parameter.mtp_head < static_cast<int32_t>(n_mtp);
  }
};

class Optimizer {
 public:
  // The table must outlive the optimiser.
  Optimizer(const ParameterTable& table, const OptimizerOptions& options);

  // The result does not depend on n_thread.
  void step(std::span<float> weights, std::span<const float> gradients, double learning_rate,
            const Learners& learners, uint32_t n_thread);

  // The state of one head's weights becomes that of another.
  void copy_head(uint32_t from, uint32_t to);

  // All that continues a run: to be stored and read back in place.
  std::span<float> first() { return first_; }    // momentum, or mean of gradients
  std::span<float> second() { return second_; }  // mean of squares, AdamW's parameters only
  std::span<const float> first() const { return first_; }
  std::span<const float> second() const { return second_; }
  uint64_t n_step() const { return n_step_; }
  void set_n_step(uint64_t n) { n_step_ = n; }

 private:
  struct Job;  // one matrix, or one parameter under AdamW
  void update(const Job& job, std::span<float> weights, std::span<const float> gradients,
              double learning_rate, std::vector<float>& scratch);

  const ParameterTable& table_;
  OptimizerOptions options_;
  std::vector<float> first_, second_;
  std::vector<size_t> second_at_;  // of each entry of the table
  uint64_t n_step_ = 0;
};

// x [n_row, n_column] becomes the orthogonal factor of its polar decomposition, nearly: singular
// values above a thousandth of the Frobenius norm come out within 2 % of one. Six steps of the
// Polar Express iteration. `scratch` is resized.
void orthogonalise(float* x, size_t n_row, size_t n_column, std::vector<float>& scratch);

// One step of AdamW on n values; `t` counts steps from 1.
void adam_update(float* w, float* first, float* second, const float* gradient, size_t n, uint64_t t,
                 double learning_rate, double decay, const OptimizerOptions& options);

// The Euclidean norm of what learns. NaN or infinite where any gradient is.
double gradient_norm(const ParameterTable& table, std::span<const float> gradients,
                     const Learners& learners);

}  // namespace stride::train
