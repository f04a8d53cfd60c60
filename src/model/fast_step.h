// SPDX-License-Identifier: Apache-2.0
// What the threads of a team share while they run a step of the fast path: up to max_rows rows,
// consecutive ones of one or more sequences, through one layer after another.
//
// Every thread walks the same stages and does its share of each: whole rows of the batch where a
// stage works on rows (norms, quantisation, routing), a range of weight rows where it multiplies. A
// barrier ends each stage. Who does what never changes a sum, so results do not depend on the
// number of threads or rows.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/thread_team.h"
#include "cache/kv_layer.h"
#include "kernels/kernels.h"
#include "model/fast_sequence.h"
#include "model/rows.h"
#include "model/weights.h"

namespace stride::model {

// Cosines and sines of a step's positions for layers that share their frequencies: [n_row, n_rot /
// 2] each.
struct RotaryTable {
  std::vector<double> frequency;
  AlignedBuffer<float> cos, sin;
};

// One routed pair: row `row` of the batch goes through an expert with this weight.
struct Slot {
  uint32_t row;
  float weight;
};

// Rows [row, row + n) of a step: consecutive ones of one sequence.
struct Segment {
  uint32_t row, n;
  KvTrack* track;           // holds n_past rows, the position of the first of these
  const float* mtp_hidden;  // of an MTP head: what its rows are joined with [n, n_embd]
  float* hidden;            // results [n, n_embd]; null = not wanted
  int32_t* picks;           // of the first row in the first layer with experts; null = not wanted
  size_t pick_step;         // from one layer's picks to the next

  uint32_t first() const { return track->n_past; }
};

// Buffers for max_rows rows, allocated once. Names follow the stages that fill them.
struct Scratch {
  static Result<Scratch> create(const Weights& weights, uint32_t max_rows, unsigned n_threads,
                                uint32_t n_plane);
  uint64_t bytes() const;

  RowBuffer x;                // residual stream [n_embd]
  RowBuffer h;                // its norm
  RowBuffer joined;           // MTP: embedding and hidden, normed [2 * n_embd]
  RowBuffer attention;        // output of the heads, gated [n_head * head_dim]
  AlignedBuffer<float> q;     // projections [n_row, n_head * head_dim]
  AlignedBuffer<float> k, v;  // [n_row, n_head_kv * head_dim]
  AlignedBuffer<float> gate;  // [n_row, n_head]
  AlignedBuffer<float>
      q_heads;  // normed and rotated [n_head_kv, n_row, heads a group, padded head_dim]
  AlignedBuffer<float> states;   // attention sums, a part for each thread
  size_t states_each = 0;        // floats of one thread's part
  AlignedBuffer<float> product;  // result of a projection back to the stream [n_row, n_embd]

  RowBuffer dense;          // gated activations [n_ff], or of the shared expert [n_ff_shared]
  AlignedBuffer<float> up;  // [n_row, max(n_ff, n_ff_shared)]
  AlignedBuffer<float> expert_up;  // [n_slot, n_ff_expert]
  AlignedBuffer<float> router;     // scores [n_row, n_expert]
  AlignedBuffer<int32_t> picks;    // [n_row, n_expert_used], ascending
  AlignedBuffer<float> pick_weights;
  std::vector<Slot> slots;         // sorted by expert, then row: [n_row * n_expert_used]
  std::vector<uint32_t> slot_end;  // [n_expert] end of each expert's slots
  std::vector<uint32_t> active;    // experts that have slots, ascending
  RowBuffer gathered;              // inputs of the slots [n_embd]
  RowBuffer routed;                // gated activations of the slots [n_ff_expert]

  std::vector<uint32_t> segment_of;  // [n_row] index of the row's segment
  std::vector<RotaryTable> rotary;
  std::vector<uint32_t> rotary_of;  // [layer] index into rotary
};

// One step of one team. Calls on a thread happen inside ThreadTeam::run, by every thread in the
// same order.
struct Step {
  const kernels::Kernels& kernels;
  ThreadTeam& team;
  const Weights& weights;
  Scratch& scratch;
  std::span<const Segment> segments;
  uint32_t n_row;                 // of all segments
  const std::atomic<bool>* stop;  // null or a wish to end: what is computed then has no meaning
  WorkQueue work{};               // of a stage whose parts threads take as they get free

  Range rows_of(unsigned thread) const { return split(n_row, team.size(), thread); }
  Range outputs_of(unsigned thread, size_t n_out) const {
    return split(n_out, team.size(), thread, 16);
  }

  bool stopped() const { return stop && stop->load(std::memory_order_relaxed); }

  // Fills the rotary tables for the step's positions.
  void fill_rotary(unsigned thread);
  // h = norm(x), quantised; ends with a barrier.
  void norm(unsigned thread, const Vector& weight);
  // x += attention of the layer, whose keys and values are layer `slot` of the tracks; those of the
  // rows are stored first.
  void attention(unsigned thread, uint32_t layer, uint32_t slot);
  // x += feed-forward of the layer, the n_moe-th with experts.
  void feed_forward(unsigned thread, uint32_t layer, size_t n_moe);
  // x += W rows, for weight rows this thread owns.
  void project_back(unsigned thread, const Matrix& w, const Rows& rows);

 private:
  // Rows [begin, end) of a segment, and the layer that they attend to.
  struct Block {
    const Segment& segment;
    const cache::KvLayer& kv;
    uint32_t begin, end;
  };

  void store_heads(unsigned thread, uint32_t layer, uint32_t slot);
  void store_row(uint32_t layer, size_t row, size_t head, const Segment& segment,
                 const cache::KvLayer& kv);
  void attend(unsigned thread, uint32_t layer, uint32_t slot);
  void attend_block(unsigned thread, uint32_t layer, const Block& rows, uint32_t head);
  void attend_together(unsigned thread, uint32_t layer, const Block& rows);
  void gate_heads(unsigned thread, const Rows& out, uint32_t n_head);

  // One feed-forward network of a layer and the rows that go through it.
  struct Network {
    const FeedForward* weights;
    uint32_t expert;  // in the stacks of `weights`
    Rows in;
    size_t first, n;  // rows of `in` and of `out`
    Rows out;         // gated activations
    float* up;        // [rows of out, width]
    float limit;      // of swiglu
  };

  void route(unsigned thread, uint32_t layer, size_t n_moe);
  void report_picks(size_t n_moe) const;
  void choose_experts(size_t row, const Vector& bias);
  void fill_slots();
  void gather(Range range, bool reads_floats);
  Network network(uint32_t layer, size_t i) const;
  size_t n_network(uint32_t layer) const;
  void activate(uint32_t layer);
  void gate_up(const Network& n, Range range);
  void quantize_activations(unsigned thread, uint32_t layer);
  void add_networks(unsigned thread, uint32_t layer);
};

}  // namespace stride::model
