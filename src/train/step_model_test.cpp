// SPDX-License-Identifier: Apache-2.0
// The whole model's gradient against differences of its loss, and the promises of its interface.
#include "train/step_model.h"

#include <gtest/gtest.h>

#include <cmath>

#include "train/test_model.h"

namespace stride::train {
namespace {

class StepModelTest : public testing::Test {
 protected:
  StepModelTest()
      : config(test_config()),
        table(config),
        weights(table.size()),
        gradients(table.size()),
        model(config, weights, gradients, 64) {
    Random random(9);
    table.initialise(weights, random);
    // Outputs and routers start small; larger ones make every path count.
    for (const char* name : {"output.weight", "blk.5.nextn.shared_head_head.weight"})
      for (size_t i = 0; i < table.find(name)->size(); ++i) weights[table.at(name) + i] *= 8;
    batch = TestSource().next_batch(3, 40).value();
    objective.n_mtp = 3;
    objective.head_weight = {1, 0.5, 0.4, 0.3};
    objective.normaliser = 100;
  }

  double total(const Losses& losses, bool trunk = true) const {
    double sum = 0;
    for (size_t h = trunk ? 0 : 1; h < losses.heads.size(); ++h)
      sum += objective.head_weight[h] * losses.heads[h].loss / objective.normaliser;
    return sum;
  }

  // Steps along the gradient of one parameter; compares the slope of the loss with its length.
  void expect_slope(const Parameter& p, const std::vector<float>& gradient) {
    double norm = 0;
    const auto each = [&](auto&& visit) {
      for (size_t m = 0; m < p.n_matrix; ++m)
        for (size_t i = 0; i < p.n_row * p.n_column; ++i) visit(p.offset + m * p.stride + i);
    };
    each([&](size_t i) { norm += std::pow(static_cast<double>(gradient[i]), 2); });
    norm = std::sqrt(norm);
    ASSERT_GT(norm, 0) << p.name;
    const std::vector<float> before = weights;
    const double step = 1e-3;
    double loss[2];
    for (int side = 0; side < 2; ++side) {
      each([&](size_t i) {
        weights[i] = before[i] + static_cast<float>((side == 0 ? -1 : 1) * step / norm *
                                                    static_cast<double>(gradient[i]));
      });
      loss[side] = total(model.accumulate(batch, 0, 3, objective));
    }
    weights = before;
    EXPECT_NEAR((loss[1] - loss[0]) / (2 * step) / norm, 1, 0.05) << p.name << " norm " << norm;
  }

  model::Config config;
  ParameterTable table;
  std::vector<float> weights, gradients;
  StepModel model;
  Batch batch;
  Objective objective;
};

TEST_F(StepModelTest, GradientIsTheSlopeOfTheLoss) {
  model.accumulate(batch, 0, 3, objective);
  const std::vector<float> gradient = gradients;
  for (const char* name :
       {"token_embd.weight", "blk.0.attn_q.weight", "blk.1.attn_k.weight", "blk.2.attn_gate.weight",
        "blk.0.ffn_up.weight", "blk.1.ffn_gate_exps.weight", "blk.4.ffn_down_exps.weight",
        "blk.3.ffn_down_shexp.weight", "blk.2.attn_q_norm.weight", "output_norm.weight",
        "output.weight", "blk.5.nextn.eh_proj.weight", "blk.6.nextn.hnorm.weight",
        "blk.7.nextn.enorm.weight", "blk.7.attn_v.weight", "blk.5.nextn.shared_head_head.weight"})
    expect_slope(*table.find(name), gradient);
}

TEST_F(StepModelTest, EveryParameterButTheBiasesLearns) {
  model.accumulate(batch, 0, 3, objective);
  for (const Parameter& p : table.entries()) {
    double sum = 0;
    for (size_t m = 0; m < p.n_matrix; ++m)
      for (size_t i = 0; i < p.n_row * p.n_column; ++i)
        sum += std::abs(static_cast<double>(gradients[p.offset + m * p.stride + i]));
    EXPECT_EQ(sum > 0, p.rule != Rule::balance) << p.name;
  }
}

TEST_F(StepModelTest, FrozenTrunkGetsNoGradientAndHeadsTheSameOne) {
  model.accumulate(batch, 0, 3, objective);
  const std::vector<float> all = gradients;
  std::fill(gradients.begin(), gradients.end(), 0.0F);
  objective.freeze_trunk = true;
  model.accumulate(batch, 0, 3, objective);
  for (const Parameter& p : table.entries()) {
    if (p.name == "token_embd.weight") continue;
    for (size_t i = p.offset; i < p.offset + p.n_row * p.n_column; ++i)
      ASSERT_FLOAT_EQ(gradients[i], p.mtp_head < 0 ? 0 : all[i]) << p.name;
  }
}

TEST_F(StepModelTest, RowsAddUp) {
  const Losses whole = model.accumulate(batch, 0, 3, objective);
  const std::vector<float> gradient = gradients;
  std::fill(gradients.begin(), gradients.end(), 0.0F);
  Losses parts = model.accumulate(batch, 0, 1, objective);
  parts.add(model.accumulate(batch, 1, 2, objective));
  for (size_t h = 0; h < 4; ++h) {
    EXPECT_NEAR(parts.heads[h].loss, whole.heads[h].loss, 1e-3);
    EXPECT_EQ(parts.heads[h].weight, whole.heads[h].weight);
    EXPECT_EQ(parts.heads[h].correct, whole.heads[h].correct);
  }
  EXPECT_NEAR(parts.skills[0].loss + parts.skills[1].loss, whole.heads[0].loss, 1e-3);
  EXPECT_EQ(parts.routing[2].load, whole.routing[2].load);
  double error = 0, size = 0;
  for (size_t i = 0; i < gradient.size(); ++i) {
    error += std::pow(static_cast<double>(gradient[i] - gradients[i]), 2);
    size += std::pow(static_cast<double>(gradient[i]), 2);
  }
  EXPECT_LT(std::sqrt(error / size), 1e-5);
}

TEST_F(StepModelTest, PackedDocumentsDoNotSeeEachOther) {
  const uint32_t edge = batch.starts[39];
  ASSERT_GT(edge, 0U);
  const auto late_loss = [&] { return model.accumulate(batch, 0, 1, objective).skills[1].loss; };
  const double before = late_loss();
  for (uint32_t i = 0; i < edge; ++i)
    batch.tokens[i] = static_cast<uint16_t>((batch.tokens[i] + 7) % 48);
  // Not bit for bit: the other document changes how many tokens share an expert's product.
  EXPECT_NEAR(late_loss(), before, 1e-4);
  batch.tokens[edge] = static_cast<uint16_t>((batch.tokens[edge] + 7) % 48);
  EXPECT_GT(std::abs(late_loss() - before), 1e-2);
}

TEST_F(StepModelTest, PackingChangesNoLoss) {
  // The second document alone, at the front of a row.
  const uint32_t edge = batch.starts[39], n = 40 - edge;
  Batch alone;
  alone.n_row = 1;
  alone.length = n;
  alone.tokens.assign(batch.tokens.begin() + edge, batch.tokens.begin() + 40);
  alone.weights.assign(batch.weights.begin() + edge, batch.weights.begin() + 40);
  alone.starts.assign(n, 0);
  const Losses packed = model.accumulate(batch, 0, 1, objective);
  const Losses single = model.accumulate(alone, 0, 1, objective);
  EXPECT_NEAR(single.heads[0].loss, packed.skills[1].loss, 1e-4);
  batch.weights.assign(batch.weights.size(), 0);
  for (uint32_t i = edge; i < 40; ++i) batch.weights[i] = alone.weights[i - edge];
  const Losses heads = model.accumulate(batch, 0, 1, objective);
  for (size_t h = 0; h < 4; ++h) {
    EXPECT_NEAR(single.heads[h].loss, heads.heads[h].loss, 1e-4);
    EXPECT_GT(single.heads[h].weight, 0);
  }
}

TEST_F(StepModelTest, LogitsGiveTheLossOfTraining) {
  const uint32_t edge = batch.starts[39];
  const std::span<const uint16_t> ids = std::span(batch.tokens).first(edge);
  const AllLogits all = model.logits(ids);
  for (uint32_t head = 0; head < 4; ++head) {
    const std::vector<float>& logits = head == 0 ? all.trunk : all.heads[head - 1];
    ASSERT_EQ(logits.size(), (head == 0 ? edge : edge - head) * 48);
    double sum = 0;
    for (uint32_t i = 0; i + 1 + head < edge; ++i) {
      const std::span<const float> row = std::span(logits).subspan(i * 48, 48);
      double exponentials = 0;
      for (const float x : row) exponentials += std::exp(static_cast<double>(x));
      if (batch.weights[i + 1 + head] > 0)
        sum += std::log(exponentials) - static_cast<double>(row[ids[i + 1 + head]]);
    }
    Batch first = batch;
    for (uint32_t i = edge; i < 40; ++i) first.weights[i] = 0;
    EXPECT_NEAR(model.accumulate(first, 0, 1, objective).heads[head].loss, sum, 1e-3);
  }
}

}  // namespace
}  // namespace stride::train
