// SPDX-License-Identifier: Apache-2.0
#include "model/config.h"

#include <gtest/gtest.h>

#include <cmath>

namespace stride::model {
namespace {

using format::Metadata;

Config flash() {
  Config c;
  c.name = "Step-3.5-Flash";
  c.n_vocab = 128896;
  c.n_embd = 4096;
  c.n_layer = 45;
  c.n_mtp = 3;
  c.n_ctx_train = 262144;
  c.head_dim = 128;
  c.n_ff = 11264;
  c.n_expert = 288;
  c.n_expert_used = 8;
  c.n_ff_expert = c.n_ff_shared = 1280;
  c.expert_scale = 3;
  c.window = 512;
  c.layers.resize(48);
  for (uint32_t i = 0; i < 48; ++i) {
    LayerConfig& l = c.layers[i];
    const bool full = i % 4 == 0 && i < 45;
    l.attention = full ? Attention::full : Attention::sliding;
    l.n_head = full ? 64 : 96;
    l.n_head_kv = 8;
    l.n_rot = full ? 64 : 128;
    l.rope_theta = full ? 5e6 : 1e4;
    l.rope_scaled = full;
    l.moe = i >= 3 && i < 45;
    l.clamp = i == 43 || i == 44 ? 7 : 0;
    l.clamp_shared = i == 43 || i == 44 ? 16 : 0;
  }
  return c;
}

Metadata flash_metadata() {
  Metadata m;
  write_config(flash(), m);
  m.set_strings("tokenizer.ggml.tokens", std::vector<std::string>(128896, "x"));
  return m;
}

// As from a file that holds what flash() describes.
Result<Config> read(const Metadata& metadata, std::vector<std::string>& warnings) {
  std::vector<format::Tensor> tensors(3);
  tensors[0].name = "blk.0.attn_norm.weight";
  tensors[1].name = "blk.45.nextn.eh_proj.weight";
  tensors[2].name = "blk.47.nextn.eh_proj.weight";
  return read_config(metadata, STRIDE_TRY(format::read_depth(metadata, tensors)), warnings);
}

TEST(Config, WritesAndReadsTheRealShape) {
  std::vector<std::string> warnings;
  const auto got = read(flash_metadata(), warnings);
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_TRUE(warnings.empty());
  const Config want = flash();
  EXPECT_EQ(got->n_layer, 45U);
  EXPECT_EQ(got->n_mtp, 3U);
  EXPECT_EQ(got->n_vocab, 128896U);
  EXPECT_EQ(got->max_q_width(), 12288U);
  for (size_t i = 0; i < 48; ++i) {
    EXPECT_EQ(got->layers[i].attention, want.layers[i].attention) << i;
    EXPECT_EQ(got->layers[i].n_rot, want.layers[i].n_rot) << i;
    EXPECT_EQ(got->layers[i].moe, want.layers[i].moe) << i;
    EXPECT_EQ(got->layers[i].clamp, want.layers[i].clamp) << i;
    EXPECT_EQ(got->layers[i].rope_theta, want.layers[i].rope_theta) << i;
  }
}

TEST(Config, ReadsOlderKeyNames) {
  Metadata m = flash_metadata();
  for (const char* key :
       {"swiglu_clamp_exp", "swiglu_clamp_shexp", "rope.dimension_count", "rope.freq_base_swa"}) {
    m.erase(std::string("step35.") + key);
  }
  std::vector<double> limits(48), bases(48);
  std::vector<int64_t> widths(48);
  for (size_t i = 0; i < 48; ++i) {
    limits[i] = i == 43 ? 7 : 0;
    bases[i] = i % 4 == 0 && i < 45 ? 5e6 : 2e4;
    widths[i] = i % 4 == 0 && i < 45 ? 64 : 128;
  }
  m.set_f32s("step35.swiglu_limits", limits);
  m.set_f32s("step35.swiglu_limits_shared", limits);
  m.set_f32s("step35.rope.freq_base_per_layer", bases);
  m.set_u32s("step35.rope.dimension_count_per_layer", widths);
  std::vector<std::string> warnings;
  const auto c = read(m, warnings);
  ASSERT_TRUE(c) << c.error().message;
  EXPECT_EQ(c->layers[43].clamp_shared, 7);
  EXPECT_EQ(c->layers[1].rope_theta, 2e4);
  EXPECT_EQ(c->layers[0].n_rot, 64U);
  EXPECT_EQ(c->layers[47].n_rot, 128U);
}

TEST(Config, RotaryWidthDefaultsToTheHeadAndIsHalvedOnFullLayers) {
  Metadata m = flash_metadata();
  m.erase("step35.rope.dimension_count");
  std::vector<std::string> warnings;
  const auto c = read(m, warnings);
  ASSERT_TRUE(c);
  EXPECT_EQ(c->layers[0].n_rot, 64U);
  EXPECT_EQ(c->layers[1].n_rot, 128U);
}

// Architecture section 5.2: divisors of the scaled frequencies on full layers.
TEST(Config, RopeFactorsMatchThePublishedTable) {
  const Config c = flash();
  const auto scaled = rope_frequencies(c, c.layers[0]);
  ASSERT_EQ(scaled.size(), 32U);
  const auto factor = [&](size_t i) {
    return std::pow(5e6, -2.0 * static_cast<double>(i) / 64) / scaled[i];
  };
  const std::pair<size_t, double> table[] = {{0, 1},         {13, 1},        {14, 1.138363},
                                             {15, 1.374499}, {16, 1.576436}, {17, 1.733729},
                                             {18, 1.847569}, {19, 1.925649}, {20, 1.977251},
                                             {21, 2},        {31, 2}};
  for (const auto& [i, want] : table) EXPECT_NEAR(factor(i), want, 1e-6) << i;
  const auto plain = rope_frequencies(c, c.layers[1]);
  ASSERT_EQ(plain.size(), 64U);
  EXPECT_DOUBLE_EQ(plain[32], std::pow(1e4, -0.5));
}

struct BadCase {
  const char* what;
  void (*damage)(Metadata&);
  const char* message;
};

TEST(Config, RefusesWhatCannotBeRun) {
  const BadCase cases[] = {
      {"another architecture", [](Metadata& m) { m.set_string("general.architecture", "llama"); },
       "architecture is llama"},
      {"no layers", [](Metadata& m) { m.set_u32("step35.block_count", 0); },
       "step35.block_count is 0"},
      {"too many MTP layers", [](Metadata& m) { m.set_u32("step35.nextn_predict_layers", 4097); },
       "nextn_predict_layers is 4097"},
      {"short array", [](Metadata& m) { m.set_u32s("step35.attention.head_count", {64, 96}); },
       "has 2 entries for 48 layers"},
      {"zero heads", [](Metadata& m) { m.set_u32("step35.attention.head_count_kv", 0); },
       "head_count_kv is 0"},
      {"indivisible heads", [](Metadata& m) { m.set_u32("step35.attention.head_count_kv", 7); },
       "do not divide"},
      {"huge width", [](Metadata& m) { m.set_u32("step35.embedding_length", 0xffffffff); },
       "embedding_length"},
      {"top-k above experts", [](Metadata& m) { m.set_u32("step35.expert_used_count", 289); },
       "expert_used_count is 289"},
      {"softmax router", [](Metadata& m) { m.set_u32("step35.expert_gating_func", 1); },
       "only 2 (sigmoid)"},
      {"no window", [](Metadata& m) { m.set_u32("step35.attention.sliding_window", 0); },
       "sliding_window is 0"},
      {"NaN epsilon",
       [](Metadata& m) { m.set_f32("step35.attention.layer_norm_rms_epsilon", NAN); },
       "positive number"},
      {"negative clamp", [](Metadata& m) { m.set_f32s("step35.swiglu_clamp_exp", {-1}); },
       "zero or positive"},
      {"wide rotation", [](Metadata& m) { m.set_u32("step35.rope.dimension_count", 256); },
       "rope.dimension_count is 256"},
      {"odd rotation", [](Metadata& m) { m.set_u32("step35.rope.dimension_count", 126); },
       "odd number"},
      {"wrong type", [](Metadata& m) { m.set_string("step35.block_count", "45"); },
       "not an integer"},
  };
  for (const BadCase& bad : cases) {
    Metadata m = flash_metadata();
    bad.damage(m);
    std::vector<std::string> warnings;
    const auto c = read(m, warnings);
    ASSERT_FALSE(c) << bad.what;
    EXPECT_NE(c.error().message.find(bad.message), std::string::npos)
        << bad.what << ": " << c.error().message;
  }
}

}  // namespace
}  // namespace stride::model
