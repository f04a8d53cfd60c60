// SPDX-License-Identifier: Apache-2.0
#include "model/arena.h"

#include <algorithm>
#include <cstring>

#include "quant/row_groups.h"

namespace stride::model {
namespace {

constexpr size_t kLine = 64;  // matrices begin at cache lines
// Rows are copied in slices of about this size; then their pages of the file are given back.
constexpr size_t kSliceBytes = size_t{64} << 20;

// Calls `visit` on every matrix of `w` (const or not) that products read; the embedding is not
// among them.
template <class AnyWeights, class Visit>
void for_each_product(AnyWeights& w, Visit visit) {
  visit(w.output);
  for (auto& layer : w.layers) {
    auto& a = layer.attention;
    for (auto* m : {&a.q, &a.k, &a.v, &a.gate, &a.output, &layer.router}) visit(*m);
    for (auto* f : {&layer.dense, &layer.experts})
      for (auto* m : {&f->gate, &f->up, &f->down}) visit(*m);
  }
  for (auto& head : w.mtp) {
    visit(head.eh_proj);
    visit(head.head);
  }
}

size_t stack_bytes(const Matrix& m) {
  return m.matrix_bytes() * m.n_stack;
}

size_t arena_size(const Matrix& m) {
  return (stack_bytes(m) + kLine - 1) / kLine * kLine;
}

// Copies rows [begin, end) of the whole stack, a multiple of 16 rows where they are grouped.
void copy_rows(const Matrix& m, quant::Layout layout, size_t begin, size_t end, std::byte* to) {
  const std::byte* from = m.data;
  if (layout == m.layout) {
    std::memcpy(to + begin * m.row_bytes, from + begin * m.row_bytes, (end - begin) * m.row_bytes);
    return;
  }
  const size_t group = quant::kGroupRows * m.row_bytes;
  const auto regroup = layout == quant::Layout::groups ? quant::group_rows : quant::ungroup_rows;
  for (size_t at = begin * m.row_bytes; at < end * m.row_bytes; at += group)
    regroup(m.type, m.n_in, {from + at, group}, {to + at, group});
}

// Calls `copied` with the bytes of each slice that is done.
template <class Copied>
void move_matrix(Matrix& m, const kernels::Kernels& kernels, ThreadTeam& team, std::byte* to,
                 Copied copied) {
  const bool group = kernels.prefers_groups && quant::can_group(m.type, m.n_out);
  const quant::Layout layout = group ? quant::Layout::groups : quant::Layout::rows;
  const size_t n_row = size_t{m.n_out} * m.n_stack;
  const size_t slice =
      std::max<size_t>(kSliceBytes / m.row_bytes / quant::kGroupRows, 1) * quant::kGroupRows;
  for (size_t first = 0; first < n_row; first += slice) {
    const size_t n = std::min(slice, n_row - first);
    team.run([&](unsigned thread) {
      const Range rows = split(n, team.size(), thread, quant::kGroupRows);
      copy_rows(m, layout, first + rows.begin, first + rows.end, to);
    });
    if (m.tensor) m.catalog->release(*m.tensor, first, n);
    copied(n * m.row_bytes);
  }
  m.data = to;
  m.layout = layout;
  m.catalog = nullptr;
  m.tensor = nullptr;
}

// Frees converted tensors that were copied; an embedding is still read where it lies.
void drop_copied(Weights& weights) {
  std::erase_if(weights.owned, [&](const auto& bytes) {
    const auto holds = [&](const Matrix& m) { return m.data == bytes->data(); };
    return !holds(weights.token_embd) &&
           std::ranges::none_of(weights.mtp, holds, &MtpWeights::token_embd);
  });
}

}  // namespace

uint64_t arena_bytes(const Weights& weights) {
  uint64_t sum = 0;
  for_each_product(weights, [&](const Matrix& m) { sum += arena_size(m); });
  return sum;
}

Result<> move_to_arena(Weights& weights, const kernels::Kernels& kernels, ThreadTeam& team,
                       const CopyProgress& on_copy) {
  const uint64_t total = arena_bytes(weights);
  auto arena = STRIDE_TRY(AlignedBuffer<std::byte>::allocate(total));
  uint64_t done = 0;
  const auto copied = [&](uint64_t bytes) {
    done += bytes;
    if (on_copy) on_copy(done, total);
  };
  std::byte* at = arena.data();
  for_each_product(weights, [&](Matrix& m) {
    if (m.empty()) return;
    std::byte* to = at;
    at += arena_size(m);
    move_matrix(m, kernels, team, to, copied);
  });
  weights.arena = std::move(arena);
  drop_copied(weights);
  return {};
}

}  // namespace stride::model
