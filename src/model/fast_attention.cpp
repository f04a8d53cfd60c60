// SPDX-License-Identifier: Apache-2.0
#include "model/fast_attention.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "kernels/attention.h"
#include "model/fast_step.h"

namespace stride::model {

namespace {

constexpr size_t kMaxQueries = 512;  // of one block: kQueryRows rows times the heads of a group

kernels::KvSpan span_of(const cache::KvLayer::Run& run) {
  return {run.row.k, run.row.v, run.row.k_scale, run.row.v_scale, run.first, run.n};
}

kernels::KvView view_of(const cache::KvLayer& kv, uint32_t head, uint32_t begin, uint32_t end) {
  const auto runs = kv.runs(head, begin, end);
  const bool f16 = kv.shape().type == cache::KvType::f16;
  return {f16 ? kernels::KvFormat::f16 : kernels::KvFormat::int8,
          kv.shape().row_bytes(),
          1,
          {span_of(runs.run[0]), span_of(runs.run[1])}};
}

}  // namespace

void Step::fill_rotary(unsigned thread) {
  const Range rows = rows_of(thread);
  for (RotaryTable& table : scratch.rotary) {
    const size_t half = table.frequency.size();
    for (size_t r = rows.begin; r < rows.end; ++r) {
      // The angle reaches 2e5 at 256K tokens, where a float product would be off by 0.02.
      const double position = static_cast<double>(first + r);
      for (size_t i = 0; i < half; ++i) {
        table.cos[r * half + i] = static_cast<float>(std::cos(position * table.frequency[i]));
        table.sin[r * half + i] = static_cast<float>(std::sin(position * table.frequency[i]));
      }
    }
  }
}

void Step::attention(unsigned thread, uint32_t layer, cache::KvLayer& kv) {
  const AttentionWeights& w = weights.layers[layer].attention;
  norm(thread, w.norm);
  const auto project = [&](const Matrix& m, const AlignedBuffer<float>& out) {
    multiply(kernels, m, 0, outputs_of(thread, m.n_out), scratch.h.rows(), 0, n_row, out.data(),
             m.n_out);
  };
  project(w.q, scratch.q);
  project(w.k, scratch.k);
  project(w.v, scratch.v);
  project(w.gate, scratch.gate);
  team.barrier();
  store_heads(thread, layer, kv);
  team.barrier();
  attend(thread, layer, kv);
  team.barrier();
  const Rows out = scratch.attention.rows(w.output.n_in);
  gate_heads(thread, out, weights.config.layers[layer].n_head);
  team.barrier();
  project_back(thread, w.output, out);
  team.barrier();
}

// Norms and rotates queries and keys, and stores keys and values: a share of the (row, key-value
// head) pairs.
void Step::store_heads(unsigned thread, uint32_t layer, cache::KvLayer& kv) {
  const Config& c = weights.config;
  const LayerConfig& l = c.layers[layer];
  const AttentionWeights& w = weights.layers[layer].attention;
  const RotaryTable& rotary = scratch.rotary[scratch.rotary_of[layer]];
  const size_t dim = c.head_dim, padded = kv.shape().head_dim, group = l.n_head / l.n_head_kv;
  alignas(64) std::array<float, kernels::kMaxHeadDim> head{};
  const auto prepare = [&](const float* in, const Vector& weight, size_t r) {
    kernels.rms_norm(head.data(), in, weight.data(), dim, c.rms_eps);
    kernels.rope(head.data(), 1, dim, l.n_rot, &rotary.cos[r * l.n_rot / 2],
                 &rotary.sin[r * l.n_rot / 2]);
  };
  const auto store = [&](std::byte* to, float* scale) {
    if (kv.shape().type == cache::KvType::f16) {
      kernels.store_f16(reinterpret_cast<uint16_t*>(to), head.data(), padded);
    } else {
      kernels.store_int8(reinterpret_cast<int8_t*>(to), scale, head.data(), padded);
    }
  };
  const Range pairs = split(size_t{n_row} * l.n_head_kv, team.size(), thread);
  for (size_t pair = pairs.begin; pair < pairs.end; ++pair) {
    const size_t r = pair / l.n_head_kv, j = pair % l.n_head_kv;
    for (size_t g = 0; g < group; ++g) {
      prepare(&scratch.q[(r * l.n_head + j * group + g) * dim], w.q_norm, r);
      std::copy_n(head.data(), padded, &scratch.q_heads[((j * n_row + r) * group + g) * padded]);
    }
    const auto row = kv.row(static_cast<uint32_t>(j), first + static_cast<uint32_t>(r));
    prepare(&scratch.k[pair * dim], w.k_norm, r);
    store(row.k, row.k_scale);
    std::copy_n(&scratch.v[pair * dim], dim, head.data());
    store(row.v, row.v_scale);
  }
}

// A share of the (key-value head, block of rows) pairs. Blocks of a causal prompt grow with their
// position, so threads take them in turns.
void Step::attend(unsigned thread, uint32_t layer, const cache::KvLayer& kv) {
  const uint32_t n_block = (n_row + kQueryRows - 1) / kQueryRows;
  const uint32_t n_head_kv = weights.config.layers[layer].n_head_kv;
  for (uint32_t item = thread; item < n_block * n_head_kv; item += team.size()) {
    const uint32_t begin = item / n_head_kv * kQueryRows;
    attend_block(thread, layer, kv, item % n_head_kv, begin, std::min(begin + kQueryRows, n_row));
  }
}

// Rows [begin, end) against one key-value head: the sums of each chunk of positions, merged in
// ascending order.
void Step::attend_block(unsigned thread, uint32_t layer, const cache::KvLayer& kv, uint32_t head,
                        uint32_t begin, uint32_t end) {
  const Config& c = weights.config;
  const LayerConfig& l = c.layers[layer];
  const size_t padded = kv.shape().head_dim, group = l.n_head / l.n_head_kv,
               n = (end - begin) * group;
  std::array<uint32_t, kMaxQueries> oldest,
      newest;  // of the keys each query sees, newest exclusive
  std::array<kernels::AttentionState, kMaxQueries> total, part;
  float* memory = &scratch.states[thread * scratch.states_each];
  for (size_t i = 0; i < n; ++i) {
    newest[i] = first + begin + static_cast<uint32_t>(i / group) + 1;
    oldest[i] = l.attention == Attention::full || newest[i] < c.window ? 0 : newest[i] - c.window;
    for (auto* state : {&total[i], &part[i]}) {
      *state = {memory, memory + padded};
      memory += padded + kStateExtra;
    }
    std::fill_n(total[i].acc, padded, 0.0F);
    total[i].max_sum[0] = -std::numeric_limits<float>::infinity();
    total[i].max_sum[1] = 0;
  }
  const kernels::AttentionQueries queries{
      &scratch.q_heads[(size_t{head} * n_row + begin) * group * padded],
      padded,
      oldest.data(),
      newest.data(),
      n,
      padded,
      1 / std::sqrt(static_cast<float>(c.head_dim))};
  const uint32_t last = newest[n - 1];
  const kernels::KvView view = view_of(kv, head, oldest[0], last);
  constexpr uint32_t kChunk = kernels::kAttentionChunk;
  for (uint32_t at = oldest[0] / kChunk * kChunk; at < last; at += kChunk) {
    kernels.attend(queries, view, at, at + kChunk, part.data());
    for (size_t i = 0; i < n; ++i) {
      if (oldest[i] < at + kChunk && newest[i] > at)
        kernels.attention_merge(total[i], part[i], padded);
    }
  }
  alignas(64) std::array<float, kernels::kMaxHeadDim> out;
  for (size_t i = 0; i < n; ++i) {
    kernels.attention_finish(out.data(), total[i], padded);
    float* row = scratch.attention.rows(size_t{l.n_head} * c.head_dim).row(begin + i / group);
    std::copy_n(out.data(), c.head_dim, row + (head * group + i % group) * c.head_dim);
  }
}

// The gate of a head is one sigmoid for its dimensions.
void Step::gate_heads(unsigned thread, const Rows& out, uint32_t n_head) {
  const uint32_t dim = weights.config.head_dim;
  const Range rows = rows_of(thread);
  for (size_t r = rows.begin; r < rows.end; ++r) {
    float* gate = &scratch.gate[r * n_head];
    kernels.sigmoid(gate, n_head);
    for (uint32_t j = 0; j < n_head; ++j) kernels.scale(out.row(r) + j * dim, gate[j], dim);
    out.quantize(kernels, r);
  }
}

}  // namespace stride::model
