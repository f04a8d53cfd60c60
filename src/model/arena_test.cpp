// SPDX-License-Identifier: Apache-2.0
#include "model/arena.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "model/golden.h"
#include "model/model.h"

namespace stride::model {
namespace {

class Arena : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Models, Arena, testing::Values("tiny-f32", "tiny-q8_0", "tiny-q4_k_s"),
                         [](const auto& test) {
                           std::string name = test.param;
                           std::ranges::replace(name, '-', '_');
                           return name;
                         });

// The bytes of a matrix as the file has them.
std::vector<std::byte> rows_of(const Matrix& m) {
  const size_t n = m.matrix_bytes() * m.n_stack;
  std::vector<std::byte> rows(m.data, m.data + n);
  if (m.layout == quant::Layout::rows) return rows;
  const size_t group = quant::kGroupRows * m.row_bytes;
  for (size_t at = 0; at < n; at += group)
    quant::ungroup_rows(m.type, m.n_in, {m.data + at, group}, {rows.data() + at, group});
  return rows;
}

// Whatever this processor's kernels prefer, both layouts are tried.
TEST_P(Arena, HoldsTheValuesOfTheFile) {
  const Golden golden(GetParam());
  for (const bool groups : {false, true}) {
    std::vector<std::string> warnings;
    auto weights = bind_weights(*golden.catalog, nullptr, warnings);
    ASSERT_TRUE(weights);
    const Matrix experts = weights->layers.at(4).experts.down, output = weights->output;
    const auto expert_rows = rows_of(experts), output_rows = rows_of(output);
    kernels::Kernels kernels = *kernels::kernels_by_name("scalar");
    kernels.prefers_groups = groups;
    ThreadTeam team(2);
    uint64_t last = 0;
    const uint64_t total = arena_bytes(*weights);
    ASSERT_TRUE(move_to_arena(*weights, kernels, team, [&](uint64_t done, uint64_t of) {
      EXPECT_GT(done, last);
      EXPECT_EQ(of, total);
      last = done;
    }));
    EXPECT_NEAR(static_cast<double>(last), static_cast<double>(total),
                0.01 * static_cast<double>(total));
    const Matrix& moved = weights->layers.at(4).experts.down;
    EXPECT_NE(moved.data, experts.data);
    EXPECT_EQ(moved.layout == quant::Layout::groups,
              groups && quant::can_group(moved.type, moved.n_out));
    EXPECT_EQ(rows_of(moved), expert_rows);
    EXPECT_EQ(rows_of(weights->output), output_rows);
    EXPECT_EQ(weights->token_embd.layout, quant::Layout::rows);
    EXPECT_GE(weights->arena.size(), arena_bytes(*weights));
  }
}

TEST_P(Arena, ChangesNoResult) {
  const Golden golden(GetParam());
  const auto in_file =
      golden.load({.path = Path::fast, .n_threads = 2, .placement = Placement::file});
  const auto in_memory =
      golden.load({.path = Path::fast, .n_threads = 2, .placement = Placement::memory});
  ASSERT_TRUE(in_file && in_memory);
  const AllOutputs expected = run_everything(*in_file, golden.ids);
  const AllOutputs got = run_everything(*in_memory, golden.ids);
  EXPECT_EQ(got.trunk.logits, expected.trunk.logits);
  ASSERT_EQ(got.mtp.size(), expected.mtp.size());
  for (size_t k = 0; k < got.mtp.size(); ++k)
    EXPECT_EQ(got.mtp[k].logits, expected.mtp[k].logits) << k;
}

}  // namespace
}  // namespace stride::model
