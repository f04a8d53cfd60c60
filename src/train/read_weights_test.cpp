// SPDX-License-Identifier: Apache-2.0
#include "train/read_weights.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "train/test_model.h"
#include "train/trained_catalog.h"

namespace stride::train {
namespace {

using testing::HasSubstr;

TEST(ReadWeights, BringsBackWhatACatalogShows) {
  const model::Config config = test_config();
  const ParameterTable table(config);
  std::vector<float> weights(table.size()), back(table.size());
  Random random(5);
  for (float& w : weights) w = static_cast<float>(0.1 * random.normal());
  ASSERT_TRUE(read_weights(TrainedCatalog(config, weights, {}), table, back));
  // 1 + w - 1 loses a bit or two of the norms.
  for (size_t i = 0; i < weights.size(); ++i) ASSERT_NEAR(back[i], weights[i], 1.2e-7) << i;
}

TEST(ReadWeights, NamesTheTensorOfAnotherShape) {
  model::Config config = test_config(), wider = config;
  wider.n_ff_shared += 8;
  const ParameterTable table(config), other(wider);
  std::vector<float> weights(table.size()), back(other.size());
  const auto read = read_weights(TrainedCatalog(config, weights, {}), other, back);
  ASSERT_FALSE(read);
  EXPECT_THAT(read.error().message, HasSubstr("ffn_gate_shexp.weight has the shape"));
}

TEST(ReadWeights, HeadsMayBeMissingButNotTheTrunk) {
  model::Config config = test_config(), bare = config, shallow = config;
  bare.n_mtp = 0;
  bare.layers.resize(bare.n_layer);
  const ParameterTable table(config);
  std::vector<float> weights(ParameterTable(bare).size(), 0.5F), back(table.size(), 0.25F);
  ASSERT_TRUE(read_weights(TrainedCatalog(bare, weights, {}), table, back));
  EXPECT_EQ(back[table.at("token_embd.weight")], 0.5F);
  EXPECT_EQ(back[table.entries().back().offset], 0.25F);

  shallow.n_mtp = 0;
  shallow.n_layer -= 1;
  shallow.layers.resize(shallow.n_layer);
  std::vector<float> fewer(ParameterTable(shallow).size());
  const auto read = read_weights(TrainedCatalog(shallow, fewer, {}), table, back);
  ASSERT_FALSE(read);
  EXPECT_THAT(read.error().message, HasSubstr("is missing"));
}

}  // namespace
}  // namespace stride::train
