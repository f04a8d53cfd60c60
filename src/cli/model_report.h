// SPDX-License-Identifier: Apache-2.0
// What `stride inspect` knows about a model file, gathered from its metadata and tensor table; no
// weights are read but the table of rotary frequencies.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "format/tensor_catalog.h"
#include "json/json_fwd.h"
#include "model/config.h"

namespace stride::cli {

// What a tensor is for; in the order of the report.
enum class Role : uint8_t {
  embedding,
  attention,
  dense_ffn,
  router,
  routed_experts,
  shared_expert,
  output,
  norms,
  mtp,
  other,
};
std::string_view role_name(Role role);
Role role_of_tensor(std::string_view name, uint32_t n_layer);

struct RoleSummary {
  uint64_t n_tensors = 0;
  uint64_t bytes = 0;
  uint64_t values = 0;
  std::map<quant::Type, uint64_t> types;  // bytes of each
  uint64_t bytes_per_token = 0;           // read to decode one token
};

// Bytes of keys and values for both cache types.
struct CacheBytes {
  uint64_t f16 = 0, int8 = 0;
};

struct MemoryNeed {
  uint32_t context = 0;
  CacheBytes cache;  // of the trunk and of the MTP heads
};

struct TokenizerSummary {
  std::string model, pre;
  uint64_t n_token = 0, n_merge = 0, n_special = 0;
  std::optional<int64_t> bos, eos;
  std::string bos_text, eos_text;
  bool has_chat_template = false;
};

enum class MtpState : uint8_t { none, missing, embedded, only };

struct ModelReport {
  model::Config config;
  uint64_t file_bytes = 0;  // of all tensors
  uint64_t n_tensors = 0;
  uint64_t n_grouped = 0;  // of them, whose rows lie in groups: see format/layout.h
  uint64_t n_values = 0;
  std::map<Role, RoleSummary> roles;
  uint64_t bytes_per_token = 0;     // weights of the trunk that one decoded token reads
  uint64_t bytes_per_mtp_head = 0;  // and of each MTP head
  uint64_t active_values = 0;       // parameters of the trunk that one token uses
  CacheBytes cache_per_token;       // growth of the full layers by one token of context
  CacheBytes cache_constant;        // of the sliding layers, whatever longer context
  std::vector<MemoryNeed> memory;   // at some contexts, the trained one last
  std::optional<TokenizerSummary> tokenizer;
  MtpState mtp = MtpState::none;
  uint32_t n_mtp_elsewhere = 0;         // MTP heads that are announced but not in the file
  std::vector<std::string> suspicious;  // one sentence each
};

// Fails if the metadata describe no step35 model.
Result<ModelReport> make_report(const format::TensorCatalog& catalog);

Json to_json(const ModelReport& report);

// What a sequence of this capacity allocates on the fast path, in steps of kDefaultMaxRows rows.
CacheBytes cache_bytes(const model::Config& config, uint32_t n_tokens);

}  // namespace stride::cli
