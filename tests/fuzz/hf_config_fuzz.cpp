// SPDX-License-Identifier: Apache-2.0
// Any JSON as config.json and as tokenizer.json of a checkpoint: refused with a sentence, or turned
// into keys.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "format/hf_config.h"
#include "format/hf_tokenizer.h"
#include "json/json.h"

namespace {

using namespace stride;

void require(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto json = json::parse({reinterpret_cast<const char*>(data), size});
  if (!json) return 0;
  format::Metadata metadata;
  const auto config = format::read_hf_config(*json, size % 2 == 0, metadata);
  if (config) {
    require(config->n_layer > 0 && config->head_dim > 0);
    require(format::rope_divisors(*config).size() == config->head_dim / 2);
    require(metadata.contains("step35.block_count"));
  } else {
    require(!config.error().message.empty());
  }
  format::HfConfig small;
  small.n_vocab = 64;
  std::vector<std::string> warnings;
  format::Metadata tokenizer;
  if (format::read_hf_tokenizer(*json, *json, small, tokenizer, warnings)) {
    const auto tokens = tokenizer.strings("tokenizer.ggml.tokens");
    require(tokens && tokens->size() == small.n_vocab);
  }
  return 0;
}
