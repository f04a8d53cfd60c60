// SPDX-License-Identifier: Apache-2.0
// A training run step by step: batch, gradients of the workers, clipping, optimiser, balancing of
// the experts. All state that matters is in save(); after load() the run goes on bit for bit as if
// it had never stopped, whatever had been computed since.
//
// Workers are threads: each has a replica of the model over the same weights, gradients of its own,
// and a fixed share of a step's micro-batches; gradients are summed in the workers' order.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "format/tensor_catalog.h"
#include "train/data_source.h"
#include "train/step_model.h"
#include "train/train_config.h"

namespace stride::train {

struct StepReport {
  uint64_t step = 0;  // steps done, this one included
  uint64_t tokens = 0;
  size_t stage = 0;
  double learning_rate = 0;
  double gradient_norm = 0;  // before clipping
  double seconds = 0;        // of this step
  double total_seconds = 0;  // of all steps, over all runs
  Losses losses;

  double loss(size_t head = 0) const;
  double accuracy(size_t head = 0) const;
};

// How routing went, over all layers.
struct RoutingHealth {
  double entropy = 0;     // of the loads over log(n_expert), the worst layer's; 1 is even
  double violation = 0;   // largest load over the mean, minus 1, the worst layer's
  uint32_t n_dead = 0;    // experts that no token chose
  double confidence = 0;  // share of the scores that the chosen experts hold, mean
};
RoutingHealth routing_health(const Losses& losses);

class Trainer {
 public:
  // The source must outlive the trainer. Fails where the two do not fit together.
  static Result<std::unique_ptr<Trainer>> create(const TrainConfig& config, DataSource& source);

  // Fails (internal) where the loss or the gradient is no number or explodes: the weights are then
  // those before the step, and the message says what to try. Data errors are passed on.
  Result<StepReport> step();

  bool done() const { return step_ >= config_.n_step(); }
  uint64_t n_done() const { return step_; }
  const TrainConfig& config() const { return config_; }
  std::span<const float> weights() const { return weights_; }
  const ParameterTable& table() const { return table_; }

  // Takes the weights of a model file in place of those there are, random or of another file, or
  // so large a share of them. Before the first step.
  Result<> start_from(const format::TensorCatalog& catalog, float share = 1);

  Result<> save(const std::filesystem::path& path) const;
  // Takes over a checkpoint of a run with the same model. Its learning-rate plan is this config's.
  Result<> load(const std::filesystem::path& path);

 private:
  Trainer(const TrainConfig& config, DataSource& source);

  Losses gradients_of(const Batch& batch, const Objective& objective);
  void sum_gradients();
  Result<> check_health(const StepReport& report);
  void balance(const Losses& losses, double rate);
  void enter_stage(const Stage& stage);

  TrainConfig config_;
  DataSource& source_;
  ParameterTable table_;
  std::vector<float> weights_;
  std::vector<std::vector<float>> gradients_;  // [n_worker][table.size()]
  std::vector<StepModel> replicas_;            // [n_worker]
  Optimizer optimizer_;
  uint64_t step_ = 0, tokens_ = 0;
  double seconds_ = 0;
  double usual_loss_ = 0;  // moving average, to see an explosion
};

// The model and weights in a checkpoint, without a data source.
struct TrainedModel {
  TrainConfig config;
  uint64_t step = 0;
  std::vector<float> weights;
};
Result<TrainedModel> read_trained_model(const std::filesystem::path& checkpoint);

}  // namespace stride::train
