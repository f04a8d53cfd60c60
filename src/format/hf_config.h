// SPDX-License-Identifier: Apache-2.0
// config.json of a Hugging Face checkpoint of Step-3.5 or Step-3.7 as the keys a GGUF file carries.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"
#include "format/metadata.h"
#include "json/json_fwd.h"

namespace stride::format {

struct HfConfig {
  uint32_t n_layer = 0;  // trunk layers
  uint32_t n_mtp = 0;    // layers after them that the configuration announces
  uint32_t n_vocab = 0;
  uint32_t head_dim = 0;
  // The rotation of full layers, for the table of frequency divisors that GGUF files carry.
  uint32_t n_rot_full = 0;
  double theta_full = 0;
  double rope_factor = 1;
  double rope_original_context = 131072;
  bool tied_embeddings = false;
  std::vector<int64_t> eos_ids;      // every token that ends a turn
  int64_t bos_id = -1, pad_id = -1;  // -1: not named
};

// Adds general.architecture and step35.* to the metadata. `with_mtp` is whether the checkpoint
// holds the announced MTP layers; without them only the trunk is described.
Result<HfConfig> read_hf_config(const Json& config, bool with_mtp, Metadata& out);

// Number of MTP layers and trunk layers that a configuration announces; needed to know which
// tensors to look for.
Result<HfConfig> read_hf_depth(const Json& config);

// [head_dim / 2] divisors of the rotary frequencies of full layers: llama3 scaling for the first
// n_rot_full / 2, ones after them.
std::vector<float> rope_divisors(const HfConfig& config);

}  // namespace stride::format
