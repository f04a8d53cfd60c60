// SPDX-License-Identifier: Apache-2.0
// Mistakes in the configuration are named by their path; the learning-rate plan has its known
// points.
#include "train/train_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace stride::train {
namespace {

constexpr std::string_view kConfig = R"({
  "name": "n",
  "model": {"n_embd": 256, "head_dim": 32, "n_layer": 9, "n_mtp": 3, "context_length": 131072,
            "n_ff": 512, "n_expert": 16, "n_expert_used": 2, "n_ff_expert": 64, "n_ff_shared": 64,
            "window": 64, "n_head_kv": 2, "n_head_full": 8, "n_head_sliding": 12, "n_dense": 1},
  "data": {"seed": 1, "tokenizer": "t.json"},
  "optimizer": {},
  "stages": [
    {"name": "a", "tokens": 100000, "length": 100, "rows": 10, "learning_rate": [0.01, 0.001],
     "warmup_steps": 10},
    {"name": "b", "tokens": 5500, "length": 1000, "rows": 1, "learning_rate": [0.001, 0.001]}
  ]})";

TEST(TrainConfig, ReadsShapeAndStages) {
  const TrainConfig config = parse_train_config(kConfig, 512).value();
  EXPECT_EQ(config.model.layers.size(), 12U);
  EXPECT_EQ(config.model.layers[4].n_rot, 16U);
  EXPECT_TRUE(config.model.layers[4].rope_scaled);
  EXPECT_EQ(config.model.layers[5].n_head, 12U);
  EXPECT_FALSE(config.model.layers[0].moe);
  EXPECT_FALSE(config.model.layers[9].moe);
  EXPECT_EQ(config.model.layers[6].clamp, 0);
  EXPECT_EQ(config.model.layers[7].clamp, 7);
  EXPECT_EQ(config.model.layers[8].clamp_shared, 16);
  EXPECT_EQ(config.model.layers[11].clamp_shared, 0);
  EXPECT_EQ(config.stages[0].n_step, 100U);
  EXPECT_EQ(config.stages[1].n_step, 6U);
  EXPECT_EQ(config.n_token(), 106000U);
  EXPECT_EQ(config.longest(), 1000U);
  EXPECT_EQ(config.locate(99), (std::pair<size_t, uint64_t>(0, 99)));
  EXPECT_EQ(config.locate(100), (std::pair<size_t, uint64_t>(1, 0)));
  EXPECT_EQ(config.locate(500), (std::pair<size_t, uint64_t>(1, 400)));
}

TEST(TrainConfig, LearningRateWarmsUpAndFollowsACosine) {
  const Stage stage = parse_train_config(kConfig, 512).value().stages[0];
  EXPECT_DOUBLE_EQ(stage.learning_rate(0), 0.001);
  EXPECT_DOUBLE_EQ(stage.learning_rate(9), 0.01);
  EXPECT_DOUBLE_EQ(stage.learning_rate(10), 0.01);
  EXPECT_NEAR(stage.learning_rate(10 + 89 / 2), 0.0055, 1e-4);
  EXPECT_DOUBLE_EQ(stage.learning_rate(99), 0.001);
  EXPECT_DOUBLE_EQ(stage.learning_rate(5000), 0.001);
}

struct Mistake {
  std::string_view from, to, message;
};

class TrainConfigMistake : public testing::TestWithParam<Mistake> {};

TEST_P(TrainConfigMistake, IsNamed) {
  std::string text(kConfig);
  const size_t at = text.find(GetParam().from);
  ASSERT_NE(at, std::string::npos);
  text.replace(at, GetParam().from.size(), GetParam().to);
  const auto config = parse_train_config(text, 512);
  ASSERT_FALSE(config);
  EXPECT_THAT(config.error().message, testing::HasSubstr(GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(
    All, TrainConfigMistake,
    testing::Values(
        Mistake{"\"length\": 1000", "\"length\": 0",
                "line 11: stages/1/length must be a whole number from 8"},
        Mistake{"\"length\": 1000", "\"length\": \"x\"", "stages/1/length must be"},
        Mistake{"\"rows\": 10,", "", "line 9: stages/0/rows is missing"},
        Mistake{"\"window\"", "\"widow\"", "line 3: model/window is missing"},
        Mistake{"\"data\"", "\"windw\": 3, \"data\"", "line 6: windw is not a setting"},
        Mistake{"[0.01, 0.001]", "[0.01]", "stages/0/learning_rate must be two numbers"},
        Mistake{"\"n_expert_used\": 2", "\"n_expert_used\": 17", "model/n_expert_used"},
        Mistake{"\"n_head_full\": 8", "\"n_head_full\": 7", "a multiple of n_head_kv"},
        Mistake{"\"warmup_steps\": 10", "\"freeze_trunk\": true", "stages/0/freeze_trunk"},
        Mistake{"\"model\": {", "\"model\": [", "line 3"},
        Mistake{"\"tokenizer\": \"t.json\"", "\"tokenizer\": 3", "data/tokenizer must be a text"},
        Mistake{"\"optimizer\": {}", "\"optimizer\": {\"decay\": -1}", "optimizer/decay must be"}));

}  // namespace
}  // namespace stride::train
