// SPDX-License-Identifier: Apache-2.0
// How far the distributions of one model lie from those of another, the base, on the same rows:
// the Kullback-Leibler divergence sum_i p_i log(p_i / q_i) of each row, p the base's softmax and q
// the other's. It is 0 where both agree, and in nats. Sums are in double precision.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace stride::engine {

struct Divergence {
  uint64_t n_row = 0;
  double mean = 0;
  double error = 0;  // standard error of the mean
  double p99 = 0;    // 99 % of the rows are at most this
  double largest = 0;
  double same_best = 0;  // share of the rows where both prefer the same token
};

// log sum_i exp(logits_i).
double log_sum_exp(std::span<const float> logits);

// Of one row; both have the same length, at least 1.
double kl_divergence(std::span<const float> base, std::span<const float> logits);

// Keeps a number for each row.
class DivergenceMeter {
 public:
  void add(std::span<const float> base, std::span<const float> logits);
  Divergence result() const;

 private:
  std::vector<double> rows_;
  uint64_t n_same_ = 0;
};

}  // namespace stride::engine
