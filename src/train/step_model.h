// SPDX-License-Identifier: Apache-2.0
// One replica of the model for training: the trunk and its chained MTP heads on libtorch's graph,
// over weights that lie in a shared flat array and gradients in an array of its own. Formulas:
// architecture sections 4 to 7. The runtime has its own implementation; a test holds them equal.
//
// A replica belongs to one thread at a time; several may read the same weights at once. This
// header keeps libtorch out of sight: including it costs nothing.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "train/data_source.h"
#include "train/moe.h"
#include "train/parameters.h"

namespace stride::train {

inline constexpr uint32_t kMaxHeads = 4;  // the trunk's and three MTP heads

// What to minimise: sum over heads of head_weight[h] * sum(weight * loss) / normaliser.
struct Objective {
  uint32_t n_mtp = 0;                                     // MTP heads that take part
  std::array<double, kMaxHeads> head_weight{1, 0, 0, 0};  // [0] is the trunk's
  bool freeze_trunk = false;                              // only MTP heads learn
  double normaliser = 1;                                  // weights of the tokens of the whole step
};

// Sums over tokens, weights in units of full weight.
struct HeadLoss {
  double loss = 0;
  double weight = 0;
  double correct = 0;  // weight of tokens whose target was the most probable
};

struct Losses {
  std::array<HeadLoss, kMaxHeads> heads;
  std::vector<HeadLoss> skills;            // trunk loss by Batch::skills
  std::vector<RoutingStatistics> routing;  // [n_moe_layer]
  float largest_hidden = 0;                // |residual stream| after the last trunk layer
  float largest_activation = 0;            // of any feed-forward, before its down projection

  void add(const Losses& other);
};

struct AllLogits {
  std::vector<float> trunk;               // [n, n_vocab]
  std::vector<std::vector<float>> heads;  // head k: [n - 1 - k, n_vocab]
};

class StepModel {
 public:
  // The spans have ParameterTable(config).size() floats and must outlive the replica. Positions
  // run from 0 to n_position - 1.
  StepModel(const model::Config& config, std::span<float> weights, std::span<float> gradients,
            uint32_t n_position);
  ~StepModel();
  StepModel(StepModel&&) noexcept;

  // Adds the gradient of the objective over rows [first, first + n) of the batch, which must have
  // passed check_batch.
  Losses accumulate(const Batch& batch, uint32_t first, uint32_t n, const Objective& objective);

  // Logits of one document from its beginning, without gradients.
  AllLogits logits(std::span<const uint16_t> ids);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace stride::train
