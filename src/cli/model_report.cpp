// SPDX-License-Identifier: Apache-2.0
#include "cli/model_report.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#include "cli/suspicions.h"
#include "format/layers.h"
#include "model/kv_size.h"

namespace stride::cli {
namespace {

using format::Tensor;
using format::TensorCatalog;

constexpr std::array<uint32_t, 4> kContexts = {4096, 16384, 65536, 131072};

uint64_t scaled(uint64_t bytes, uint32_t used, uint32_t of) {
  return of == 0 ? bytes : static_cast<uint64_t>(static_cast<double>(bytes) * used / of);
}

// The share of a tensor that one decoded token reads: routed experts in part, one embedding row.
uint64_t read_per_token(Role role, uint64_t whole, uint64_t rows, const model::Config& c) {
  if (role == Role::routed_experts) return scaled(whole, c.n_expert_used, c.n_expert);
  return role == Role::embedding ? whole / rows : whole;
}

MtpState mtp_state(const format::Depth& depth) {
  if (depth.n_mtp > 0) return depth.only_mtp ? MtpState::only : MtpState::embedded;
  return depth.n_elsewhere > 0 ? MtpState::missing : MtpState::none;
}

std::optional<TokenizerSummary> summarise_tokenizer(const format::Metadata& m) {
  const auto tokens = m.strings("tokenizer.ggml.tokens");
  if (!tokens) return {};
  TokenizerSummary out;
  out.n_token = tokens->size();
  if (const auto model = m.string("tokenizer.ggml.model")) out.model = *model;
  if (const auto pre = m.string("tokenizer.ggml.pre")) out.pre = *pre;
  if (const auto merges = m.strings("tokenizer.ggml.merges")) out.n_merge = merges->size();
  if (const auto kinds = m.integers("tokenizer.ggml.token_type"))
    out.n_special = static_cast<uint64_t>(
        std::ranges::count_if(*kinds, [](int64_t kind) { return kind == 3 || kind == 4; }));
  const auto special = [&](std::string_view key, std::optional<int64_t>& id, std::string& text) {
    const auto value = m.integer(key);
    if (!value) return;
    id = *value;
    if (*value >= 0 && static_cast<uint64_t>(*value) < tokens->size())
      text = (*tokens)[static_cast<size_t>(*value)];
  };
  special("tokenizer.ggml.bos_token_id", out.bos, out.bos_text);
  special("tokenizer.ggml.eos_token_id", out.eos, out.eos_text);
  out.has_chat_template = m.contains("tokenizer.chat_template");
  return out;
}

void add_tensors(const TensorCatalog& catalog, ModelReport& report) {
  const model::Config& c = report.config;
  for (const Tensor& tensor : catalog.tensors()) {
    const Role role = role_of_tensor(tensor.name, c.n_layer);
    RoleSummary& summary = report.roles[role];
    ++summary.n_tensors;
    summary.bytes += tensor.bytes;
    summary.values += tensor.values();
    summary.types[tensor.type] += tensor.bytes;
    report.file_bytes += tensor.bytes;
    report.n_values += tensor.values();
    report.n_grouped += tensor.layout == quant::Layout::groups;
    if (role == Role::mtp || tensor.name == "rope_freqs.weight") continue;
    const uint64_t read = read_per_token(role, tensor.bytes, tensor.rows(), c);
    summary.bytes_per_token += read;
    report.bytes_per_token += read;
    if (role != Role::embedding)
      report.active_values += read_per_token(role, tensor.values(), tensor.rows(), c);
  }
  report.n_tensors = catalog.tensors().size();
  if (const auto it = report.roles.find(Role::mtp); it != report.roles.end() && c.n_mtp > 0)
    report.bytes_per_mtp_head = it->second.bytes / c.n_mtp;
}

// What a further token adds to the full layers, their last page apart.
CacheBytes bytes_of_token(const model::Config& c) {
  CacheBytes out;
  for (uint32_t i = 0; i < c.layers.size(); ++i) {
    if (c.layers[i].attention != model::Attention::full) continue;
    out.f16 += model::kv_shape(c, i, model::KvType::f16).position_bytes();
    out.int8 += model::kv_shape(c, i, model::KvType::int8).position_bytes();
  }
  return out;
}

// Layers of one kind, with room for so many tokens.
CacheBytes bytes_of(const model::Config& c, model::Attention kind, uint32_t n_tokens) {
  CacheBytes out;
  for (uint32_t i = 0; i < c.layers.size(); ++i) {
    if (c.layers[i].attention != kind) continue;
    const auto bytes = [&](model::KvType type) {
      return model::kv_bytes(c, i, type, n_tokens, model::kDefaultMaxRows);
    };
    out.f16 += bytes(model::KvType::f16);
    out.int8 += bytes(model::KvType::int8);
  }
  return out;
}

void add_cache(ModelReport& report) {
  const model::Config& c = report.config;
  report.cache_per_token = bytes_of_token(c);
  report.cache_constant = bytes_of(c, model::Attention::sliding, UINT32_MAX);
  for (const uint32_t context : kContexts) {
    if (context < c.n_ctx_train) report.memory.push_back({context, cache_bytes(c, context)});
  }
  report.memory.push_back({c.n_ctx_train, cache_bytes(c, c.n_ctx_train)});
}

}  // namespace

std::string_view role_name(Role role) {
  switch (role) {
    case Role::embedding:
      return "embedding";
    case Role::attention:
      return "attention";
    case Role::dense_ffn:
      return "dense ffn";
    case Role::router:
      return "router";
    case Role::routed_experts:
      return "routed experts";
    case Role::shared_expert:
      return "shared expert";
    case Role::output:
      return "output";
    case Role::norms:
      return "norms";
    case Role::mtp:
      return "mtp";
    case Role::other:
      return "other";
  }
  return "other";
}

Role role_of_tensor(std::string_view name, uint32_t n_layer) {
  const int layer = format::layer_of(name);
  const std::string_view role = format::role_of(name);
  if (layer >= static_cast<int>(n_layer)) return Role::mtp;
  if (role == "token_embd.weight") return Role::embedding;
  if (role == "output.weight") return Role::output;
  if (role.ends_with("norm.weight")) return Role::norms;
  if (layer < 0) return Role::other;
  if (role.starts_with("attn_")) return Role::attention;
  if (role == "ffn_gate_inp.weight" || role == "exp_probs_b.bias") return Role::router;
  if (role.ends_with("_exps.weight")) return Role::routed_experts;
  if (role.ends_with("_shexp.weight")) return Role::shared_expert;
  if (role == "ffn_gate.weight" || role == "ffn_up.weight" || role == "ffn_down.weight")
    return Role::dense_ffn;
  return Role::other;
}

CacheBytes cache_bytes(const model::Config& c, uint32_t n_tokens) {
  const auto bytes = [&](model::KvType type) {
    return model::kv_bytes(c, type, n_tokens, model::kDefaultMaxRows);
  };
  return {bytes(model::KvType::f16), bytes(model::KvType::int8)};
}

Result<ModelReport> make_report(const TensorCatalog& catalog) {
  ModelReport report;
  const auto depth = STRIDE_TRY(format::read_depth(catalog.metadata(), catalog.tensors()));
  report.config = STRIDE_TRY(model::read_config(catalog.metadata(), depth, report.suspicious));
  for (const std::string& warning : catalog.warnings()) report.suspicious.push_back(warning);
  add_tensors(catalog, report);
  add_cache(report);
  report.tokenizer = summarise_tokenizer(catalog.metadata());
  report.mtp = mtp_state(depth);
  report.n_mtp_elsewhere = depth.n_elsewhere;
  find_suspicions(catalog, report);
  return report;
}

}  // namespace stride::cli
