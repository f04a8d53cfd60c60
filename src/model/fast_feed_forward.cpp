// SPDX-License-Identifier: Apache-2.0
// The feed-forward half of a layer: dense, or routed experts and a shared one.
//
// Rows are grouped by expert, so that a step reads each expert's weights once however many rows
// chose it. A row's experts are added in ascending order of their numbers, whatever else is in the
// step.
#include <algorithm>
#include <cstring>
#include <limits>

#include "model/fast_step.h"

namespace stride::model {

void Step::norm(unsigned thread, const Vector& weight) {
  const Rows x = scratch.x.rows(), h = scratch.h.rows();
  const Range rows = rows_of(thread);
  for (size_t r = rows.begin; r < rows.end; ++r) {
    kernels.rms_norm(h.row(r), x.row(r), weight.data(), x.width, weights.config.rms_eps);
    h.quantize(kernels, r);
  }
  team.barrier();
}

void Step::project_back(unsigned thread, const Matrix& w, const Rows& rows) {
  if (stopped()) return;
  const Range range = outputs_of(thread, w.n_out);
  multiply(kernels, w, 0, range, rows, 0, n_row, scratch.product.data(), w.n_out);
  for (size_t r = 0; r < n_row; ++r) {
    kernels.add(scratch.x.rows().row(r) + range.begin, &scratch.product[r * w.n_out + range.begin],
                range.end - range.begin);
  }
}

void Step::feed_forward(unsigned thread, uint32_t layer, size_t n_moe) {
  norm(thread, weights.layers[layer].ffn_norm);
  if (weights.config.layers[layer].moe) route(thread, layer, n_moe);
  activate(layer);
  team.barrier();
  quantize_activations(thread, layer);
  team.barrier();
  add_networks(thread, layer);
  team.barrier();
}

// Chooses the experts of each row and lays their inputs side by side. Few rows are one thread's
// work: sharing it would cost more in barriers.
void Step::route(unsigned thread, uint32_t layer, size_t n_moe) {
  constexpr uint32_t kSoloRows = 8;
  const Config& c = weights.config;
  const LayerWeights& w = weights.layers[layer];
  multiply(kernels, w.router, 0, outputs_of(thread, c.n_expert), scratch.h.rows(), 0, n_row,
           scratch.router.data(), c.n_expert);
  team.barrier();
  const bool solo = n_row <= kSoloRows;
  const Range rows = !solo ? rows_of(thread) : thread == 0 ? Range{0, n_row} : Range{};
  for (size_t r = rows.begin; r < rows.end; ++r) choose_experts(r, w.router_bias);
  if (!solo) team.barrier();
  if (thread == 0) {
    fill_slots();
    report_picks(n_moe);
  }
  if (!solo) team.barrier();
  const size_t n_slot = size_t{n_row} * c.n_expert_used;
  const bool reads_floats =
      !kernels::takes_q8(w.experts.gate.type) || !kernels::takes_q8(w.experts.up.type);
  if (!solo || thread == 0)
    gather(solo ? Range{0, n_slot} : split(n_slot, team.size(), thread), reads_floats);
  team.barrier();
}

void Step::report_picks(size_t n_moe) const {
  const size_t k = weights.config.n_expert_used;
  for (const Segment& s : segments) {
    if (s.picks) std::copy_n(&scratch.picks[s.row * k], s.n * k, s.picks + n_moe * s.pick_step);
  }
}

// Network 0 of a layer is its dense feed-forward or shared expert, the others are the experts that
// rows have chosen.
Step::Network Step::network(uint32_t layer, size_t i) const {
  const LayerConfig& l = weights.config.layers[layer];
  const LayerWeights& w = weights.layers[layer];
  if (i == 0) {
    return {&w.dense,
            0,
            scratch.h.rows(),
            0,
            n_row,
            scratch.dense.rows(w.dense.gate.n_out),
            scratch.up.data(),
            l.clamp_shared};
  }
  const uint32_t expert = scratch.active[i - 1];
  const uint32_t begin = expert == 0 ? 0 : scratch.slot_end[expert - 1];
  return {&w.experts,
          expert,
          scratch.gathered.rows(),
          begin,
          scratch.slot_end[expert] - begin,
          scratch.routed.rows(),
          scratch.expert_up.data(),
          l.clamp};
}

size_t Step::n_network(uint32_t layer) const {
  return weights.config.layers[layer].moe ? 1 + scratch.active.size() : 1;
}

// Gate and up of all networks as one list of slabs of rows, which threads take as they get free.
void Step::activate(uint32_t layer) {
  constexpr size_t kSlab = 320;  // weight rows of gate and of up; a multiple of 32
  const LayerWeights& w = weights.layers[layer];
  const auto slabs = [](const FeedForward& f) { return (f.gate.n_out + kSlab - 1) / kSlab; };
  const size_t n_dense = slabs(w.dense), n_expert = slabs(w.experts);
  const size_t n_item = n_dense + (n_network(layer) - 1) * n_expert;
  for (size_t item = work.next(); item < n_item && !stopped(); item = work.next()) {
    const bool dense = item < n_dense;
    const Network n = network(layer, dense ? 0 : 1 + (item - n_dense) / n_expert);
    const size_t slab = dense ? item : (item - n_dense) % n_expert;
    const size_t begin = slab * kSlab;
    gate_up(n, {begin, std::min<size_t>(begin + kSlab, n.weights->gate.n_out)});
  }
}

// Rows `range` of gate and up, and their product through swiglu.
void Step::gate_up(const Network& n, Range range) {
  const size_t width = n.weights->gate.n_out;
  float* up = n.up + n.first * width;
  multiply(kernels, n.weights->gate, n.expert, range, n.in, n.first, n.n, n.out.row(n.first),
           width);
  multiply(kernels, n.weights->up, n.expert, range, n.in, n.first, n.n, up, width);
  for (size_t r = 0; r < n.n; ++r) {
    float* gate = n.out.row(n.first + r) + range.begin;
    kernels.swiglu(gate, gate, up + r * width + range.begin, range.end - range.begin, n.limit);
  }
}

void Step::quantize_activations(unsigned thread, uint32_t layer) {
  const bool moe = weights.config.layers[layer].moe;
  const Rows dense = scratch.dense.rows(weights.layers[layer].dense.gate.n_out);
  const size_t n_slot = moe ? size_t{n_row} * weights.config.n_expert_used : 0;
  const Range range = split(n_row + n_slot, team.size(), thread);
  for (size_t i = range.begin; i < range.end; ++i) {
    if (i < n_row) {
      dense.quantize(kernels, i);
    } else {
      scratch.routed.rows().quantize(kernels, i - n_row);
    }
  }
  if (thread == 0) work.reset();
}

// x += down of the chosen experts in ascending order, then of network 0, by the weight rows this
// thread owns.
void Step::add_networks(unsigned thread, uint32_t layer) {
  const Rows x = scratch.x.rows();
  const size_t n_out = x.width;
  const Range range = outputs_of(thread, n_out);
  for (size_t i = 1; i < n_network(layer) && !stopped(); ++i) {
    const Network n = network(layer, i);
    multiply(kernels, n.weights->down, n.expert, range, n.out, n.first, n.n, scratch.product.data(),
             n_out);
    for (size_t s = 0; s < n.n; ++s) {
      const Slot& slot = scratch.slots[n.first + s];
      kernels.add_scaled(x.row(slot.row) + range.begin, &scratch.product[s * n_out + range.begin],
                         slot.weight, range.end - range.begin);
    }
  }
  project_back(thread, weights.layers[layer].dense.down, network(layer, 0).out);
}

// The n_expert_used largest of sigmoid(score) + bias, the lower number on ties; weights are the
// sigmoids alone, scaled to sum to expert_scale.
void Step::choose_experts(size_t row, const Vector& bias) {
  const Config& c = weights.config;
  float* p = &scratch.router[row * c.n_expert];
  int32_t* picks = &scratch.picks[row * c.n_expert_used];
  float* pick_weights = &scratch.pick_weights[row * c.n_expert_used];
  kernels.sigmoid(p, c.n_expert);
  uint32_t n = 0;
  for (uint32_t e = 0; e < c.n_expert; ++e) {
    const float score = p[e] + bias[e];
    uint32_t at = n;
    const auto score_at = [&](uint32_t i) {
      return p[picks[i]] + bias[static_cast<size_t>(picks[i])];
    };
    while (at > 0 && score > score_at(at - 1)) --at;
    if (at == c.n_expert_used) continue;
    n = std::min(n + 1, c.n_expert_used);
    std::copy_backward(picks + at, picks + n - 1, picks + n);
    picks[at] = static_cast<int32_t>(e);
  }
  std::sort(picks, picks + n);
  double total = 1e-20;
  for (uint32_t i = 0; i < n; ++i) total += p[picks[i]];
  for (uint32_t i = 0; i < n; ++i)
    pick_weights[i] = static_cast<float>(p[picks[i]] / total * c.expert_scale);
}

// Sorts the (row, expert) pairs by expert, rows ascending within each, and lists the experts that
// have any.
void Step::fill_slots() {
  const Config& c = weights.config;
  const size_t n_slot = size_t{n_row} * c.n_expert_used;
  std::ranges::fill(scratch.slot_end, 0U);
  for (size_t s = 0; s < n_slot; ++s) ++scratch.slot_end[static_cast<size_t>(scratch.picks[s])];
  scratch.active.clear();
  for (uint32_t e = 0; e < c.n_expert; ++e)
    if (scratch.slot_end[e] > 0) scratch.active.push_back(e);
  uint32_t begin = 0;
  for (uint32_t& end : scratch.slot_end) begin += std::exchange(end, begin);
  for (size_t s = 0; s < n_slot; ++s) {
    const auto row = static_cast<uint32_t>(s / c.n_expert_used);
    scratch.slots[scratch.slot_end[static_cast<size_t>(scratch.picks[s])]++] = {
        row, scratch.pick_weights[s]};
  }
}

// Copies the inputs of slots `range` side by side, so that an expert's rows are one block.
void Step::gather(Range range, bool reads_floats) {
  const Rows h = scratch.h.rows(), gathered = scratch.gathered.rows();
  for (size_t s = range.begin; s < range.end; ++s) {
    const uint32_t row = scratch.slots[s].row;
    if (reads_floats) std::copy_n(h.row(row), h.width, gathered.row(s));
    std::memcpy(gathered.q8(s), h.q8(row), h.n_plane * h.q8_stride);
  }
}

}  // namespace stride::model
