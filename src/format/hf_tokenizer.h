// SPDX-License-Identifier: Apache-2.0
// tokenizer.json (and tokenizer_config.json) of a Hugging Face checkpoint as the tokenizer.* keys a
// GGUF file carries: tokens, their kinds, merges, special ids, chat template.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"
#include "format/hf_config.h"
#include "format/metadata.h"
#include "json/json_fwd.h"

namespace stride::format {

// Kinds of tokens, numbered as in GGUF.
enum class TokenKind : int32_t {
  normal = 1,
  unknown = 2,
  control = 3,
  user_defined = 4,
  unused = 5,
  byte = 6
};

// `settings` is tokenizer_config.json, or null. Ids without a token up to config.n_vocab become
// unused ones. Fails if tokens are more than config.n_vocab or two share an id.
Result<> read_hf_tokenizer(const Json& tokenizer, const Json& settings, const HfConfig& config,
                           Metadata& out, std::vector<std::string>& warnings);

}  // namespace stride::format
