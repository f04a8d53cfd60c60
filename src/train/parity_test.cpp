// SPDX-License-Identifier: Apache-2.0
// The trainer's model and the runtime's reference path, two implementations of one specification,
// give the same logits on the same weights: trunk and MTP heads, in memory and through a file.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "format/convert.h"
#include "model/model.h"
#include "train/step_model.h"
#include "train/test_model.h"
#include "train/trained_catalog.h"

namespace stride::train {
namespace {

constexpr float kBound = 1e-4F;
constexpr size_t kTokens = 50;  // six windows

class Parity : public testing::Test {
 protected:
  Parity() : config(test_config()), table(config), weights(table.size()) {
    Random random(21);
    // Every parameter counts: norms away from one, biases that change the choice of experts.
    table.initialise(weights, random);
    for (const Parameter& p : table.entries()) {
      const double more = p.rule == Rule::norm ? 0.2 : p.rule == Rule::balance ? 0.05 : 0;
      for (size_t i = 0; more > 0 && i < p.size(); ++i)
        weights[p.offset + i] = static_cast<float>(more * random.normal());
      if (p.rule == Rule::adam && p.deviation < 0.1)
        for (size_t i = 0; i < p.size(); ++i) weights[p.offset + i] *= 10;
    }
    // The runtime takes the number of tokens from the list of them.
    std::vector<std::string> names;
    for (uint32_t i = 0; i < config.n_vocab; ++i) names.push_back(fmt::format("t{}", i));
    vocabulary.set_strings("tokenizer.ggml.tokens", std::move(names));
    for (size_t i = 0; i < kTokens; ++i) ids.push_back(static_cast<uint16_t>(random.below(48)));
    std::vector<float> gradients(table.size());
    want = StepModel(config, weights, gradients, 64).logits(ids);
  }

  static void expect_equal(std::span<const float> got, std::span<const float> wanted,
                           const std::string& what) {
    ASSERT_EQ(got.size(), wanted.size()) << what;
    float worst = 0, largest = 0;
    for (size_t i = 0; i < got.size(); ++i) {
      worst = std::max(worst, std::abs(got[i] - wanted[i]));
      largest = std::max(largest, std::abs(wanted[i]));
    }
    EXPECT_LE(worst, kBound) << what;
    EXPECT_GT(largest, 0.1F) << what << ": nothing was compared";
  }

  void expect_parity(const format::TensorCatalog& catalog) const {
    std::vector<std::string> warnings;
    const auto loaded = model::Model::load(catalog, {.path = model::Path::reference}, warnings);
    ASSERT_TRUE(loaded) << loaded.error().message;
    model::Model& runtime = **loaded;
    const auto sequence = runtime.new_sequence(64).value();
    const std::vector<model::Token> tokens(ids.begin(), ids.end());
    model::Output out;
    ASSERT_TRUE(runtime.forward(
        *sequence, {.ids = tokens, .logits = model::Logits::all, .hidden = true}, out));
    expect_equal(out.logits, want.trunk, "trunk");
    ASSERT_EQ(want.heads.size(), 3U);
    for (uint32_t head = 0; head < 3; ++head) {
      const size_t n = kTokens - 1 - head;
      const std::vector<float> hidden(
          out.hidden.begin(), out.hidden.begin() + static_cast<ptrdiff_t>(n * config.n_embd));
      const auto next = std::span(tokens).subspan(1 + head, n);
      ASSERT_TRUE(runtime.forward_mtp(*sequence, head,
                                      {.ids = next, .logits = model::Logits::all, .hidden = true},
                                      hidden, out));
      expect_equal(out.logits, want.heads[head], fmt::format("MTP head {}", head));
    }
  }

  model::Config config;
  ParameterTable table;
  std::vector<float> weights;
  format::Metadata vocabulary;
  std::vector<uint16_t> ids;
  AllLogits want;
};

TEST_F(Parity, InMemory) {
  expect_parity(TrainedCatalog(config, weights, vocabulary));
}

TEST_F(Parity, ThroughAFile) {
  const auto path = std::filesystem::path(testing::TempDir()) / "stride_parity_test.gguf";
  const TrainedCatalog trained(config, weights, vocabulary);
  format::ConvertOptions options;
  options.mix = format::Mix::parse("F32").value();
  const auto report = format::convert_model(trained, path, options);
  ASSERT_TRUE(report) << report.error().message;
  const auto catalog = format::open_model(path);
  ASSERT_TRUE(catalog) << catalog.error().message;
  EXPECT_TRUE((*catalog)->warnings().empty());
  expect_parity(**catalog);
  std::filesystem::remove(path);
}

// Without clamps, window, bias or gate the logits differ by far more than the bound: the test above
// can see each of them.
TEST_F(Parity, WouldNoticeEachFeature) {
  const auto difference = [&](auto&& change) {
    model::Config other = config;
    std::vector<float> values = weights, gradients(table.size());
    change(other, values);
    const AllLogits got = StepModel(other, values, gradients, 64).logits(ids);
    float worst = 0;
    for (size_t i = 0; i < want.trunk.size(); ++i)
      worst = std::max(worst, std::abs(got.trunk[i] - want.trunk[i]));
    return worst;
  };
  using Values = std::vector<float>;
  EXPECT_GT(difference([](auto& c, Values&) { c.layers[3].clamp = 0; }), 10 * kBound);
  EXPECT_GT(difference([](auto& c, Values&) { c.layers[4].clamp_shared = 0; }), 10 * kBound);
  EXPECT_GT(difference([](auto& c, Values&) { c.window = 9; }), 10 * kBound);
  EXPECT_GT(difference([](auto& c, Values&) { c.expert_scale = 2.9F; }), 10 * kBound);
  EXPECT_GT(difference([](auto& c, Values&) { c.layers[0].rope_theta = 1e4; }), 10 * kBound);
  EXPECT_GT(difference([](auto& c, Values&) { c.layers[4].n_rot = 16; }), 10 * kBound);
  EXPECT_GT(difference([&](auto&, Values& w) {
              const Parameter& bias = *table.find("blk.2.exp_probs_b.bias");
              std::fill_n(w.begin() + static_cast<ptrdiff_t>(bias.offset), bias.size(), 0.0F);
            }),
            10 * kBound);
  EXPECT_GT(difference([&](auto&, Values& w) {
              const Parameter& gate = *table.find("blk.1.attn_gate.weight");
              std::fill_n(w.begin() + static_cast<ptrdiff_t>(gate.offset), gate.size(), 0.0F);
            }),
            10 * kBound);
}

}  // namespace
}  // namespace stride::train
