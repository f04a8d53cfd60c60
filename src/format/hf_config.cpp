// SPDX-License-Identifier: Apache-2.0
#include "format/hf_config.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numbers>
#include <optional>

#include "json/json.h"

namespace stride::format {
namespace {

constexpr int64_t kMaxLayers = 4096;
constexpr int64_t kMaxWidth = 1 << 20;

// Reads fields of one JSON object; errors name the field.
class Fields {
 public:
  explicit Fields(const Json& object) : object_(object) {}

  const Json* find(std::string_view key) const {
    const Json* value = json::member(object_, key);
    return value && !value->is_null() ? value : nullptr;
  }

  Result<int64_t> count(std::string_view key, int64_t low, int64_t high) const {
    const Json* value = find(key);
    if (!value) return fail(Errc::format, "\"{}\" is missing", key);
    const auto n = json::as_int64(*value);
    if (!n || *n < low || *n > high)
      return fail(Errc::format, "\"{}\" must be an integer from {} to {}", key, low, high);
    return *n;
  }
  Result<int64_t> count_or(std::string_view key, int64_t absent, int64_t low, int64_t high) const {
    return find(key) ? count(key, low, high) : absent;
  }

  Result<double> positive_or(std::string_view key, double absent) const {
    const Json* value = find(key);
    if (!value) return absent;
    const auto x = json::as_double(*value);
    if (!x || *x <= 0) return fail(Errc::format, "\"{}\" must be a positive number", key);
    return *x;
  }

  Result<bool> flag_or(std::string_view key, bool absent) const {
    const Json* value = find(key);
    if (!value) return absent;
    if (!value->is_boolean()) return fail(Errc::format, "\"{}\" must be true or false", key);
    return value->get<bool>();
  }

  std::string text_or(std::string_view key, std::string_view absent) const {
    const std::string* text = json::string_member(object_, key);
    return std::string(text ? *text : absent);
  }

  // One number a layer: a scalar counts for all; a list that ends with the trunk leaves `absent`
  // for the layers after it; null entries are `absent`.
  Result<std::vector<double>> per_layer(std::string_view key, double absent, size_t n_trunk,
                                        size_t n) const {
    const Json* value = find(key);
    if (!value) return std::vector<double>(n, absent);
    if (const auto x = json::as_double(*value)) return std::vector<double>(n, *x);
    if (!value->is_array() || value->size() < n_trunk)
      return fail(Errc::format, "\"{}\" must have an entry for each of {} layers", key, n_trunk);
    std::vector<double> out;
    for (const Json& item : *value) {
      if (out.size() == n) break;
      const auto x = item.is_null() ? std::optional(absent) : json::as_double(item);
      if (!x) return fail(Errc::format, "\"{}\" holds something that is no number", key);
      out.push_back(*x);
    }
    out.resize(n, absent);
    return out;
  }

 private:
  const Json& object_;
};

// The text model's part; the 3.7 wrapper nests it.
const Json& text_part(const Json& config) {
  const Json* text = json::member(config, "text_config");
  return text && text->is_object() ? *text : config;
}

Result<> check_kind(const Json& config) {
  const std::string outer = Fields(config).text_or("model_type", "");
  const std::string inner = Fields(text_part(config)).text_or("model_type", outer);
  if (inner == "step3p5" || inner == "step3p7") return {};
  return fail(Errc::unsupported, "\"model_type\" is \"{}\"; Stride reads step3p5 and step3p7",
              inner.substr(0, 64));
}

// Settings that would change what is computed and that no public checkpoint has.
Result<> check_switches(const Fields& f) {
  if (STRIDE_TRY(f.flag_or("sink", false)))
    return fail(Errc::unsupported, "\"sink\" is true; attention sinks are not supported");
  if (!STRIDE_TRY(f.flag_or("use_head_wise_attn_gate", true)))
    return fail(Errc::unsupported, "\"use_head_wise_attn_gate\" is false; the gate is required");
  if (!STRIDE_TRY(f.flag_or("norm_expert_weight", true)))
    return fail(Errc::unsupported,
                "\"norm_expert_weight\" is false; only renormalised routing is known");
  if (f.text_or("moe_router_activation", "sigmoid") != "sigmoid")
    return fail(Errc::unsupported, "\"moe_router_activation\" is not sigmoid");
  return {};
}

struct Layers {
  size_t n_trunk = 0, n = 0;
  std::vector<bool> sliding;
};

Result<Layers> read_pattern(const Fields& f, const HfConfig& c) {
  Layers out{c.n_layer, c.n_layer + c.n_mtp, {}};
  const Json* types = f.find("layer_types");
  for (size_t i = 0; i < out.n; ++i) {
    if (!types) {
      out.sliding.push_back(i >= c.n_layer || i % 4 != 0);
      continue;
    }
    if (!types->is_array() || (i < c.n_layer && i >= types->size()))
      return fail(Errc::format, "\"layer_types\" must have an entry for each of {} layers",
                  c.n_layer);
    if (i >= types->size()) {
      out.sliding.push_back(true);  // MTP layers slide
      continue;
    }
    const Json& type = (*types)[i];
    if (type != "sliding_attention" && type != "full_attention")
      return fail(Errc::unsupported, "\"layer_types\" holds a kind other than full and sliding");
    out.sliding.push_back(type == "sliding_attention");
  }
  return out;
}

Result<> add_heads(const Fields& f, const Layers& layers, HfConfig& c, Metadata& out) {
  const int64_t heads = STRIDE_TRY(f.count("num_attention_heads", 1, 4096));
  const int64_t groups = STRIDE_TRY(f.count("num_attention_groups", 1, 4096));
  c.head_dim = static_cast<uint32_t>(STRIDE_TRY(f.count("head_dim", 4, 1024)));
  int64_t other_heads = heads, other_groups = groups;
  if (const Json* other = f.find("attention_other_setting")) {
    const Fields o(*other);
    if (o.text_or("attention_type", "sliding_attention") != "sliding_attention")
      return fail(Errc::unsupported, "\"attention_other_setting\" is not for sliding attention");
    other_heads = STRIDE_TRY(o.count_or("num_attention_heads", heads, 1, 4096));
    other_groups = STRIDE_TRY(o.count_or("num_attention_groups", groups, 1, 4096));
    if (STRIDE_TRY(o.count_or("head_dim", c.head_dim, 4, 1024)) != c.head_dim)
      return fail(Errc::unsupported, "sliding and full layers have different \"head_dim\"");
  }
  std::vector<int64_t> n_head, n_head_kv;
  for (const bool sliding : layers.sliding) {
    n_head.push_back(sliding ? other_heads : heads);
    n_head_kv.push_back(sliding ? other_groups : groups);
  }
  out.set_i32s("step35.attention.head_count", std::move(n_head));
  out.set_i32s("step35.attention.head_count_kv", std::move(n_head_kv));
  out.set_u32("step35.attention.key_length", c.head_dim);
  out.set_u32("step35.attention.value_length", c.head_dim);
  return {};
}

// The common value of the full or of the sliding layers, if they have one.
std::optional<double> common(const std::vector<double>& values, const Layers& layers,
                             bool sliding) {
  std::optional<double> out;
  for (size_t i = 0; i < layers.n; ++i) {
    if (layers.sliding[i] != sliding) continue;
    if (out && *out != values[i]) return {};
    out = values[i];
  }
  return out ? out : std::optional(0.0);
}

// Metadata hold what a file of F32 would: the double nearest to the float.
std::vector<double> rounded(std::vector<double> values) {
  for (double& x : values) x = static_cast<float>(x);
  return values;
}

// Rotary bases and widths. Where all full and all sliding layers agree, as in every public
// checkpoint, the short keys are written, which every reader knows.
Result<> add_rotation(const Fields& f, const Layers& layers, HfConfig& c, Metadata& out) {
  const auto theta = STRIDE_TRY(f.per_layer("rope_theta", 1e4, layers.n_trunk, layers.n));
  auto share = STRIDE_TRY(f.per_layer("partial_rotary_factors", 1, layers.n_trunk, layers.n));
  if (!f.find("partial_rotary_factors")) {
    for (size_t i = 0; i < layers.n; ++i) share[i] = layers.sliding[i] ? 1 : 0.5;
  }
  for (size_t i = 0; i < layers.n; ++i) {
    if (!(theta[i] > 0) || !(share[i] > 0) || share[i] > 1)
      return fail(Errc::format, "the rotation of layer {} is out of range", i);
    if (layers.sliding[i] || c.n_rot_full != 0) continue;
    c.n_rot_full = static_cast<uint32_t>(share[i] * c.head_dim);
    c.theta_full = theta[i];
  }
  const auto full = common(theta, layers, false), sliding = common(theta, layers, true);
  if (full && sliding) {
    out.set_f32("step35.rope.freq_base", static_cast<float>(*full > 0 ? *full : 5e6));
    out.set_f32("step35.rope.freq_base_swa", static_cast<float>(*sliding > 0 ? *sliding : 1e4));
  } else {
    out.set_f32s("step35.rope.freq_base_per_layer", rounded(theta));
  }
  const auto half = common(share, layers, false), whole = common(share, layers, true);
  const bool usual = half && whole && (*half == 0.5 || *half == 0) && (*whole == 1 || *whole == 0);
  if (usual) {
    out.set_u32("step35.rope.dimension_count", c.head_dim);
  } else {
    std::vector<int64_t> widths;
    for (const double s : share) widths.push_back(static_cast<int64_t>(s * c.head_dim));
    out.set_u32s("step35.rope.dimension_count_per_layer", std::move(widths));
  }
  return {};
}

Result<> add_scaling(const Fields& f, HfConfig& c, Metadata& out) {
  const Json* scaling = f.find("rope_scaling");
  if (scaling && scaling->is_object()) {
    const Fields s(*scaling);
    const std::string type = s.text_or("rope_type", s.text_or("type", "llama3"));
    if (type != "llama3" && type != "default")
      return fail(Errc::unsupported, "\"rope_scaling\" has another type than llama3");
    c.rope_factor = type == "default" ? 1 : STRIDE_TRY(s.positive_or("factor", 2));
    c.rope_original_context = STRIDE_TRY(s.positive_or("original_max_position_embeddings", 131072));
    if (c.rope_original_context > 1e9)
      return fail(Errc::format, "\"original_max_position_embeddings\" is out of range");
    if (STRIDE_TRY(s.positive_or("low_freq_factor", 1)) != 1 ||
        STRIDE_TRY(s.positive_or("high_freq_factor", 32)) != 32)
      return fail(Errc::unsupported, "\"rope_scaling\" has frequency factors other than 1 and 32");
  }
  if (c.rope_factor != 2)
    out.set_f32("step35.rope.scaling.factor", static_cast<float>(c.rope_factor));
  if (c.rope_original_context != 131072)
    out.set_u32("step35.rope.scaling.original_context_length",
                static_cast<uint32_t>(c.rope_original_context));
  return {};
}

// "3,4,5" or [3, 4, 5].
Result<std::vector<int64_t>> read_moe_layers(const Json& value) {
  std::vector<int64_t> out;
  if (value.is_array()) {
    for (const Json& item : value) {
      const auto n = json::as_int64(item);
      if (!n) return fail(Errc::format, "\"moe_layers_enum\" holds something that is no number");
      out.push_back(*n);
    }
    return out;
  }
  const auto* text = value.get_ptr<const std::string*>();
  if (!text) return fail(Errc::format, "\"moe_layers_enum\" is neither text nor a list");
  std::string_view rest = *text;
  while (!rest.empty()) {
    const std::string_view item = rest.substr(0, rest.find(','));
    int64_t n = 0;
    const auto [end, error] = std::from_chars(item.data(), item.data() + item.size(), n);
    if (error != std::errc() || end != item.data() + item.size())
      return fail(Errc::format, "\"moe_layers_enum\" is not a list of numbers");
    out.push_back(n);
    rest.remove_prefix(std::min(item.size() + 1, rest.size()));
  }
  return out;
}

// GGUF can say "n leading dense layers, then every k-th has experts".
Result<std::pair<uint32_t, uint32_t>> moe_schedule(const Fields& f, int64_t n_layer) {
  const Json* list = f.find("moe_layers_enum");
  if (!list) {
    const int64_t offset = STRIDE_TRY(f.count_or("moe_layer_offset", 0, 0, n_layer));
    const int64_t every = STRIDE_TRY(f.count_or("moe_every_n_layer", 1, 1, n_layer));
    return std::pair(static_cast<uint32_t>(offset), static_cast<uint32_t>(every));
  }
  auto layers = STRIDE_TRY(read_moe_layers(*list));
  std::erase_if(layers, [&](int64_t i) { return i >= n_layer; });
  if (layers.empty()) return std::pair(static_cast<uint32_t>(n_layer), 1U);
  const int64_t first = layers[0];
  const int64_t every = layers.size() > 1 ? layers[1] - first : n_layer;
  bool regular = first >= 0 && every >= 1;
  for (size_t i = 0; regular && i < layers.size(); ++i)
    regular = layers[i] == first + static_cast<int64_t>(i) * every;
  if (!regular || layers.back() + every < n_layer)
    return fail(Errc::unsupported,
                "\"moe_layers_enum\" is not a regular sequence to the last layer");
  return std::pair(static_cast<uint32_t>(first), static_cast<uint32_t>(every));
}

Result<> add_experts(const Fields& f, const Layers& layers, Metadata& out) {
  if (!STRIDE_TRY(f.flag_or("use_moe", true))) {
    out.set_u32("step35.expert_count", 0);
    return {};
  }
  const auto u32 = [&](std::string_view key, int64_t n) {
    out.set_u32(fmt::format("step35.{}", key), static_cast<uint32_t>(n));
  };
  const int64_t n_expert = STRIDE_TRY(f.count("moe_num_experts", 1, 65536));
  const int64_t width = STRIDE_TRY(f.count("moe_intermediate_size", 1, kMaxWidth));
  const int64_t shared = f.find("share_expert_dims") && !f.find("share_expert_dim")
                             ? STRIDE_TRY(f.count("share_expert_dims", 1, kMaxWidth))
                             : STRIDE_TRY(f.count_or("share_expert_dim", width, 1, kMaxWidth));
  u32("expert_count", n_expert);
  u32("expert_used_count", STRIDE_TRY(f.count("moe_top_k", 1, n_expert)));
  u32("expert_feed_forward_length", width);
  u32("expert_shared_feed_forward_length", shared);
  out.set_f32("step35.expert_weights_scale",
              static_cast<float>(STRIDE_TRY(f.positive_or("moe_router_scaling_factor", 1))));
  out.set_bool("step35.expert_weights_norm", true);
  u32("expert_gating_func", 2);
  const auto [dense, every] = STRIDE_TRY(moe_schedule(f, static_cast<int64_t>(layers.n_trunk)));
  u32("leading_dense_block_count", dense);
  u32("moe_every_n_layers", every);
  return {};
}

Result<> add_clamps(const Fields& f, const Layers& layers, Metadata& out) {
  const auto add = [&](std::string_view to, std::string_view from) -> Result<> {
    auto limits = STRIDE_TRY(f.per_layer(from, 0, layers.n_trunk, layers.n));
    out.set_f32s(std::string(to), rounded(std::move(limits)));
    return {};
  };
  STRIDE_TRY(add("step35.swiglu_clamp_exp", "swiglu_limits"));
  return add("step35.swiglu_clamp_shexp", "swiglu_limits_shared");
}

// A token id, or a list of them; the wrapper's where the text part has none.
std::vector<int64_t> token_ids(const Json& config, std::string_view key) {
  for (const Json* part : {&text_part(config), &config}) {
    const Json* value = json::member(*part, key);
    if (!value) continue;
    if (const auto id = json::as_int64(*value)) return {*id};
    std::vector<int64_t> out;
    if (value->is_array()) {
      for (const Json& item : *value) {
        if (const auto id = json::as_int64(item)) out.push_back(*id);
      }
    }
    if (!out.empty()) return out;
  }
  return {};
}

void read_token_ids(const Json& config, HfConfig& c) {
  c.eos_ids = token_ids(config, "eos_token_id");
  if (const auto bos = token_ids(config, "bos_token_id"); !bos.empty()) c.bos_id = bos[0];
  if (const auto pad = token_ids(config, "pad_token_id"); !pad.empty()) c.pad_id = pad[0];
}

}  // namespace

Result<HfConfig> read_hf_depth(const Json& config) {
  STRIDE_TRY(check_kind(config));
  const Fields f(text_part(config));
  HfConfig c;
  c.n_layer = static_cast<uint32_t>(STRIDE_TRY(f.count("num_hidden_layers", 1, kMaxLayers)));
  c.n_mtp = static_cast<uint32_t>(STRIDE_TRY(f.count_or("num_nextn_predict_layers", 0, 0, 64)));
  return c;
}

Result<HfConfig> read_hf_config(const Json& config, bool with_mtp, Metadata& out) {
  HfConfig c = STRIDE_TRY(read_hf_depth(config));
  if (!with_mtp) c.n_mtp = 0;
  const Fields f(text_part(config));
  STRIDE_TRY(check_switches(f));
  const auto u32 = [&](std::string_view key, int64_t n) {
    out.set_u32(fmt::format("step35.{}", key), static_cast<uint32_t>(n));
  };
  out.set_string("general.architecture", "step35");
  u32("block_count", c.n_layer + c.n_mtp);
  const int64_t context = STRIDE_TRY(f.count_or("max_position_embeddings", 262144, 1, 1LL << 31));
  u32("context_length", STRIDE_TRY(f.count_or("max_seq_len", context, 1, 1LL << 31)));
  u32("embedding_length", STRIDE_TRY(f.count("hidden_size", 1, kMaxWidth)));
  u32("feed_forward_length", STRIDE_TRY(f.count("intermediate_size", 1, kMaxWidth)));
  c.n_vocab = static_cast<uint32_t>(STRIDE_TRY(f.count("vocab_size", 1, 1 << 24)));
  const Layers layers = STRIDE_TRY(read_pattern(f, c));
  STRIDE_TRY(add_heads(f, layers, c, out));
  out.set_f32("step35.attention.layer_norm_rms_epsilon",
              static_cast<float>(STRIDE_TRY(f.positive_or("rms_norm_eps", 1e-5))));
  u32("attention.sliding_window", STRIDE_TRY(f.count("sliding_window", 1, 1 << 24)));
  out.set_bools("step35.attention.sliding_window_pattern", layers.sliding);
  STRIDE_TRY(add_rotation(f, layers, c, out));
  STRIDE_TRY(add_scaling(f, c, out));
  STRIDE_TRY(add_experts(f, layers, out));
  STRIDE_TRY(add_clamps(f, layers, out));
  if (c.n_mtp > 0) u32("nextn_predict_layers", c.n_mtp);
  c.tied_embeddings = STRIDE_TRY(f.flag_or("tie_word_embeddings", false));
  read_token_ids(config, c);
  return c;
}

std::vector<float> rope_divisors(const HfConfig& c) {
  std::vector<float> out(c.head_dim / 2, 1.0F);
  for (uint32_t i = 0; i < std::min(c.n_rot_full, c.head_dim) / 2; ++i) {
    const double frequency = std::pow(c.theta_full, -2.0 * i / c.n_rot_full);
    const double turns = c.rope_original_context * frequency / (2 * std::numbers::pi);
    const double keep = std::clamp((turns - 1) / 31, 0.0, 1.0);
    out[i] = static_cast<float>(1 / ((1 - keep) / c.rope_factor + keep));
  }
  return out;
}

}  // namespace stride::format
