// SPDX-License-Identifier: Apache-2.0
#include "train/step_model.h"

#include <fmt/core.h>

#include <cmath>
#include <map>
#include <optional>

#include "train/fused_ops.h"
#include "train/matrix.h"

namespace stride::train {
namespace {

using torch::Tensor;

struct FeedForward {
  float limit = 0;
  Weight gate_up;  // dense, or the shared expert
  Weight down;
  bool routed = false;
  Weight router, experts_gate_up, experts_down;
  const float* bias = nullptr;
  MoeShape moe;
  size_t moe_index = 0;
};

struct Layer {
  AttentionShape attention;
  const RotaryTable* rotary = nullptr;
  Weight attn_norm, projection, q_norm, k_norm, output, ffn_norm;
  FeedForward ffn;
};

struct Head {
  Weight enorm, hnorm, eh_proj, norm, output;
};

// The rows that a call works on, in the form that kernels read.
struct Rows {
  std::vector<int32_t> starts, positions;
  PackedText text;

  Rows(std::span<const uint32_t> row_starts, uint32_t n_row, uint32_t length)
      : starts(row_starts.begin(), row_starts.end()), positions(row_starts.size()) {
    for (size_t i = 0; i < positions.size(); ++i)
      positions[i] = static_cast<int32_t>(i % length) - starts[i];
    text = {n_row, length, starts.data(), positions.data()};
  }
};

float largest_of(const Tensor& x) {
  return x.abs().max().item<float>();
}

}  // namespace

void Losses::add(const Losses& other) {
  const auto add_head = [](HeadLoss& to, const HeadLoss& from) {
    to.loss += from.loss;
    to.weight += from.weight;
    to.correct += from.correct;
  };
  for (size_t h = 0; h < heads.size(); ++h) add_head(heads[h], other.heads[h]);
  skills.resize(std::max(skills.size(), other.skills.size()));
  for (size_t s = 0; s < other.skills.size(); ++s) add_head(skills[s], other.skills[s]);
  routing.resize(std::max(routing.size(), other.routing.size()));
  for (size_t l = 0; l < other.routing.size(); ++l) routing[l].add(other.routing[l]);
  largest_hidden = std::max(largest_hidden, other.largest_hidden);
  largest_activation = std::max(largest_activation, other.largest_activation);
}

struct StepModel::State {
  model::Config config;
  ParameterTable table;
  std::span<float> weights, gradients;
  std::map<std::pair<double, uint32_t>, RotaryTable> rotary;  // by theta and rotated dimensions
  Weight embedding, output_norm, output;
  std::vector<Layer> layers;
  std::vector<Head> heads;
  size_t n_moe = 0;

  State(const model::Config& shape, std::span<float> values, std::span<float> derivatives,
        uint32_t n_position)
      : config(shape), table(shape), weights(values), gradients(derivatives) {
    embedding = weight("token_embd.weight", config.n_vocab, config.n_embd);
    embedding.value.requires_grad_(true);
    output_norm = weight("output_norm.weight", 1, config.n_embd);
    output = weight("output.weight", config.n_vocab, config.n_embd);
    for (uint32_t l = 0; l < config.layers.size(); ++l) layers.push_back(layer(l, n_position));
    for (uint32_t h = 0; h < config.n_mtp; ++h) heads.push_back(head(h));
  }

  // A view of the flat arrays from the named parameter on.
  Weight weight(const std::string& name, size_t n_row, size_t n_column, size_t n_matrix = 1) {
    const size_t at = table.at(name);
    std::vector<int64_t> sizes{static_cast<int64_t>(n_row), static_cast<int64_t>(n_column)};
    if (n_matrix > 1) sizes.insert(sizes.begin(), static_cast<int64_t>(n_matrix));
    if (n_row == 1) sizes.erase(sizes.begin());
    return {torch::from_blob(weights.data() + at, sizes, torch::kFloat32), gradients.data() + at};
  }

  const RotaryTable& rotary_of(const model::LayerConfig& shape, uint32_t n_position) {
    const auto key = std::pair(shape.rope_theta * (shape.rope_scaled ? -1 : 1), shape.n_rot);
    auto found = rotary.find(key);
    if (found == rotary.end())
      found =
          rotary.emplace(key, make_rotary_table(model::rope_frequencies(config, shape), n_position))
              .first;
    return found->second;
  }

  Layer layer(uint32_t index, uint32_t n_position) {
    const model::LayerConfig& shape = config.layers[index];
    const std::string prefix = fmt::format("blk.{}.", index);
    const size_t d = config.n_embd;
    Layer layer;
    layer.attention = {shape.n_head, shape.n_head_kv, config.head_dim,
                       shape.attention == model::Attention::sliding ? config.window : 0,
                       config.rms_eps};
    layer.rotary = &rotary_of(shape, n_position);
    layer.attn_norm = weight(prefix + "attn_norm.weight", 1, d);
    layer.projection = weight(prefix + "attn_q.weight", layer.attention.row_width(), d);
    layer.q_norm = weight(prefix + "attn_q_norm.weight", 1, config.head_dim);
    layer.k_norm = weight(prefix + "attn_k_norm.weight", 1, config.head_dim);
    layer.output = weight(prefix + "attn_output.weight", d, layer.attention.q_width());
    layer.ffn_norm = weight(prefix + "ffn_norm.weight", 1, d);
    layer.ffn = feed_forward(shape, prefix);
    return layer;
  }

  FeedForward feed_forward(const model::LayerConfig& shape, const std::string& prefix) {
    const size_t d = config.n_embd, f = config.n_ff_expert;
    FeedForward ffn;
    ffn.limit = shape.clamp_shared;
    ffn.routed = shape.moe;
    if (!shape.moe) {
      ffn.gate_up = weight(prefix + "ffn_gate.weight", 2 * size_t{config.n_ff}, d);
      ffn.down = weight(prefix + "ffn_down.weight", d, config.n_ff);
      return ffn;
    }
    ffn.gate_up = weight(prefix + "ffn_gate_shexp.weight", 2 * size_t{config.n_ff_shared}, d);
    ffn.down = weight(prefix + "ffn_down_shexp.weight", d, config.n_ff_shared);
    ffn.router = weight(prefix + "ffn_gate_inp.weight", config.n_expert, d);
    ffn.bias = weights.data() + table.at(prefix + "exp_probs_b.bias");
    ffn.experts_gate_up = weight(prefix + "ffn_gate_exps.weight", 2 * f, d, config.n_expert);
    ffn.experts_down = weight(prefix + "ffn_down_exps.weight", d, f, config.n_expert);
    ffn.moe = {d, config.n_expert, config.n_expert_used, f, config.expert_scale, shape.clamp};
    ffn.moe_index = n_moe++;
    return ffn;
  }

  Head head(uint32_t index) {
    const std::string prefix = fmt::format("blk.{}.nextn.", config.n_layer + index);
    const size_t d = config.n_embd;
    return {weight(prefix + "enorm.weight", 1, d), weight(prefix + "hnorm.weight", 1, d),
            weight(prefix + "eh_proj.weight", d, 2 * d),
            weight(prefix + "shared_head_norm.weight", 1, d),
            weight(prefix + "shared_head_head.weight", config.n_vocab, d)};
  }

  Tensor run_feed_forward(const FeedForward& ffn, const Tensor& h, Losses& losses,
                          Tape& tape) const {
    const Tensor own = fused_linear(
        fused_swiglu(fused_linear(h, ffn.gate_up), ffn.limit, losses.largest_activation), ffn.down);
    if (!ffn.routed) return own;
    const Tensor routed =
        fused_experts(h, fused_linear(h, ffn.router), ffn.experts_gate_up, ffn.experts_down,
                      ffn.bias, ffn.moe, losses.routing[ffn.moe_index], tape);
    return own + routed;
  }

  // One layer over x = residual + delta (delta may be undefined). Returns the same two parts, not
  // yet added, so that the sum and the next norm are one pass.
  std::pair<Tensor, Tensor> run_layer(const Layer& layer, const Tensor& residual,
                                      const Tensor& delta, const PackedText& text, Losses& losses,
                                      Tape& tape) const {
    const float eps = config.rms_eps;
    SumAndNorm in = delta.defined()
                        ? fused_residual_norm(residual, delta, layer.attn_norm, eps)
                        : SumAndNorm{residual, fused_norm(residual, layer.attn_norm, eps)};
    const Tensor attended = fused_attention(fused_linear(in.norm, layer.projection), layer.q_norm,
                                            layer.k_norm, layer.attention, *layer.rotary, text);
    const SumAndNorm middle =
        fused_residual_norm(in.sum, fused_linear(attended, layer.output), layer.ffn_norm, eps);
    return {middle.sum, run_feed_forward(layer.ffn, middle.norm, losses, tape)};
  }

  // The residual stream after the last trunk layer, and its norm.
  SumAndNorm run_trunk(const Tensor& ids, const PackedText& text, Losses& losses,
                       Tape& tape) const {
    Tensor x = embed(embedding, ids), delta;
    for (uint32_t l = 0; l < config.n_layer; ++l)
      std::tie(x, delta) = run_layer(layers[l], x, delta, text, losses, tape);
    return fused_residual_norm(x, delta, output_norm, config.rms_eps);
  }

  // The output of MTP head k for incoming hidden rows and the tokens to join, before its norm.
  Tensor run_head(uint32_t k, const Tensor& hidden, const Tensor& ids, const PackedText& text,
                  Losses& losses, Tape& tape) const {
    const Head& head = heads[k];
    const float eps = config.rms_eps;
    const Tensor joined = torch::cat(
        {fused_norm(embed(embedding, ids), head.enorm, eps), fused_norm(hidden, head.hnorm, eps)},
        1);
    const auto [x, delta] =
        run_layer(layers[config.n_layer + k], fused_linear(joined, head.eh_proj), Tensor(), text,
                  losses, tape);
    return x + delta;
  }

  Losses empty_losses() const {
    Losses losses;
    losses.routing.resize(n_moe);
    for (RoutingStatistics& routing : losses.routing) routing.load.resize(config.n_expert);
    return losses;
  }
};

namespace {

// Targets `ahead` tokens after each place, with the weights of their loss: zero where that token
// lies in another document or another row.
struct Targets {
  std::vector<int32_t> ids;
  std::vector<float> weights;
  std::vector<float> loss;

  Targets(const Batch& batch, uint32_t first, uint32_t n, uint32_t ahead)
      : ids(size_t{n} * batch.length), weights(ids.size()), loss(ids.size()) {
    for (size_t i = 0; i < ids.size(); ++i) {
      const size_t from = size_t{first} * batch.length + i, to = from + ahead;
      if (i % batch.length + ahead >= batch.length || batch.starts[from] != batch.starts[to])
        continue;
      ids[i] = batch.tokens[to];
      weights[i] = static_cast<float>(batch.weights[to]) / kFullWeight;
    }
  }

  HeadLoss summary() const {
    HeadLoss sum;
    for (size_t i = 0; i < loss.size(); ++i) {
      const double w = static_cast<double>(weights[i]);
      sum.weight += w;
      sum.loss += w * static_cast<double>(std::abs(loss[i]));
      if (!std::signbit(loss[i])) sum.correct += w;
    }
    return sum;
  }
};

Tensor ids_ahead(const Batch& batch, uint32_t first, uint32_t n, uint32_t ahead) {
  const size_t count = size_t{n} * batch.length;
  Tensor ids = torch::empty({static_cast<int64_t>(count)}, torch::kInt64);
  for (size_t i = 0; i < count; ++i) {
    // Behind the end of a row any token will do: no row that counts sees it.
    const size_t column = std::min<size_t>(i % batch.length + ahead, batch.length - 1);
    ids.data_ptr<int64_t>()[i] =
        batch.tokens[(size_t{first} + i / batch.length) * batch.length + column];
  }
  return ids;
}

// Adds the loss of one head to the graph's roots.
Tensor head_loss(const Tensor& logits, Targets& targets, double scale) {
  std::vector<float> scaled(targets.weights);
  for (float& w : scaled) w = static_cast<float>(w * scale);
  return fused_cross_entropy(logits, targets.ids.data(), scaled.data(), targets.loss.data());
}

void add_skills(Losses& losses, const Batch& batch, uint32_t first, const Targets& targets) {
  if (batch.skills.empty()) return;
  for (size_t i = 0; i < targets.loss.size(); ++i) {
    if (targets.weights[i] <= 0) continue;
    const size_t skill = batch.skills[size_t{first} * batch.length + i + 1];
    if (losses.skills.size() <= skill) losses.skills.resize(skill + 1);
    const double w = static_cast<double>(targets.weights[i]);
    losses.skills[skill].weight += w;
    losses.skills[skill].loss += w * static_cast<double>(std::abs(targets.loss[i]));
    if (!std::signbit(targets.loss[i])) losses.skills[skill].correct += w;
  }
}

std::vector<float> to_vector(const Tensor& t) {
  return {t.data_ptr<float>(), t.data_ptr<float>() + t.numel()};
}

}  // namespace

StepModel::StepModel(const model::Config& config, std::span<float> weights,
                     std::span<float> gradients, uint32_t n_position)
    : state_(std::make_unique<State>(config, weights, gradients, n_position)) {
  use_one_thread_per_product();
}
StepModel::~StepModel() = default;
StepModel::StepModel(StepModel&&) noexcept = default;

Losses StepModel::accumulate(const Batch& batch, uint32_t first, uint32_t n,
                             const Objective& objective) {
  at::set_num_threads(1);
  const State& s = *state_;
  const size_t count = size_t{n} * batch.length;
  const Rows rows(std::span(batch.starts).subspan(size_t{first} * batch.length, count), n,
                  batch.length);
  Tape tape;
  Losses losses = s.empty_losses();
  std::vector<Tensor> roots;

  SumAndNorm trunk;
  {
    std::optional<torch::NoGradGuard> frozen;
    if (objective.freeze_trunk) frozen.emplace();
    trunk = s.run_trunk(ids_ahead(batch, first, n, 0), rows.text, losses, tape);
    Targets targets(batch, first, n, 1);
    roots.push_back(head_loss(fused_linear(trunk.norm, s.output), targets,
                              objective.head_weight[0] / objective.normaliser));
    losses.heads[0] = targets.summary();
    add_skills(losses, batch, first, targets);
    losses.largest_hidden = largest_of(trunk.sum.detach());
  }
  Tensor hidden = trunk.sum;
  if (objective.freeze_trunk) {
    roots.clear();
    hidden = hidden.detach().requires_grad_(true);
  }
  for (uint32_t k = 0; k < objective.n_mtp; ++k) {
    hidden = s.run_head(k, hidden, ids_ahead(batch, first, n, k + 1), rows.text, losses, tape);
    Targets targets(batch, first, n, k + 2);
    const Tensor logits =
        fused_linear(fused_norm(hidden, s.heads[k].norm, s.config.rms_eps), s.heads[k].output);
    roots.push_back(
        head_loss(logits, targets, objective.head_weight[k + 1] / objective.normaliser));
    losses.heads[k + 1] = targets.summary();
  }
  torch::autograd::backward(roots, std::vector<Tensor>(roots.size(), torch::tensor(1.0F)));
  return losses;
}

AllLogits StepModel::logits(std::span<const uint16_t> ids) {
  const torch::NoGradGuard no_gradients;
  const State& s = *state_;
  Batch batch;
  batch.n_row = 1;
  batch.length = static_cast<uint32_t>(ids.size());
  batch.tokens.assign(ids.begin(), ids.end());
  batch.starts.assign(ids.size(), 0);
  const Rows rows(batch.starts, 1, batch.length);
  Tape tape;
  Losses losses = s.empty_losses();
  const SumAndNorm trunk = s.run_trunk(ids_ahead(batch, 0, 1, 0), rows.text, losses, tape);
  AllLogits all;
  all.trunk = to_vector(fused_linear(trunk.norm, s.output));
  Tensor hidden = trunk.sum;
  for (uint32_t k = 0; k < s.config.n_mtp && k + 1 < ids.size(); ++k) {
    hidden = s.run_head(k, hidden, ids_ahead(batch, 0, 1, k + 1), rows.text, losses, tape);
    std::vector<float> logits = to_vector(
        fused_linear(fused_norm(hidden, s.heads[k].norm, s.config.rms_eps), s.heads[k].output));
    logits.resize((ids.size() - 1 - k) * s.config.n_vocab);
    all.heads.push_back(std::move(logits));
  }
  return all;
}

}  // namespace stride::train
