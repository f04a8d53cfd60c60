// SPDX-License-Identifier: Apache-2.0
#include "bench/work.h"

#include <algorithm>

#include "kernels/kernels.h"
#include "model/fast_sequence.h"

namespace stride::bench {
namespace {

uint64_t count_distinct(std::span<const int32_t> picks) {
  std::vector<int32_t> sorted(picks.begin(), picks.end());
  std::ranges::sort(sorted);
  return static_cast<uint64_t>(std::ranges::unique(sorted).begin() - sorted.begin());
}

}  // namespace

Work& Work::operator+=(const Work& other) {
  weight_bytes += other.weight_bytes;
  kv_bytes += other.kv_bytes;
  int8_ops += other.int8_ops;
  float_ops += other.float_ops;
  return *this;
}

// One matrix of a stack of n_stack.
Result<WorkCounter::Part> WorkCounter::part(const format::TensorCatalog& catalog,
                                            std::string_view name, uint64_t n_stack) {
  const format::Tensor* tensor = catalog.find(name);
  if (!tensor) return fail(Errc::format, "tensor {} is missing", name);
  const uint64_t ops = 2 * tensor->values() / n_stack;
  const bool int8 = kernels::takes_q8(tensor->type);
  return Part{tensor->bytes / n_stack, int8 ? ops : 0, int8 ? 0 : ops};
}

Result<WorkCounter::Layer> WorkCounter::layer(const model::Config& config,
                                              const format::TensorCatalog& catalog, uint32_t index,
                                              cache::KvType kv_type) {
  const model::LayerConfig& shape = config.layers[index];
  Layer out;
  const auto add = [&](Part& to, std::string_view name, uint64_t n_stack) -> Result<> {
    const Part more =
        STRIDE_TRY(part(catalog, fmt::format("blk.{}.{}.weight", index, name), n_stack));
    to = {to.bytes + more.bytes, to.int8_ops + more.int8_ops, to.float_ops + more.float_ops};
    return {};
  };
  for (const char* name : {"attn_q", "attn_k", "attn_v", "attn_gate", "attn_output"})
    STRIDE_TRY(add(out.dense, name, 1));
  for (const char* name : {"ffn_gate", "ffn_up", "ffn_down"})
    STRIDE_TRY(add(out.dense, fmt::format("{}{}", name, shape.moe ? "_shexp" : ""), 1));
  if (shape.moe) {
    for (const char* name : {"ffn_gate_exps", "ffn_up_exps", "ffn_down_exps"})
      STRIDE_TRY(add(out.expert, name, config.n_expert));
    const uint64_t router = uint64_t{config.n_embd} * config.n_expert;
    out.dense.bytes += router * sizeof(float);
    out.dense.float_ops += 2 * router;
  }
  out.moe = shape.moe;
  out.full = shape.attention == model::Attention::full;
  out.position_bytes = model::kv_shape(config, index, kv_type).position_bytes();
  out.ops_per_key = uint64_t{4} * shape.n_head * config.head_dim;
  return out;
}

Result<WorkCounter> WorkCounter::create(const model::Config& config,
                                        const format::TensorCatalog& catalog,
                                        cache::KvType kv_type) {
  WorkCounter counter;
  for (uint32_t i = 0; i < config.n_layer; ++i)
    counter.layers_.push_back(STRIDE_TRY(layer(config, catalog, i, kv_type)));
  counter.output_ = STRIDE_TRY(part(catalog, "output.weight"));
  counter.embedding_row_bytes_ =
      STRIDE_TRY(part(catalog, "token_embd.weight", config.n_vocab)).bytes;
  counter.n_expert_used_ = config.n_expert_used;
  counter.window_ = config.window;
  return counter;
}

void WorkCounter::add_attention(const Layer& layer, uint64_t n_past, uint64_t n_row,
                                Work& work) const {
  const uint64_t n_end = n_past + n_row;
  const uint64_t n_seen = layer.full ? n_end : std::min(n_end, window_ + n_row - 1);
  work.kv_bytes += n_seen * layer.position_bytes;
  for (uint64_t p = n_past; p < n_end; ++p)
    work.float_ops += layer.ops_per_key * (layer.full ? p + 1 : std::min(p + 1, window_));
}

Work WorkCounter::step(uint64_t n_past, uint64_t n_each, uint64_t n_sequence, uint64_t n_logits,
                       std::span<const int32_t> picks) const {
  const uint64_t n_row = n_each * n_sequence;
  Work work;
  work.weight_bytes = n_row * embedding_row_bytes_ + (n_logits > 0 ? output_.bytes : 0);
  work.int8_ops = n_logits * output_.int8_ops;
  work.float_ops = n_logits * output_.float_ops;
  const uint64_t n_pick = n_row * n_expert_used_;
  for (const Layer& layer : layers_) {
    work.weight_bytes += layer.dense.bytes;
    work.int8_ops += n_row * layer.dense.int8_ops;
    work.float_ops += n_row * layer.dense.float_ops;
    for (uint64_t i = 0; i < n_sequence; ++i) add_attention(layer, n_past, n_each, work);
    if (!layer.moe) continue;
    const auto mine = picks.first(std::min<size_t>(n_pick, picks.size()));
    picks = picks.subspan(mine.size());
    work.weight_bytes += count_distinct(mine) * layer.expert.bytes;
    work.int8_ops += n_pick * layer.expert.int8_ops;
    work.float_ops += n_pick * layer.expert.float_ops;
  }
  return work;
}

}  // namespace stride::bench
