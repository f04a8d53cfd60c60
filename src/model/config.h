// SPDX-License-Identifier: Apache-2.0
// The shape of a step35 model, read from the metadata of its file and checked: every count is in
// range and every per-layer array has an entry for each layer, so that what is computed from it
// cannot overflow.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"
#include "format/layers.h"
#include "format/metadata.h"

namespace stride::model {

enum class Attention : uint8_t { full, sliding };

struct LayerConfig {
  Attention attention = Attention::full;
  uint32_t n_head = 0;     // query heads
  uint32_t n_head_kv = 0;  // key-value heads; n_head is a multiple of it
  uint32_t n_rot = 0;      // leading dimensions of a head that are rotated
  double rope_theta = 0;
  bool rope_scaled = false;  // the llama3 frequency scaling applies
  bool moe = false;          // routed experts and a shared one, else a dense feed-forward
  float clamp = 0;           // SwiGLU limit of routed experts; 0 = none
  float clamp_shared = 0;    // of the shared expert, and of dense layers
};

struct Config {
  std::string name;
  uint32_t n_vocab = 0;
  uint32_t n_embd = 0;   // width of the residual stream
  uint32_t n_layer = 0;  // trunk layers
  uint32_t n_mtp = 0;    // multi-token-prediction layers, which follow the trunk's in `layers`
  uint32_t n_ctx_train = 0;
  uint32_t head_dim = 0;
  uint32_t n_ff = 0;      // width of dense feed-forwards
  uint32_t n_expert = 0;  // 0 if no layer has experts
  uint32_t n_expert_used = 0;
  uint32_t n_ff_expert = 0;
  uint32_t n_ff_shared = 0;
  float expert_scale = 1;  // of the renormalised routing weights
  uint32_t window = 0;     // keys a sliding layer sees, the query's own included
  float rms_eps = 1e-5F;
  // llama3 scaling of the rotary frequencies (architecture section 5.2).
  double rope_factor = 2;
  double rope_original_context = 131072;
  double rope_low_freq = 1;
  double rope_high_freq = 32;
  std::vector<LayerConfig> layers;  // [n_layer + n_mtp]

  // The largest n_head * head_dim of any layer: the size of query and attention-output rows.
  uint32_t max_q_width() const;
};

// Reads step35.* keys, in their current and older spellings, of a file of this depth. `n_vocab`
// comes from the token list where the key is absent. `warnings` receives one sentence for each
// oddity that was put right.
Result<Config> read_config(const format::Metadata& metadata, const format::Depth& depth,
                           std::vector<std::string>& warnings);

// The inverse: the keys a file of this shape carries. Used by whoever writes a model.
void write_config(const Config& config, format::Metadata& metadata);

// Rotary frequencies of a layer after scaling: [n_rot / 2], angle = position * frequency.
std::vector<double> rope_frequencies(const Config& config, const LayerConfig& layer);

}  // namespace stride::model
