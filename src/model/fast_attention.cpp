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

// Sums of attention in memory, [slot, query].
struct States {
  float* memory;
  size_t n;  // queries
  size_t head_dim;

  size_t slot_size() const { return n * (head_dim + kStateExtra); }
  kernels::AttentionState at(size_t slot, size_t i) const {
    float* acc = memory + slot * slot_size() + i * (head_dim + kStateExtra);
    return {acc, acc + head_dim};
  }
  void clear(size_t slot, size_t i) const {
    const kernels::AttentionState state = at(slot, i);
    std::fill_n(state.acc, head_dim, 0.0F);
    state.max_sum[0] = -std::numeric_limits<float>::infinity();
    state.max_sum[1] = 0;
  }
};

// The queries of rows [begin, end) of a segment: the heads of a group, and what they see.
struct QueryBlock {
  QueryBlock(const Step& step, uint32_t layer, const Segment& segment, const cache::KvLayer& kv,
             uint32_t begin_row, uint32_t end_row)
      : config(step.weights.config),
        group(config.layers[layer].n_head / config.layers[layer].n_head_kv),
        begin(segment.row + begin_row),
        n(size_t{end_row - begin_row} * group),
        head_dim(kv.shape().head_dim),
        q(&step.scratch.q_heads[begin * group * head_dim]),
        head_stride(step.n_row * group * head_dim),
        width(size_t{config.layers[layer].n_head} * config.head_dim) {
    const bool full = config.layers[layer].attention == Attention::full;
    for (size_t i = 0; i < n; ++i) {
      newest[i] = segment.first() + begin_row + static_cast<uint32_t>(i / group) + 1;
      oldest[i] = full || newest[i] < config.window ? 0 : newest[i] - config.window;
    }
    first_chunk = oldest[0] / kChunk;
    end_chunk = (newest[n - 1] - 1) / kChunk + 1;
  }

  // What they see of a head in one chunk, all together.
  kernels::KvView keys(const cache::KvLayer& kv, size_t head, size_t chunk) const {
    static_assert(cache::KvLayer::kMaxRuns == kernels::kMaxKvSpans);
    const auto first = std::max(oldest[0], static_cast<uint32_t>(chunk * kChunk));
    const auto last = std::min(newest[n - 1], static_cast<uint32_t>((chunk + 1) * kChunk));
    const auto runs = kv.runs(static_cast<uint32_t>(head), first, last);
    const bool f16 = kv.shape().type == cache::KvType::f16;
    kernels::KvView view{
        f16 ? kernels::KvFormat::f16 : kernels::KvFormat::int8, kv.shape().row_bytes(), 1, {}};
    std::ranges::transform(runs.run, view.spans, span_of);
    return view;
  }

  // Fills a slot with the sums over the positions of one chunk.
  void attend(const kernels::Kernels& k, const cache::KvLayer& kv, size_t head, size_t chunk,
              const States& states, size_t slot) const {
    std::array<kernels::AttentionState, kMaxQueries> out;
    for (size_t i = 0; i < n; ++i) out[i] = states.at(slot, i);
    const float scale = 1 / std::sqrt(static_cast<float>(config.head_dim));
    const kernels::AttentionQueries queries{
        q + head * head_stride, head_dim, oldest.data(), newest.data(), n, head_dim, scale};
    k.attend(queries, keys(kv, head, chunk), chunk * kChunk, (chunk + 1) * kChunk, out.data());
  }

  // Adds the sums of a chunk to those of the chunks before it.
  void merge(const kernels::Kernels& k, size_t i, size_t chunk, kernels::AttentionState into,
             kernels::AttentionState from) const {
    if (oldest[i] < (chunk + 1) * kChunk && newest[i] > chunk * kChunk) {
      k.attention_merge(into, from, head_dim);
    }
  }

  void finish(const kernels::Kernels& k, size_t head, size_t i, kernels::AttentionState state,
              const Rows& out) const {
    alignas(64) std::array<float, kernels::kMaxHeadDim> values;
    k.attention_finish(values.data(), state, head_dim);
    const size_t at = (head * group + i % group) * config.head_dim;
    std::copy_n(values.data(), config.head_dim, out.row(begin + i / group) + at);
  }

  static constexpr size_t kChunk = kernels::kAttentionChunk;
  const Config& config;
  size_t group;
  size_t begin;  // row
  size_t n;
  size_t head_dim;  // of the stored rows
  const float* q;
  size_t head_stride;
  size_t width;                                      // of an output row
  std::array<uint32_t, kMaxQueries> oldest, newest;  // of the keys each sees, newest exclusive
  size_t first_chunk, end_chunk;
};

}  // namespace

void Step::fill_rotary(unsigned thread) {
  const Range rows = rows_of(thread);
  for (RotaryTable& table : scratch.rotary) {
    const size_t half = table.frequency.size();
    for (size_t r = rows.begin; r < rows.end; ++r) {
      // The angle reaches 2e5 at 256K tokens, where a float product would be off by 0.02.
      const Segment& segment = segments[scratch.segment_of[r]];
      const double position = static_cast<double>(segment.first() + (r - segment.row));
      for (size_t i = 0; i < half; ++i) {
        table.cos[r * half + i] = static_cast<float>(std::cos(position * table.frequency[i]));
        table.sin[r * half + i] = static_cast<float>(std::sin(position * table.frequency[i]));
      }
    }
  }
}

void Step::attention(unsigned thread, uint32_t layer, uint32_t slot) {
  const AttentionWeights& w = weights.layers[layer].attention;
  norm(thread, w.norm);
  const auto project = [&](const Matrix& m, const AlignedBuffer<float>& out) {
    if (stopped()) return;
    multiply(kernels, m, 0, outputs_of(thread, m.n_out), scratch.h.rows(), 0, n_row, out.data(),
             m.n_out);
  };
  project(w.q, scratch.q);
  project(w.k, scratch.k);
  project(w.v, scratch.v);
  project(w.gate, scratch.gate);
  team.barrier();
  store_heads(thread, layer, slot);
  team.barrier();
  attend(thread, layer, slot);
  team.barrier();
  const Rows out = scratch.attention.rows(w.output.n_in);
  gate_heads(thread, out, weights.config.layers[layer].n_head);
  team.barrier();
  project_back(thread, w.output, out);
  team.barrier();
}

// Norms and rotates queries and keys, and stores keys and values: a share of the (row, key-value
// head) pairs.
void Step::store_heads(unsigned thread, uint32_t layer, uint32_t slot) {
  const uint32_t n_head_kv = weights.config.layers[layer].n_head_kv;
  const Range pairs = split(size_t{n_row} * n_head_kv, team.size(), thread);
  for (size_t pair = pairs.begin; pair < pairs.end; ++pair) {
    const size_t r = pair / n_head_kv;
    const Segment& segment = segments[scratch.segment_of[r]];
    store_row(layer, r, pair % n_head_kv, segment, segment.track->layers[slot]);
  }
}

void Step::store_row(uint32_t layer, size_t row, size_t head_kv, const Segment& segment,
                     const cache::KvLayer& kv) {
  const Config& c = weights.config;
  const LayerConfig& l = c.layers[layer];
  const AttentionWeights& w = weights.layers[layer].attention;
  const RotaryTable& rotary = scratch.rotary[scratch.rotary_of[layer]];
  const size_t dim = c.head_dim, padded = kv.shape().head_dim, group = l.n_head / l.n_head_kv;
  alignas(64) std::array<float, kernels::kMaxHeadDim> head{};
  const auto prepare = [&](const float* in, const Vector& weight) {
    kernels.rms_norm(head.data(), in, weight.data(), dim, c.rms_eps);
    kernels.rope(head.data(), 1, dim, l.n_rot, &rotary.cos[row * l.n_rot / 2],
                 &rotary.sin[row * l.n_rot / 2]);
  };
  const auto store = [&](std::byte* to, float* scale) {
    if (kv.shape().type == cache::KvType::f16) {
      kernels.store_f16(reinterpret_cast<uint16_t*>(to), head.data(), padded);
    } else {
      kernels.store_int8(reinterpret_cast<int8_t*>(to), scale, head.data(), padded);
    }
  };
  for (size_t g = 0; g < group; ++g) {
    prepare(&scratch.q[(row * l.n_head + head_kv * group + g) * dim], w.q_norm);
    std::copy_n(head.data(), padded,
                &scratch.q_heads[((head_kv * n_row + row) * group + g) * padded]);
  }
  const auto to = kv.row(static_cast<uint32_t>(head_kv),
                         segment.first() + static_cast<uint32_t>(row - segment.row));
  const size_t from = (row * l.n_head_kv + head_kv) * dim;
  prepare(&scratch.k[from], w.k_norm);
  store(to.k, to.k_scale);
  std::copy_n(&scratch.v[from], dim, head.data());
  store(to.v, to.v_scale);
}

// Pairs of a key-value head and a block of rows, shared whole if that keeps all threads busy; else
// the threads go through each block together.
void Step::attend(unsigned thread, uint32_t layer, uint32_t slot) {
  const uint32_t n_head_kv = weights.config.layers[layer].n_head_kv;
  uint32_t n_item = 0;
  for (const Segment& s : segments) n_item += (s.n + kQueryRows - 1) / kQueryRows * n_head_kv;
  const bool whole = n_item % team.size() == 0 || n_item >= 4 * team.size();
  // Blocks of a causal prompt grow with their position, so threads take them in turns.
  uint32_t item = 0;
  for (const Segment& s : segments) {
    for (uint32_t begin = 0; begin < s.n; begin += kQueryRows) {
      const Block rows{s, s.track->layers[slot], begin, std::min(begin + kQueryRows, s.n)};
      if (!whole) attend_together(thread, layer, rows);
      for (uint32_t head = 0; whole && head < n_head_kv; ++head, ++item) {
        if (item % team.size() == thread && !stopped()) attend_block(thread, layer, rows, head);
      }
    }
  }
}

// Against one key-value head: the sums of each chunk of positions, merged in ascending order.
void Step::attend_block(unsigned thread, uint32_t layer, const Block& rows, uint32_t head) {
  const QueryBlock block(*this, layer, rows.segment, rows.kv, rows.begin, rows.end);
  const States states{&scratch.states[thread * scratch.states_each], block.n, block.head_dim};
  for (size_t i = 0; i < block.n; ++i) states.clear(0, i);
  for (size_t chunk = block.first_chunk; chunk < block.end_chunk; ++chunk) {
    block.attend(kernels, rows.kv, head, chunk, states, 1);
    for (size_t i = 0; i < block.n; ++i) {
      block.merge(kernels, i, chunk, states.at(0, i), states.at(1, i));
    }
  }
  const Rows out = scratch.attention.rows(block.width);
  for (size_t i = 0; i < block.n; ++i) block.finish(kernels, head, i, states.at(0, i), out);
}

// Against all key-value heads by all threads: in turns each takes a share of the (head, chunk of
// positions) pairs, as many as there is memory for their sums, and then a share of the queries to
// merge what the pairs gave, in ascending order.
void Step::attend_together(unsigned thread, uint32_t layer, const Block& rows) {
  const QueryBlock block(*this, layer, rows.segment, rows.kv, rows.begin, rows.end);
  const size_t n_head_kv = weights.config.layers[layer].n_head_kv;
  const States states{scratch.states.data(), block.n, block.head_dim};
  // Slot `head` is for the sums of all chunks so far, those behind for [head, chunk of this turn].
  const size_t most = scratch.states.size() / states.slot_size() / n_head_kv - 1;
  const Range queries = split(n_head_kv * block.n, team.size(), thread);
  for (size_t q = queries.begin; q < queries.end; ++q) states.clear(q / block.n, q % block.n);
  const Rows out = scratch.attention.rows(block.width);
  for (size_t chunk = block.first_chunk; chunk < block.end_chunk; chunk += most) {
    const size_t n_chunk = std::min(most, block.end_chunk - chunk);
    const Range pairs = split(n_head_kv * n_chunk, team.size(), thread);
    for (size_t pair = pairs.begin; pair < pairs.end; ++pair) {
      block.attend(kernels, rows.kv, pair / n_chunk, chunk + pair % n_chunk, states,
                   n_head_kv + pair);
    }
    team.barrier();
    for (size_t q = queries.begin; q < queries.end; ++q) {
      const size_t head = q / block.n, i = q % block.n;
      const kernels::AttentionState total = states.at(head, i);
      for (size_t c = 0; c < n_chunk; ++c) {
        block.merge(kernels, i, chunk + c, total, states.at(n_head_kv + head * n_chunk + c, i));
      }
      if (chunk + n_chunk == block.end_chunk) block.finish(kernels, head, i, total, out);
    }
    team.barrier();
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
