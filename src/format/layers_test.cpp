// SPDX-License-Identifier: Apache-2.0
#include "format/layers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <vector>

namespace stride::format {
namespace {

using testing::HasSubstr;

TEST(Layers, ReadsNames) {
  EXPECT_EQ(layer_of("blk.12.attn_q.weight"), 12);
  EXPECT_EQ(layer_of("output.weight"), -1);
  EXPECT_EQ(layer_of("blk.x"), -1);
  EXPECT_EQ(layer_of("blk.1"), -1);
  EXPECT_EQ(layer_of("blk.-1.x"), -1);
  EXPECT_EQ(layer_of("blk.99999999999.x"), -1);
  EXPECT_EQ(role_of("blk.12.attn_q.weight"), "attn_q.weight");
  EXPECT_EQ(role_of("output.weight"), "output.weight");
}

struct File {
  std::optional<uint32_t> block_count, nextn;
  std::vector<uint32_t> trunk, mtp;  // the layers that have tensors
};

Result<Depth> depth_of(const File& file) {
  Metadata m;
  m.set_string("general.architecture", "step35");
  if (file.block_count) m.set_u32("step35.block_count", *file.block_count);
  if (file.nextn) m.set_u32("step35.nextn_predict_layers", *file.nextn);
  std::vector<Tensor> tensors;
  const auto add = [&](uint32_t layer, const char* role) {
    tensors.emplace_back().name = fmt::format("blk.{}.{}", layer, role);
  };
  for (const uint32_t i : file.trunk) add(i, "attn_norm.weight");
  for (const uint32_t i : file.mtp) {
    add(i, "attn_norm.weight");
    add(i, "nextn.eh_proj.weight");
  }
  return read_depth(m, tensors);
}

using Layers = std::vector<uint32_t>;
const Layers kTrunk = {0, 1, 2, 3, 4, 5}, kMtp = {6, 7, 8}, kHole = {0, 1, 2, 4, 5};

TEST(Layers, TensorsTellTheDepth) {
  struct Case {
    const char* what;
    File file;
    uint32_t n_layer, n_mtp, n_elsewhere;
    bool warns = false;
  };
  const Case cases[] = {
      {"embedded", {9, 3, kTrunk, kMtp}, 6, 3, 0},
      {"trunk alone", {6, {}, kTrunk, {}}, 6, 0, 0},
      {"MTP layers elsewhere", {9, 3, kTrunk, {}}, 6, 0, 3},
      {"some MTP layers elsewhere", {9, 3, kTrunk, {6, 7}}, 6, 2, 1},
      {"elsewhere and not in block_count", {6, 3, kTrunk, {}}, 6, 0, 3, true},
      {"embedded and not announced", {9, {}, kTrunk, kMtp}, 6, 3, 0, true},
      {"embedded and not in block_count", {6, 3, kTrunk, kMtp}, 6, 3, 0, true},
      {"more MTP layers than blocks", {2, 3, {0, 1}, {}}, 2, 0, 3, true},
      {"a deeper trunk than announced", {4, {}, kTrunk, {}}, 6, 0, 0, true},
      {"no tensors", {9, 3, {}, {}}, 6, 0, 3},
      {"MTP layers alone", {9, 3, {}, kMtp}, 6, 3, 0},
      {"MTP layers alone, not announced", {9, {}, {}, kMtp}, 6, 3, 0, true},
      {"MTP layers alone, not in block_count", {6, 3, {}, kMtp}, 6, 3, 0, true},
  };
  for (const Case& c : cases) {
    const auto depth = depth_of(c.file);
    ASSERT_TRUE(depth) << c.what << ": " << depth.error().message;
    EXPECT_EQ(depth->n_layer, c.n_layer) << c.what;
    EXPECT_EQ(depth->n_mtp, c.n_mtp) << c.what;
    EXPECT_EQ(depth->n_elsewhere, c.n_elsewhere) << c.what;
    EXPECT_EQ(depth->only_mtp, c.file.trunk.empty() && !c.file.mtp.empty()) << c.what;
    EXPECT_EQ(depth->warning.empty(), !c.warns) << c.what << ": " << depth->warning;
  }
  EXPECT_EQ(depth_of({9, {}, kTrunk, kMtp})->warning,
            "step35.block_count is 9 and step35.nextn_predict_layers is 0, but the tensors are "
            "those of 6 trunk layers and 3 MTP layers");
}

// A lost layer makes no model shallower, wherever it was.
TEST(Layers, MissingLayersCount) {
  const Layers no_first = {1, 2, 3, 4, 5}, no_last = {0, 1, 2, 3, 4};
  for (const Layers& trunk : {kHole, no_first, no_last}) {
    for (const File& file :
         {File{6, {}, trunk, {}}, File{9, 3, trunk, {}}, File{6, 3, trunk, {}},
          File{9, 3, trunk, kMtp}, File{9, {}, trunk, kMtp}, File{6, 3, trunk, kMtp}}) {
      const auto depth = depth_of(file);
      ASSERT_TRUE(depth) << depth.error().message;
      EXPECT_EQ(depth->n_layer, 6U);
      EXPECT_EQ(depth->n_mtp, file.mtp.size());
      EXPECT_FALSE(depth->only_mtp);
    }
  }
  EXPECT_EQ(depth_of({9, 3, kTrunk, {6, 8}})->n_mtp, 3U);
  EXPECT_EQ(depth_of({9, 3, {}, {7, 8}})->n_layer, 6U);
}

TEST(Layers, RefusesDepthsThatCannotBe) {
  const auto error = [](const File& file) {
    const auto depth = depth_of(file);
    return depth ? "none" : depth.error().message;
  };
  EXPECT_THAT(error({{}, {}, kTrunk, {}}), HasSubstr("step35.block_count"));
  EXPECT_THAT(error({0, {}, kTrunk, {}}), HasSubstr("step35.block_count is 0"));
  EXPECT_THAT(error({4097, {}, kTrunk, {}}), HasSubstr("must be from 1 to 4096"));
  EXPECT_THAT(error({6, 4097, kTrunk, {}}), HasSubstr("nextn_predict_layers is 4097"));
  EXPECT_THAT(error({9, 3, {}, {0, 1, 2}}), HasSubstr("no trunk layers"));
  EXPECT_THAT(error({6, {}, {0, 4096}, {}}),
              HasSubstr("tensor blk.4096.attn_norm.weight is beyond the 4096 layers"));
  EXPECT_EQ(depth_of({6, {}, {0, 4095}, {}})->n_layer, 4096U);
  Metadata other;
  other.set_string("general.architecture", "llama");
  EXPECT_THAT(read_depth(other, {}).error().message, HasSubstr("architecture is llama"));
}

}  // namespace
}  // namespace stride::format
