// SPDX-License-Identifier: Apache-2.0
#include "train/trainer.h"

#include <malloc.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <thread>

#include "base/check.h"
#include "json/json.h"
#include "train/checkpoint.h"
#include "train/read_weights.h"

namespace stride::train {
namespace {

constexpr double kLossMemory = 0.98;  // of the moving average
constexpr std::string_view kAdvice =
    "the weights are still those of the step before; continue from the last checkpoint with a "
    "lower learning_rate, more warmup_steps or a smaller clip";

// Activations of some megabytes come and go at every operation. Without these settings each would
// be mapped from and returned to the system, which costs more than the operation.
void keep_freed_memory() {
  mallopt(M_ARENA_MAX, 1);
  mallopt(M_MMAP_THRESHOLD, 32 << 20);
  mallopt(M_TRIM_THRESHOLD, INT32_MAX);
  mallopt(M_TOP_PAD, 64 << 20);
}

double total_weight(const Batch& batch) {
  double sum = 0;
  for (size_t i = 0; i < batch.weights.size(); ++i) {
    const bool predicted = batch.starts[i] != i % batch.length;
    if (predicted) sum += static_cast<double>(batch.weights[i]) / kFullWeight;
  }
  return sum;
}

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

double StepReport::loss(size_t head) const {
  const HeadLoss& sums = losses.heads[head];
  return sums.weight > 0 ? sums.loss / sums.weight : 0;
}

double StepReport::accuracy(size_t head) const {
  const HeadLoss& sums = losses.heads[head];
  return sums.weight > 0 ? sums.correct / sums.weight : 0;
}

RoutingHealth routing_health(const Losses& losses) {
  RoutingHealth health{.entropy = 1};
  uint64_t n_token = 0;
  for (const RoutingStatistics& layer : losses.routing) {
    double total = 0, entropy = 0, most = 0;
    for (const uint64_t load : layer.load) total += static_cast<double>(load);
    if (total == 0) continue;
    for (const uint64_t load : layer.load) {
      const double share = static_cast<double>(load) / total;
      if (load == 0) ++health.n_dead;
      if (load > 0) entropy -= share * std::log(share);
      most = std::max(most, share);
    }
    const auto n = static_cast<double>(layer.load.size());
    if (n > 1) health.entropy = std::min(health.entropy, entropy / std::log(n));
    health.violation = std::max(health.violation, most * n - 1);
    health.confidence += layer.confidence;
    n_token += layer.n_token;
  }
  if (n_token > 0) health.confidence /= static_cast<double>(n_token);
  return health;
}

Result<std::unique_ptr<Trainer>> Trainer::create(const TrainConfig& config, DataSource& source) {
  if (source.n_vocab() != config.model.n_vocab)
    return fail(Errc::invalid_argument, "the data has a vocabulary of {}, the model one of {}",
                source.n_vocab(), config.model.n_vocab);
  return std::unique_ptr<Trainer>(new Trainer(config, source));
}

Trainer::Trainer(const TrainConfig& config, DataSource& source)
    : config_(config),
      source_(source),
      table_(config.model),
      weights_(table_.size()),
      gradients_(config.n_worker, std::vector<float>(table_.size())),
      optimizer_(table_, config.optimizer) {
  keep_freed_memory();
  Random random(config.seed);
  table_.initialise(weights_, random);
  for (std::vector<float>& own : gradients_)
    replicas_.emplace_back(config.model, weights_, own, config.longest());
}

Losses Trainer::gradients_of(const Batch& batch, const Objective& objective) {
  const uint32_t rows = std::max(1U, config_.micro_tokens / batch.length);
  const auto n_worker = static_cast<uint32_t>(replicas_.size());
  std::vector<Losses> sums(n_worker);
  const auto work = [&](uint32_t worker) {
    std::ranges::fill(gradients_[worker], 0.0F);
    for (uint32_t first = worker * rows; first < batch.n_row; first += n_worker * rows)
      sums[worker].add(replicas_[worker].accumulate(
          batch, first, std::min(rows, batch.n_row - first), objective));
  };
  {
    std::vector<std::jthread> others;
    for (uint32_t worker = 1; worker < n_worker; ++worker) others.emplace_back(work, worker);
    work(0);
  }
  for (uint32_t worker = 1; worker < n_worker; ++worker) sums[0].add(sums[worker]);
  return sums[0];
}

void Trainer::sum_gradients() {
  for (size_t worker = 1; worker < gradients_.size(); ++worker)
    for (size_t i = 0; i < gradients_[0].size(); ++i) gradients_[0][i] += gradients_[worker][i];
}

Result<StepReport> Trainer::step() {
  const auto start = std::chrono::steady_clock::now();
  const auto [index, within_stage] = config_.locate(step_);
  const Stage& stage = config_.stages[index];
  if (within_stage == 0) enter_stage(stage);
  const Batch batch = STRIDE_TRY(source_.next_batch(stage.n_row, stage.length));
  STRIDE_TRY_AT(source_.cursor(), check_batch(batch, config_.model.n_vocab));

  Objective objective;
  objective.n_mtp = static_cast<uint32_t>(stage.mtp_weights.size());
  std::ranges::copy(stage.mtp_weights, objective.head_weight.begin() + 1);
  objective.freeze_trunk = stage.freeze_trunk;
  objective.normaliser = std::max(1.0, total_weight(batch));

  StepReport report;
  report.losses = gradients_of(batch, objective);
  sum_gradients();
  const Learners learners{.trunk = !stage.freeze_trunk, .n_mtp = objective.n_mtp};
  report.step = step_ + 1;
  report.tokens = tokens_ + stage.tokens_per_step();
  report.stage = index;
  report.learning_rate = stage.learning_rate(within_stage);
  report.gradient_norm = gradient_norm(table_, gradients_[0], learners);
  STRIDE_TRY(check_health(report));

  const double shrink = config_.clip / std::max(config_.clip, report.gradient_norm);
  for (float& g : gradients_[0]) g *= static_cast<float>(shrink);
  optimizer_.step(weights_, gradients_[0], report.learning_rate, learners, config_.n_worker);
  if (stage.balance_rate > 0 && !stage.freeze_trunk) balance(report.losses, stage.balance_rate);

  step_ = report.step;
  tokens_ = report.tokens;
  report.seconds = seconds_since(start);
  seconds_ += report.seconds;
  report.total_seconds = seconds_;
  return report;
}

// Before the weights change: a step that went wrong leaves no trace.
Result<> Trainer::check_health(const StepReport& report) {
  for (size_t head = 0; head < kMaxHeads; ++head)
    if (!std::isfinite(report.loss(head)))
      return fail(Errc::internal, "the loss of {} at step {} is not a number; {}",
                  head == 0 ? "the trunk" : fmt::format("MTP head {}", head), report.step, kAdvice);
  if (!std::isfinite(report.gradient_norm))
    return fail(Errc::internal, "the gradient at step {} is not a number; {}", report.step,
                kAdvice);
  const double loss = report.loss();
  if (step_ > 0 && loss > 2 * usual_loss_ + 1)
    return fail(Errc::internal, "the loss jumped from {:.3f} to {:.3f} at step {}; {}", usual_loss_,
                loss, report.step, kAdvice);
  usual_loss_ = step_ == 0 ? loss : kLossMemory * usual_loss_ + (1 - kLossMemory) * loss;
  return {};
}

void Trainer::enter_stage(const Stage& stage) {
  if (!stage.clone_heads) return;
  for (uint32_t head = 1; head < config_.model.n_mtp; ++head) {
    table_.copy_head(weights_, 0, head);
    optimizer_.copy_head(0, head);
  }
}

void Trainer::balance(const Losses& losses, double rate) {
  size_t layer = 0;
  for (const Parameter& entry : table_.entries()) {
    if (entry.rule != Rule::balance) continue;
    const std::vector<uint64_t>& load = losses.routing[layer++].load;
    double mean = 0;
    for (const uint64_t n : load) mean += static_cast<double>(n) / static_cast<double>(load.size());
    for (size_t e = 0; e < load.size(); ++e) {
      const double gap = mean - static_cast<double>(load[e]);
      weights_[entry.offset + e] += static_cast<float>(gap > 0 ? rate : gap < 0 ? -rate : 0);
    }
  }
}

Result<> Trainer::start_from(const format::TensorCatalog& catalog, float share) {
  STRIDE_CHECK(step_ == 0);
  std::vector<float> others(weights_.begin(), weights_.end());
  STRIDE_TRY(read_weights(catalog, table_, others));
  for (size_t i = 0; i < others.size(); ++i) weights_[i] += share * (others[i] - weights_[i]);
  return {};
}

Result<> Trainer::save(const std::filesystem::path& path) const {
  const Json header = {{"step", step_},
                       {"tokens", tokens_},
                       {"seconds", seconds_},
                       {"usual_loss", usual_loss_},
                       {"optimizer_steps", optimizer_.n_step()},
                       {"cursor", source_.cursor()},
                       {"n_vocab", config_.model.n_vocab},
                       {"config", config_.text}};
  const std::array<std::span<const float>, 3> arrays{weights_, optimizer_.first(),
                                                     optimizer_.second()};
  return write_checkpoint(path, json::dump(header), arrays);
}

namespace {

struct Progress {
  uint64_t step = 0, tokens = 0, optimizer_steps = 0;
  uint32_t n_vocab = 0;
  double seconds = 0, usual_loss = 0;
  std::string cursor, config;
};

Result<Progress> read_progress(const Json& header) {
  const auto integer = [&](std::string_view key) -> Result<uint64_t> {
    const Json* found = json::member(header, key);
    const auto value = found == nullptr ? std::nullopt : json::as_int64(*found);
    if (!value || *value < 0) return fail(Errc::format, "its header has no {}", key);
    return static_cast<uint64_t>(*value);
  };
  const auto real = [&](std::string_view key) {
    const Json* found = json::member(header, key);
    return found == nullptr ? 0.0 : json::as_double(*found).value_or(0);
  };
  Progress progress;
  progress.step = STRIDE_TRY(integer("step"));
  progress.tokens = STRIDE_TRY(integer("tokens"));
  progress.optimizer_steps = STRIDE_TRY(integer("optimizer_steps"));
  progress.n_vocab = static_cast<uint32_t>(STRIDE_TRY(integer("n_vocab")));
  progress.seconds = real("seconds");
  progress.usual_loss = real("usual_loss");
  const std::string* cursor = json::string_member(header, "cursor");
  const std::string* config = json::string_member(header, "config");
  if (cursor == nullptr || config == nullptr)
    return fail(Errc::format, "its header has no cursor or no config");
  progress.cursor = *cursor;
  progress.config = *config;
  return progress;
}

}  // namespace

Result<> Trainer::load(const std::filesystem::path& path) {
  const Checkpoint checkpoint = STRIDE_TRY(read_checkpoint(path));
  const Progress progress = STRIDE_TRY_AT(
      path.string(), read_progress(STRIDE_TRY_AT(path.string(), json::parse(checkpoint.header))));
  const std::array<std::span<float>, 3> arrays{weights_, optimizer_.first(), optimizer_.second()};
  if (checkpoint.arrays.size() != arrays.size())
    return fail(Errc::format, "{}: {} arrays, not 3", path.string(), checkpoint.arrays.size());
  for (size_t a = 0; a < arrays.size(); ++a)
    if (checkpoint.arrays[a].size() != arrays[a].size())
      return fail(Errc::invalid_argument, "{} is of another model: {} values where this one has {}",
                  path.string(), checkpoint.arrays[a].size(), arrays[a].size());
  STRIDE_TRY_AT(path.string(), source_.seek(progress.cursor));
  for (size_t a = 0; a < arrays.size(); ++a)
    std::ranges::copy(checkpoint.arrays[a], arrays[a].begin());
  step_ = progress.step;
  tokens_ = progress.tokens;
  seconds_ = progress.seconds;
  usual_loss_ = progress.usual_loss;
  optimizer_.set_n_step(progress.optimizer_steps);
  return {};
}

Result<TrainedModel> read_trained_model(const std::filesystem::path& checkpoint) {
  Checkpoint file = STRIDE_TRY(read_checkpoint(checkpoint));
  const Progress progress =
      STRIDE_TRY_AT(checkpoint.string(),
                    read_progress(STRIDE_TRY_AT(checkpoint.string(), json::parse(file.header))));
  TrainedModel trained;
  trained.config =
      STRIDE_TRY_AT(checkpoint.string(), parse_train_config(progress.config, progress.n_vocab));
  trained.step = progress.step;
  if (file.arrays.empty() || file.arrays[0].size() != ParameterTable(trained.config.model).size())
    return fail(Errc::format, "{}: its weights do not fit its configuration", checkpoint.string());
  trained.weights = std::move(file.arrays[0]);
  return trained;
}

}  // namespace stride::train
