// SPDX-License-Identifier: Apache-2.0
#include <span>

#include "base/utf8.h"
#include "cli/model_report.h"
#include "json/json.h"
#include "model/kv_size.h"

namespace stride::cli {
namespace {

using model::Attention;
using model::LayerConfig;

// The common value of the layers of one kind, or a list with one entry a layer.
template <class Field>
Json of_layers(const model::Config& c, Attention kind, Field field) {
  Json list = Json::array();
  bool equal = true;
  for (const LayerConfig& layer : c.layers) {
    if (layer.attention != kind) continue;
    list.push_back(field(layer));
    equal = equal && list.back() == list.front();
  }
  if (list.empty()) return nullptr;
  return equal ? list.front() : list;
}

Json attention(const model::Config& c, Attention kind) {
  Json out;
  size_t n = 0;
  for (const LayerConfig& layer : std::span(c.layers).first(c.n_layer))
    n += layer.attention == kind;
  out["layers"] = n;
  out["heads"] = of_layers(c, kind, [](const LayerConfig& l) { return l.n_head; });
  out["kv_heads"] = of_layers(c, kind, [](const LayerConfig& l) { return l.n_head_kv; });
  out["rotated_dimensions"] = of_layers(c, kind, [](const LayerConfig& l) { return l.n_rot; });
  out["rope_theta"] = of_layers(c, kind, [](const LayerConfig& l) { return l.rope_theta; });
  return out;
}

Json configuration(const model::Config& c) {
  Json out;
  out["architecture"] = "step35";
  out["name"] = to_valid_utf8(c.name);
  out["layers"] = c.n_layer;
  out["mtp_layers"] = c.n_mtp;
  out["context_length"] = c.n_ctx_train;
  out["embedding_length"] = c.n_embd;
  out["vocabulary"] = c.n_vocab;
  out["head_dimension"] = c.head_dim;
  out["window"] = c.window;
  out["full_attention"] = attention(c, Attention::full);
  out["sliding_attention"] = attention(c, Attention::sliding);
  out["rope_scaling"] = {{"factor", c.rope_factor}, {"original_context", c.rope_original_context}};
  out["dense_width"] = c.n_ff;
  out["experts"] = {{"count", c.n_expert},
                    {"used", c.n_expert_used},
                    {"width", c.n_ff_expert},
                    {"shared_width", c.n_ff_shared},
                    {"scale", c.expert_scale}};
  Json clamps = Json::array(), shared = Json::array();
  for (const LayerConfig& layer : c.layers) {
    clamps.push_back(layer.clamp);
    shared.push_back(layer.clamp_shared);
  }
  out["swiglu_limits"] = std::move(clamps);
  out["swiglu_limits_shared"] = std::move(shared);
  return out;
}

Json roles(const ModelReport& report) {
  Json out = Json::object();
  for (const auto& [role, summary] : report.roles) {
    Json entry;
    entry["tensors"] = summary.n_tensors;
    entry["parameters"] = summary.values;
    entry["bytes"] = summary.bytes;
    entry["bytes_per_token"] = summary.bytes_per_token;
    entry["types"] = Json::object();
    for (const auto& [type, bytes] : summary.types)
      entry["types"][std::string(quant::type_name(type))] = bytes;
    out[std::string(role_name(role))] = std::move(entry);
  }
  return out;
}

Json cache(const CacheBytes& bytes) {
  return {{"f16", bytes.f16}, {"int8", bytes.int8}};
}

Json tokenizer(const std::optional<TokenizerSummary>& t) {
  if (!t) return nullptr;
  Json out;
  out["model"] = to_valid_utf8(t->model);
  out["pre"] = to_valid_utf8(t->pre);
  out["tokens"] = t->n_token;
  out["merges"] = t->n_merge;
  out["special_tokens"] = t->n_special;
  out["bos"] = t->bos ? Json(*t->bos) : Json();
  out["eos"] = t->eos ? Json(*t->eos) : Json();
  out["chat_template"] = t->has_chat_template;
  return out;
}

std::string_view mtp_name(MtpState state) {
  switch (state) {
    case MtpState::none:
      return "none";
    case MtpState::missing:
      return "missing";
    case MtpState::embedded:
      return "embedded";
    case MtpState::only:
      return "only";
  }
  return "none";
}

}  // namespace

Json to_json(const ModelReport& report) {
  Json out;
  out["config"] = configuration(report.config);
  out["tensors"] = report.n_tensors;
  out["grouped_tensors"] = report.n_grouped;
  out["parameters"] = report.n_values;
  out["active_parameters"] = report.active_values;
  out["tensor_bytes"] = report.file_bytes;
  out["bytes_per_token"] = report.bytes_per_token;
  out["bytes_per_mtp_head"] = report.bytes_per_mtp_head;
  out["roles"] = roles(report);
  out["kv_cache"] = {{"bytes_per_token", cache(report.cache_per_token)},
                     {"constant_bytes", cache(report.cache_constant)},
                     {"step_rows", model::kDefaultMaxRows}};
  out["memory"] = Json::array();
  for (const MemoryNeed& need : report.memory) {
    out["memory"].push_back({{"context", need.context},
                             {"kv_cache", cache(need.cache)},
                             {"total",
                              {{"f16", report.file_bytes + need.cache.f16},
                               {"int8", report.file_bytes + need.cache.int8}}}});
  }
  out["tokenizer"] = tokenizer(report.tokenizer);
  out["mtp"] = mtp_name(report.mtp);
  out["mtp_layers_elsewhere"] = report.n_mtp_elsewhere;
  out["suspicious"] = Json::array();
  for (const std::string& note : report.suspicious)
    out["suspicious"].push_back(to_valid_utf8(note));
  return out;
}

}  // namespace stride::cli
