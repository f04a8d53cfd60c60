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
  const Range range = outputs_of(thread, w.n_out);
  multiply(kernels, w, 0, range, rows, 0, n_row, scratch.product.data(), w.n_out);
  for (size_t r = 0; r < n_row; ++r) {
    kernels.add(scratch.x.rows().row(r) + range.begin, &scratch.product[r * w.n_out + range.begin],
                range.end - range.begin);
  }
}

void Step::gate_up(unsigned thread, const FeedForward& w, uint32_t expert, const Rows& in,
                   size_t first_in, size_t n, const Rows& out, size_t first_out, float limit) {
  const size_t width = w.gate.n_out;
  const Range range = outputs_of(thread, width);
  float* up = &scratch.up[first_out * width];
  multiply(kernels, w.gate, expert, range, in, first_in, n, out.row(first_out), width);
  multiply(kernels, w.up, expert, range, in, first_in, n, up, width);
  for (size_t r = 0; r < n; ++r) {
    float* gate = out.row(first_out + r) + range.begin;
    kernels.swiglu(gate, gate, up + r * width + range.begin, range.end - range.begin, limit);
  }
}

void Step::feed_forward(unsigned thread, uint32_t layer, int32_t* picks) {
  const LayerConfig& l = weights.config.layers[layer];
  const LayerWeights& w = weights.layers[layer];
  norm(thread, w.ffn_norm);
  if (l.moe) experts(thread, layer, picks);

  const Rows act = scratch.dense.rows(w.dense.gate.n_out);
  gate_up(thread, w.dense, 0, scratch.h.rows(), 0, n_row, act, 0, l.clamp_shared);
  team.barrier();
  const Range rows = rows_of(thread);
  for (size_t r = rows.begin; r < rows.end; ++r) act.quantize(kernels, r);
  team.barrier();
  project_back(thread, w.dense.down, act);
  team.barrier();
}

void Step::experts(unsigned thread, uint32_t layer, int32_t* picks) {
  const Config& c = weights.config;
  const LayerWeights& w = weights.layers[layer];
  multiply(kernels, w.router, 0, outputs_of(thread, c.n_expert), scratch.h.rows(), 0, n_row,
           scratch.router.data(), c.n_expert);
  team.barrier();
  const Range rows = rows_of(thread);
  for (size_t r = rows.begin; r < rows.end; ++r) choose_experts(r, w.router_bias);
  team.barrier();
  if (thread == 0) {
    fill_slots();
    if (picks) std::copy_n(scratch.picks.data(), size_t{n_row} * c.n_expert_used, picks);
  }
  team.barrier();
  gather(thread);
  team.barrier();
  const Rows act = scratch.routed.rows();
  for (uint32_t e = 0, begin = 0; e < c.n_expert; begin = scratch.slot_end[e++]) {
    gate_up(thread, w.experts, e, scratch.gathered.rows(), begin, scratch.slot_end[e] - begin, act,
            begin, c.layers[layer].clamp);
  }
  team.barrier();
  const Range slots = split(size_t{n_row} * c.n_expert_used, team.size(), thread);
  for (size_t s = slots.begin; s < slots.end; ++s) act.quantize(kernels, s);
  team.barrier();
  add_experts(thread, w.experts.down);
  team.barrier();
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

// Sorts the (row, expert) pairs by expert, rows ascending within each.
void Step::fill_slots() {
  const Config& c = weights.config;
  const size_t n_slot = size_t{n_row} * c.n_expert_used;
  std::ranges::fill(scratch.slot_end, 0U);
  for (size_t s = 0; s < n_slot; ++s) ++scratch.slot_end[static_cast<size_t>(scratch.picks[s])];
  uint32_t begin = 0;
  for (uint32_t& end : scratch.slot_end) begin += std::exchange(end, begin);
  for (size_t s = 0; s < n_slot; ++s) {
    const auto row = static_cast<uint32_t>(s / c.n_expert_used);
    scratch.slots[scratch.slot_end[static_cast<size_t>(scratch.picks[s])]++] = {
        row, scratch.pick_weights[s]};
  }
}

// Copies the slots' inputs side by side, so that an expert's rows are one block.
void Step::gather(unsigned thread) {
  const Rows h = scratch.h.rows(), gathered = scratch.gathered.rows();
  const Range slots = split(size_t{n_row} * weights.config.n_expert_used, team.size(), thread);
  for (size_t s = slots.begin; s < slots.end; ++s) {
    const uint32_t row = scratch.slots[s].row;
    std::copy_n(h.row(row), h.width, gathered.row(s));
    std::memcpy(gathered.q8(s), h.q8(row), h.n_plane * h.q8_stride);
  }
}

void Step::add_experts(unsigned thread, const Matrix& down) {
  const Rows x = scratch.x.rows(), act = scratch.routed.rows();
  const Range range = outputs_of(thread, down.n_out);
  for (uint32_t e = 0, begin = 0; e < weights.config.n_expert; begin = scratch.slot_end[e++]) {
    const uint32_t end = scratch.slot_end[e];
    multiply(kernels, down, e, range, act, begin, end - begin, scratch.product.data(), down.n_out);
    for (uint32_t s = begin; s < end; ++s) {
      kernels.add_scaled(x.row(scratch.slots[s].row) + range.begin,
                         &scratch.product[(s - begin) * down.n_out + range.begin],
                         scratch.slots[s].weight, range.end - range.begin);
    }
  }
}

}  // namespace stride::model
