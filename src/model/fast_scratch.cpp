// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "model/fast_attention.h"
#include "model/fast_sequence.h"
#include "model/fast_step.h"

namespace stride::model {
namespace {

// Layers with equal frequencies share a table: two tables for the real model.
Result<> plan_rotary(const Config& config, uint32_t max_rows, Scratch& s) {
  for (const LayerConfig& layer : config.layers) {
    const std::vector<double> frequency = rope_frequencies(config, layer);
    const auto same = std::ranges::find(s.rotary, frequency, &RotaryTable::frequency);
    s.rotary_of.push_back(static_cast<uint32_t>(same - s.rotary.begin()));
    if (same != s.rotary.end()) continue;
    const size_t n = size_t{max_rows} * frequency.size();
    s.rotary.push_back({frequency, STRIDE_TRY(AlignedBuffer<float>::allocate(n)),
                        STRIDE_TRY(AlignedBuffer<float>::allocate(n))});
  }
  return {};
}

Result<> plan_attention(const Config& c, uint32_t max_rows, unsigned n_threads, uint32_t n_plane,
                        Scratch& s) {
  uint32_t n_head = 0, n_head_kv = 0, group = 0;
  for (const LayerConfig& layer : c.layers) {
    n_head = std::max(n_head, layer.n_head);
    n_head_kv = std::max(n_head_kv, layer.n_head_kv);
    group = std::max(group, layer.n_head / layer.n_head_kv);
  }
  const size_t padded = kv_shape(c, 0, KvType::f16).head_dim;
  const size_t rows = max_rows;
  s.attention = STRIDE_TRY(RowBuffer::create(rows, c.max_q_width(), n_plane));
  s.q = STRIDE_TRY(AlignedBuffer<float>::allocate(rows * c.max_q_width()));
  s.k = STRIDE_TRY(AlignedBuffer<float>::allocate(rows * n_head_kv * c.head_dim));
  s.v = STRIDE_TRY(AlignedBuffer<float>::allocate(rows * n_head_kv * c.head_dim));
  s.gate = STRIDE_TRY(AlignedBuffer<float>::allocate(rows * n_head));
  s.q_heads = STRIDE_TRY(AlignedBuffer<float>::allocate(rows * n_head * padded));
  s.states_each = 2 * size_t{kQueryRows} * group * (padded + kStateExtra);
  // Enough for two states of a head's queries where all threads go through a block together.
  const size_t n_state = std::max(n_threads, n_head_kv);
  s.states = STRIDE_TRY(AlignedBuffer<float>::allocate(s.states_each * n_state));
  return {};
}

Result<> plan_experts(const Weights& w, uint32_t max_rows, uint32_t n_plane, Scratch& s) {
  const Config& c = w.config;
  const size_t n_slot = size_t{max_rows} * c.n_expert_used;
  s.router = STRIDE_TRY(AlignedBuffer<float>::allocate(size_t{max_rows} * c.n_expert));
  s.picks = STRIDE_TRY(AlignedBuffer<int32_t>::allocate(n_slot));
  s.pick_weights = STRIDE_TRY(AlignedBuffer<float>::allocate(n_slot));
  s.slots.resize(n_slot);
  s.slot_end.resize(c.n_expert);
  s.gathered = STRIDE_TRY(RowBuffer::create(n_slot, c.n_embd, n_plane));
  s.routed = STRIDE_TRY(RowBuffer::create(n_slot, c.n_ff_expert, n_plane));
  s.expert_up = STRIDE_TRY(AlignedBuffer<float>::allocate(n_slot * c.n_ff_expert));
  s.active.reserve(c.n_expert);
  return {};
}

}  // namespace

Result<Scratch> Scratch::create(const Weights& w, uint32_t max_rows, unsigned n_threads,
                                uint32_t n_plane) {
  const Config& c = w.config;
  Scratch s;
  s.x = STRIDE_TRY(RowBuffer::create(max_rows, c.n_embd, n_plane));
  s.h = STRIDE_TRY(RowBuffer::create(max_rows, c.n_embd, n_plane));
  s.joined = STRIDE_TRY(RowBuffer::create(max_rows, size_t{2} * c.n_embd, n_plane));
  s.product = STRIDE_TRY(AlignedBuffer<float>::allocate(size_t{max_rows} * c.n_embd));
  s.dense = STRIDE_TRY(RowBuffer::create(max_rows, std::max(c.n_ff, c.n_ff_shared), n_plane));
  s.segment_of.resize(max_rows);
  STRIDE_TRY(plan_attention(c, max_rows, n_threads, n_plane, s));
  STRIDE_TRY(plan_experts(w, max_rows, n_plane, s));
  STRIDE_TRY(plan_rotary(c, max_rows, s));
  s.up = STRIDE_TRY(
      AlignedBuffer<float>::allocate(size_t{max_rows} * std::max(c.n_ff, c.n_ff_shared)));
  return s;
}

uint64_t Scratch::bytes() const {
  uint64_t sum = 0;
  for (const RowBuffer* rows : {&x, &h, &joined, &attention, &dense, &gathered, &routed})
    sum += rows->bytes();
  for (const auto* buffer :
       {&q, &k, &v, &gate, &q_heads, &states, &product, &up, &expert_up, &router, &pick_weights}) {
    sum += buffer->size() * sizeof(float);
  }
  for (const RotaryTable& table : rotary) sum += 2 * table.cos.size() * sizeof(float);
  return sum + picks.size() * sizeof(int32_t) + slots.size() * sizeof(Slot);
}

}  // namespace stride::model
