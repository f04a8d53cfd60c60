// SPDX-License-Identifier: Apache-2.0
#include "format/hf_names.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

namespace stride::format {
namespace {

enum class Kind { matrix, norm, exact };

struct Rule {
  std::string_view hf;
  std::string_view gguf;
  Kind kind;
};

constexpr std::array kGlobal = {
    Rule{"model.embed_tokens.weight", "token_embd.weight", Kind::matrix},
    Rule{"model.norm.weight", "output_norm.weight", Kind::norm},
    Rule{"lm_head.weight", "output.weight", Kind::matrix},
};

// What follows "model.layers.N." and "blk.N.".
constexpr std::array kLayer = {
    Rule{"input_layernorm.weight", "attn_norm.weight", Kind::norm},
    Rule{"self_attn.q_proj.weight", "attn_q.weight", Kind::matrix},
    Rule{"self_attn.k_proj.weight", "attn_k.weight", Kind::matrix},
    Rule{"self_attn.v_proj.weight", "attn_v.weight", Kind::matrix},
    Rule{"self_attn.o_proj.weight", "attn_output.weight", Kind::matrix},
    Rule{"self_attn.g_proj.weight", "attn_gate.weight", Kind::matrix},
    Rule{"self_attn.q_norm.weight", "attn_q_norm.weight", Kind::norm},
    Rule{"self_attn.k_norm.weight", "attn_k_norm.weight", Kind::norm},
    Rule{"post_attention_layernorm.weight", "ffn_norm.weight", Kind::norm},
    Rule{"mlp.gate_proj.weight", "ffn_gate.weight", Kind::matrix},
    Rule{"mlp.up_proj.weight", "ffn_up.weight", Kind::matrix},
    Rule{"mlp.down_proj.weight", "ffn_down.weight", Kind::matrix},
    Rule{"moe.gate.weight", "ffn_gate_inp.weight", Kind::exact},
    Rule{"moe.router_bias", "exp_probs_b.bias", Kind::exact},
    Rule{"moe.gate_proj.weight", "ffn_gate_exps.weight", Kind::matrix},
    Rule{"moe.up_proj.weight", "ffn_up_exps.weight", Kind::matrix},
    Rule{"moe.down_proj.weight", "ffn_down_exps.weight", Kind::matrix},
    Rule{"share_expert.gate_proj.weight", "ffn_gate_shexp.weight", Kind::matrix},
    Rule{"share_expert.up_proj.weight", "ffn_up_shexp.weight", Kind::matrix},
    Rule{"share_expert.down_proj.weight", "ffn_down_shexp.weight", Kind::matrix},
    Rule{"enorm.weight", "nextn.enorm.weight", Kind::norm},
    Rule{"hnorm.weight", "nextn.hnorm.weight", Kind::norm},
    Rule{"eh_proj.weight", "nextn.eh_proj.weight", Kind::matrix},
    Rule{"transformer.shared_head.norm.weight", "nextn.shared_head_norm.weight", Kind::norm},
    Rule{"transformer.shared_head.output.weight", "nextn.shared_head_head.weight", Kind::matrix},
};

template <size_t N>
const Rule* find_rule(const std::array<Rule, N>& rules, std::string_view hf) {
  const auto* it = std::ranges::find(rules, hf, &Rule::hf);
  return it == rules.end() ? nullptr : it;
}

GgufName named(const Rule& rule, std::string_view prefix) {
  return {fmt::format("{}{}", prefix, rule.gguf), rule.kind == Kind::norm,
          rule.kind != Kind::matrix};
}

// Re-exports put the text model under a prefix of its own.
std::string without_wrapper(std::string_view name) {
  for (const std::string_view wrapper : {"model.language_model.", "language_model."}) {
    if (!name.starts_with(wrapper)) continue;
    const std::string_view rest = name.substr(wrapper.size());
    if (rest.starts_with("lm_head.") || rest.starts_with("model.")) return std::string(rest);
    return fmt::format("model.{}", rest);
  }
  return std::string(name);
}

}  // namespace

std::optional<GgufName> gguf_name(std::string_view hf_name) {
  const std::string name = without_wrapper(hf_name);
  if (const Rule* rule = find_rule(kGlobal, name)) return named(*rule, "");
  constexpr std::string_view kLayers = "model.layers.";
  if (!name.starts_with(kLayers)) return {};
  const std::string_view rest = std::string_view(name).substr(kLayers.size());
  const size_t digits = std::min(rest.find_first_not_of("0123456789"), rest.size());
  if (digits < 1 || digits > 4 || digits == rest.size() || rest[digits] != '.') return {};
  if (digits > 1 && rest[0] == '0') return {};
  const Rule* rule = find_rule(kLayer, rest.substr(digits + 1));
  if (!rule) return {};
  return named(*rule, fmt::format("blk.{}.", rest.substr(0, digits)));
}

bool is_vision_tensor(std::string_view hf_name) {
  for (const std::string_view prefix : {"vision_model.", "model.vision_model.",
                                        "vit_large_projector.", "model.vit_large_projector."}) {
    if (hf_name.starts_with(prefix)) return true;
  }
  return false;
}

}  // namespace stride::format
