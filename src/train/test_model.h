// SPDX-License-Identifier: Apache-2.0
// A model of every feature in the smallest size that shows them, and text for it, for the tests.
#pragma once

#include "base/random.h"
#include "train/data_source.h"
#include "train/parameters.h"

namespace stride::train {

// Five trunk layers (full, three sliding, full), the first dense, clamps active in the last two,
// and three MTP heads.
inline model::Config test_config() {
  model::Config config;
  config.name = "test";
  config.n_vocab = 48;
  config.n_embd = 32;
  config.n_layer = 5;
  config.n_mtp = 3;
  config.n_ctx_train = 4096;
  config.head_dim = 16;
  config.n_ff = 48;
  config.n_expert = 6;
  config.n_expert_used = 2;
  config.n_ff_expert = 16;
  config.n_ff_shared = 24;
  config.expert_scale = 3;
  config.window = 8;
  for (uint32_t i = 0; i < config.n_layer + config.n_mtp; ++i) {
    const bool trunk = i < config.n_layer, full = trunk && i % 4 == 0;
    model::LayerConfig layer;
    layer.attention = full ? model::Attention::full : model::Attention::sliding;
    layer.n_head = full ? 4 : 6;
    layer.n_head_kv = 2;
    layer.n_rot = full ? 8 : 16;
    layer.rope_theta = full ? 5e6 : 1e4;
    layer.rope_scaled = full;
    layer.moe = trunk && i >= 1;
    layer.clamp = trunk && i >= 3 ? 0.05F : 0;
    layer.clamp_shared = trunk && i >= 3 ? 0.1F : 0;
    config.layers.push_back(layer);
  }
  return config;
}

// Endless rows of two documents in which each token follows from the two before it, but for noise.
class TestSource : public DataSource {
 public:
  explicit TestSource(uint32_t n_vocab = 48) : n_vocab_(n_vocab) {}

  uint32_t n_vocab() const override { return n_vocab_; }
  std::vector<std::string> skills() const override { return {"early", "late"}; }

  Result<Batch> next_batch(uint32_t n_row, uint32_t length) override {
    Batch batch;
    batch.n_row = n_row;
    batch.length = length;
    for (uint32_t row = 0; row < n_row; ++row, ++next_) {
      Random random(next_);
      const auto edge = static_cast<uint32_t>(length / 3 + random.below(length / 3));
      for (uint32_t i = 0; i < length; ++i) {
        const uint32_t start = i < edge ? 0 : edge;
        const auto& seen = batch.tokens;
        uint64_t token = random.below(n_vocab_);
        if (i >= start + 2 && random.below(16) != 0)
          token = (seen[seen.size() - 1] + 3 * seen[seen.size() - 2] + 1) % n_vocab_;
        batch.tokens.push_back(static_cast<uint16_t>(token));
        batch.weights.push_back(i < start + 2 ? 0 : kFullWeight);
        batch.starts.push_back(start);
        batch.skills.push_back(start == 0 ? 0 : 1);
      }
    }
    return batch;
  }

  std::string cursor() const override { return std::to_string(next_); }
  Result<> seek(std::string_view cursor) override {
    if (cursor.empty() || cursor.find_first_not_of("0123456789") != std::string_view::npos)
      return fail(Errc::format, "\"{}\" is no cursor of the test source", cursor);
    next_ = std::stoull(std::string(cursor));
    return {};
  }

 private:
  uint32_t n_vocab_;
  uint64_t next_ = 1;
};

}  // namespace stride::train
