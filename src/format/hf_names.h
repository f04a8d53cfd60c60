// SPDX-License-Identifier: Apache-2.0
// Tensor names of Hugging Face checkpoints of Step-3.5 and Step-3.7, as GGUF names.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace stride::format {

struct GgufName {
  std::string name;         // "blk.3.attn_norm.weight"
  bool add_one = false;     // the checkpoint stores the weight of a norm less one
  bool keep_float = false;  // presented as F32 whatever the checkpoint stores
};

// nullopt for a name that belongs to no tensor of the text model.
std::optional<GgufName> gguf_name(std::string_view hf_name);

// Tensors of the vision tower and its projector.
bool is_vision_tensor(std::string_view hf_name);

}  // namespace stride::format
