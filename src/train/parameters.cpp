// SPDX-License-Identifier: Apache-2.0
// Initial deviations: 1 / sqrt(inputs) for matrices, divided by sqrt(2 * layers) for those that
// write into the residual stream, so that its size does not grow with depth.
#include "train/parameters.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "base/check.h"

namespace stride::train {
namespace {

constexpr double kEmbeddingDeviation = 0.3;
constexpr double kHeadDeviation = 0.02;
constexpr double kRouterDeviation = 0.02;

double fan_in(size_t n) {
  return 1 / std::sqrt(static_cast<double>(n));
}

}  // namespace

ParameterTable::ParameterTable(const model::Config& config) {
  add_matrix("token_embd.weight", config.n_vocab, config.n_embd, Rule::adam, kEmbeddingDeviation);
  for (uint32_t layer = 0; layer < config.n_layer; ++layer) {
    add_attention(config, layer);
    add_feed_forward(config, layer);
  }
  add_matrix("output_norm.weight", 1, config.n_embd, Rule::norm, 0);
  add_matrix("output.weight", config.n_vocab, config.n_embd, Rule::adam, kHeadDeviation);
  for (uint32_t head = 0; head < config.n_mtp; ++head) add_mtp(config, head);
}

const Parameter* ParameterTable::find(std::string_view name) const {
  for (const Parameter& entry : entries_)
    if (entry.name == name) return &entry;
  return nullptr;
}

size_t ParameterTable::at(std::string_view name) const {
  const Parameter* entry = find(name);
  STRIDE_CHECK(entry != nullptr);
  return entry->offset;
}

void ParameterTable::initialise(std::span<float> values, Random& random) const {
  for (const Parameter& entry : entries_)
    for (size_t m = 0; m < entry.n_matrix; ++m)
      for (size_t i = 0; i < entry.n_row * entry.n_column; ++i)
        values[entry.offset + m * entry.stride + i] =
            entry.deviation == 0 ? 0 : static_cast<float>(entry.deviation * random.normal());
}

void ParameterTable::copy_head(std::span<float> values, uint32_t from, uint32_t to) const {
  std::vector<const Parameter*> source, target;
  for (const Parameter& entry : entries_) {
    if (entry.mtp_head == static_cast<int32_t>(from)) source.push_back(&entry);
    if (entry.mtp_head == static_cast<int32_t>(to)) target.push_back(&entry);
  }
  STRIDE_CHECK(source.size() == target.size());
  for (size_t i = 0; i < source.size(); ++i)
    std::copy_n(values.begin() + static_cast<ptrdiff_t>(source[i]->offset), source[i]->size(),
                values.begin() + static_cast<ptrdiff_t>(target[i]->offset));
}

void ParameterTable::add(Parameter parameter) {
  parameter.mtp_head = head_;
  if (parameter.stride == 0) parameter.stride = parameter.n_row * parameter.n_column;
  entries_.push_back(std::move(parameter));
}

void ParameterTable::add_matrix(std::string name, size_t n_row, size_t n_column, Rule rule,
                                double deviation) {
  add({.name = std::move(name),
       .offset = size_,
       .n_row = n_row,
       .n_column = n_column,
       .rule = rule,
       .deviation = deviation});
  size_ += n_row * n_column;
}

void ParameterTable::add_attention(const model::Config& config, uint32_t layer) {
  const std::string prefix = fmt::format("blk.{}.", layer);
  const model::LayerConfig& shape = config.layers[layer];
  const size_t d = config.n_embd, q = size_t{shape.n_head} * config.head_dim,
               kv = size_t{shape.n_head_kv} * config.head_dim;
  const double in = fan_in(d), out = fan_in(q) / std::sqrt(2.0 * config.n_layer);
  add_matrix(prefix + "attn_norm.weight", 1, d, Rule::norm, 0);
  add_matrix(prefix + "attn_q.weight", q, d, Rule::muon, in);
  add_matrix(prefix + "attn_k.weight", kv, d, Rule::muon, in);
  add_matrix(prefix + "attn_v.weight", kv, d, Rule::muon, in);
  add_matrix(prefix + "attn_gate.weight", shape.n_head, d, Rule::muon, kRouterDeviation);
  add_matrix(prefix + "attn_q_norm.weight", 1, config.head_dim, Rule::norm, 0);
  add_matrix(prefix + "attn_k_norm.weight", 1, config.head_dim, Rule::norm, 0);
  add_matrix(prefix + "attn_output.weight", d, q, Rule::muon, out);
  add_matrix(prefix + "ffn_norm.weight", 1, d, Rule::norm, 0);
}

void ParameterTable::add_feed_forward(const model::Config& config, uint32_t layer) {
  const std::string prefix = fmt::format("blk.{}.", layer);
  const size_t d = config.n_embd;
  const double out_scale = 1 / std::sqrt(2.0 * config.n_layer);
  if (!config.layers[layer].moe) {
    add_matrix(prefix + "ffn_gate.weight", config.n_ff, d, Rule::muon, fan_in(d));
    add_matrix(prefix + "ffn_up.weight", config.n_ff, d, Rule::muon, fan_in(d));
    add_matrix(prefix + "ffn_down.weight", d, config.n_ff, Rule::muon,
               fan_in(config.n_ff) * out_scale);
    return;
  }
  add_matrix(prefix + "ffn_gate_inp.weight", config.n_expert, d, Rule::adam, kRouterDeviation);
  add_matrix(prefix + "exp_probs_b.bias", 1, config.n_expert, Rule::balance, 0);
  add_experts(prefix, config, out_scale);
  add_matrix(prefix + "ffn_gate_shexp.weight", config.n_ff_shared, d, Rule::muon, fan_in(d));
  add_matrix(prefix + "ffn_up_shexp.weight", config.n_ff_shared, d, Rule::muon, fan_in(d));
  add_matrix(prefix + "ffn_down_shexp.weight", d, config.n_ff_shared, Rule::muon,
             fan_in(config.n_ff_shared) * out_scale);
}

void ParameterTable::add_experts(const std::string& prefix, const model::Config& config,
                                 double out_scale) {
  const size_t d = config.n_embd, f = config.n_ff_expert, n = config.n_expert;
  const Parameter gate{.name = prefix + "ffn_gate_exps.weight",
                       .offset = size_,
                       .n_matrix = n,
                       .stride = 2 * f * d,
                       .n_row = f,
                       .n_column = d,
                       .deviation = fan_in(d)};
  Parameter up = gate, down = gate;
  up.name = prefix + "ffn_up_exps.weight";
  up.offset += f * d;
  down.name = prefix + "ffn_down_exps.weight";
  down.offset += n * 2 * f * d;
  down.stride = d * f;
  down.n_row = d;
  down.n_column = f;
  down.deviation = fan_in(f) * out_scale;
  for (const Parameter& parameter : {gate, up, down}) add(parameter);
  size_ += n * 3 * f * d;
}

void ParameterTable::add_mtp(const model::Config& config, uint32_t head) {
  head_ = static_cast<int32_t>(head);
  const uint32_t layer = config.n_layer + head;
  const std::string prefix = fmt::format("blk.{}.nextn.", layer);
  const size_t d = config.n_embd;
  add_matrix(prefix + "enorm.weight", 1, d, Rule::norm, 0);
  add_matrix(prefix + "hnorm.weight", 1, d, Rule::norm, 0);
  add_matrix(prefix + "eh_proj.weight", d, 2 * d, Rule::muon, fan_in(2 * d));
  add_attention(config, layer);
  add_feed_forward(config, layer);
  add_matrix(prefix + "shared_head_norm.weight", 1, d, Rule::norm, 0);
  add_matrix(prefix + "shared_head_head.weight", config.n_vocab, d, Rule::adam, kHeadDeviation);
}

}  // namespace stride::train
