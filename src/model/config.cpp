// SPDX-License-Identifier: Apache-2.0
// Sources of the formulas and of the default values: docs/model.md.
#include "model/config.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <optional>

namespace stride::model {
namespace {

using format::Metadata;
using Warnings = std::vector<std::string>;

std::string full_key(std::string_view key) {
  return fmt::format("step35.{}", key);
}

// Reads step35.* keys with range checks; the error names the key, the value and the range.
class Keys {
 public:
  explicit Keys(const Metadata& metadata) : metadata_(metadata) {}

  bool has(std::string_view key) const { return metadata_.contains(full_key(key)); }

  Result<uint32_t> count(std::string_view key, int64_t low, int64_t high) const {
    return in_range(key, STRIDE_TRY(metadata_.integer(full_key(key))), low, high);
  }

  Result<uint32_t> count_or(std::string_view key, uint32_t absent, int64_t low,
                            int64_t high) const {
    return has(key) ? count(key, low, high) : absent;
  }

  Result<double> positive(std::string_view key) const {
    const double x = STRIDE_TRY(metadata_.real(full_key(key)));
    if (!std::isfinite(x) || x <= 0) {
      return fail(Errc::format, "key {} is {}, but must be a positive number", full_key(key), x);
    }
    return x;
  }

  Result<double> positive_or(std::string_view key, double absent) const {
    return has(key) ? positive(key) : absent;
  }

  // One value a layer; a scalar counts for all of them, and entries beyond n are ignored.
  Result<std::vector<uint32_t>> counts(std::string_view key, size_t n, int64_t low,
                                       int64_t high) const {
    const auto raw = STRIDE_TRY(per_layer(key, STRIDE_TRY(metadata_.integers(full_key(key))), n));
    std::vector<uint32_t> out;
    for (const int64_t v : raw) out.push_back(STRIDE_TRY(in_range(key, v, low, high)));
    return out;
  }

  Result<std::vector<double>> reals(std::string_view key, size_t n) const {
    return per_layer(key, STRIDE_TRY(metadata_.reals(full_key(key))), n);
  }

  // Booleans, or integers where other writers use 0 and 1.
  Result<std::vector<bool>> flags(std::string_view key, size_t n) const {
    if (auto flags = metadata_.booleans(full_key(key))) return per_layer(key, *std::move(flags), n);
    const auto numbers = STRIDE_TRY(counts(key, n, 0, 1));
    return std::vector<bool>(numbers.begin(), numbers.end());
  }

 private:
  static Result<uint32_t> in_range(std::string_view key, int64_t v, int64_t low, int64_t high) {
    if (v < low || v > high) {
      return fail(Errc::format, "key {} is {}, but must be from {} to {}", full_key(key), v, low,
                  high);
    }
    return static_cast<uint32_t>(v);
  }

  template <class T>
  static Result<std::vector<T>> per_layer(std::string_view key, std::vector<T> values, size_t n) {
    if (values.size() == 1) return std::vector<T>(n, values[0]);
    if (values.size() < n) {
      return fail(Errc::format, "key {} has {} entries for {} layers", full_key(key), values.size(),
                  n);
    }
    values.resize(n);
    return values;
  }

  const Metadata& metadata_;
};

constexpr int64_t kMaxWidth =
    1 << 20;  // of any row; keeps every product of two widths far from overflow

Result<> read_sizes(const Keys& keys, const Metadata& metadata, Config& c) {
  c.n_ctx_train = STRIDE_TRY(keys.count_or("context_length", 262144, 1, int64_t{1} << 31));
  c.n_embd = STRIDE_TRY(keys.count("embedding_length", 1, kMaxWidth));
  c.head_dim = STRIDE_TRY(keys.count("attention.key_length", 4, 1024));
  const uint32_t value_dim =
      STRIDE_TRY(keys.count_or("attention.value_length", c.head_dim, 4, 1024));
  if (value_dim != c.head_dim) {
    return fail(Errc::unsupported, "step35.attention.value_length is {}, but keys have {}",
                value_dim, c.head_dim);
  }
  c.n_ff = STRIDE_TRY(keys.count_or("feed_forward_length", 0, 0, kMaxWidth));
  c.window = STRIDE_TRY(keys.count("attention.sliding_window", 1, int64_t{1} << 24));
  c.rms_eps =
      static_cast<float>(STRIDE_TRY(keys.positive_or("attention.layer_norm_rms_epsilon", 1e-5)));
  const auto tokens = metadata.strings("tokenizer.ggml.tokens");
  const size_t n_tokens = tokens ? tokens->size() : 0;
  c.n_vocab = n_tokens > 0 && n_tokens <= (1U << 24)
                  ? static_cast<uint32_t>(n_tokens)
                  : STRIDE_TRY(keys.count("vocab_size", 1, 1 << 24));
  return {};
}

Result<> read_experts(const Keys& keys, Config& c, Warnings& warnings) {
  c.n_expert = STRIDE_TRY(keys.count_or("expert_count", 0, 0, 4096));
  const uint32_t n_dense = STRIDE_TRY(keys.count_or("leading_dense_block_count", 0, 0, 4096));
  const uint32_t every = STRIDE_TRY(keys.count_or("moe_every_n_layers", 1, 1, 4096));
  for (uint32_t i = 0; i < c.n_layer; ++i) {
    c.layers[i].moe = c.n_expert > 0 && i >= n_dense && (i - n_dense) % every == 0;
  }
  if (c.n_expert == 0) return {};
  c.n_expert_used =
      STRIDE_TRY(keys.count("expert_used_count", 1, std::min<int64_t>(c.n_expert, 256)));
  c.n_ff_expert = STRIDE_TRY(keys.count("expert_feed_forward_length", 1, kMaxWidth));
  c.n_ff_shared =
      STRIDE_TRY(keys.count_or("expert_shared_feed_forward_length", c.n_ff_expert, 1, kMaxWidth));
  const uint32_t gating = STRIDE_TRY(keys.count_or("expert_gating_func", 2, 0, 255));
  if (gating != 0 && gating != 2) {
    return fail(Errc::unsupported, "step35.expert_gating_func is {}; only 2 (sigmoid) is known",
                gating);
  }
  c.expert_scale = static_cast<float>(STRIDE_TRY(keys.positive_or("expert_weights_scale", 1)));
  if (!keys.has("expert_weights_scale")) {
    warnings.emplace_back("step35.expert_weights_scale is missing; routing weights are not scaled");
  }
  return {};
}

// The clamps under their present or their older name; absent means none.
Result<std::vector<double>> read_clamp(const Keys& keys, std::string_view name,
                                       std::string_view older, size_t n) {
  for (const std::string_view key : {name, older}) {
    if (!keys.has(key)) continue;
    auto limits = STRIDE_TRY(keys.reals(key, n));
    for (const double limit : limits) {
      if (!std::isfinite(limit) || limit < 0) {
        return fail(Errc::format, "key {} holds {}, but limits are zero or positive", full_key(key),
                    limit);
      }
    }
    return limits;
  }
  return std::vector<double>(n, 0.0);
}

Result<std::vector<bool>> read_pattern(const Keys& keys, size_t n, Warnings& warnings) {
  if (keys.has("attention.sliding_window_pattern"))
    return keys.flags("attention.sliding_window_pattern", n);
  warnings.emplace_back(
      "step35.attention.sliding_window_pattern is missing; every fourth layer is taken as full");
  std::vector<bool> sliding(n);
  for (size_t i = 0; i < n; ++i) sliding[i] = i % 4 != 0;
  return sliding;
}

// The rotary width per layer. Without per-layer keys the width names the sliding layers' and full
// ones rotate half of it: the default has to be taken before it is halved.
Result<std::vector<uint32_t>> read_rotary_widths(const Keys& keys, const Config& c,
                                                 const std::vector<bool>& sliding) {
  const size_t n = sliding.size();
  if (keys.has("rope.dimension_count_per_layer")) {
    return keys.counts("rope.dimension_count_per_layer", n, 2, c.head_dim);
  }
  const uint32_t width =
      STRIDE_TRY(keys.count_or("rope.dimension_count", c.head_dim, 2, c.head_dim));
  const bool separate = keys.has("rope.dimension_count_swa");
  const uint32_t swa = STRIDE_TRY(keys.count_or("rope.dimension_count_swa", width, 2, c.head_dim));
  std::vector<uint32_t> out(n);
  for (size_t i = 0; i < n; ++i) out[i] = sliding[i] ? swa : (separate ? width : width / 2);
  return out;
}

Result<std::vector<double>> read_thetas(const Keys& keys, const std::vector<bool>& sliding) {
  const size_t n = sliding.size();
  if (keys.has("rope.freq_base_per_layer")) return keys.reals("rope.freq_base_per_layer", n);
  const double full = STRIDE_TRY(keys.positive("rope.freq_base"));
  const double swa = STRIDE_TRY(keys.positive_or("rope.freq_base_swa", 1e4));
  std::vector<double> out(n);
  for (size_t i = 0; i < n; ++i) out[i] = sliding[i] ? swa : full;
  return out;
}

Result<> read_layers(const Keys& keys, Config& c, Warnings& warnings) {
  const size_t n = c.layers.size();
  const auto sliding = STRIDE_TRY(read_pattern(keys, n, warnings));
  const auto heads = STRIDE_TRY(keys.counts("attention.head_count", n, 1, 4096));
  const auto kv_heads = STRIDE_TRY(keys.counts("attention.head_count_kv", n, 1, 4096));
  const auto widths = STRIDE_TRY(read_rotary_widths(keys, c, sliding));
  const auto thetas = STRIDE_TRY(read_thetas(keys, sliding));
  const auto clamps = STRIDE_TRY(read_clamp(keys, "swiglu_clamp_exp", "swiglu_limits", n));
  const auto shared = STRIDE_TRY(read_clamp(keys, "swiglu_clamp_shexp", "swiglu_limits_shared", n));
  for (size_t i = 0; i < n; ++i) {
    LayerConfig& layer = c.layers[i];
    layer.attention = sliding[i] ? Attention::sliding : Attention::full;
    layer.n_head = heads[i];
    layer.n_head_kv = kv_heads[i];
    if (heads[i] % kv_heads[i] != 0) {
      return fail(Errc::format,
                  "layer {} has {} query heads, which {} key-value heads do not divide", i,
                  heads[i], kv_heads[i]);
    }
    layer.n_rot = widths[i];
    if (layer.n_rot % 2 != 0)
      return fail(Errc::format, "layer {} rotates {} dimensions, an odd number", i, layer.n_rot);
    layer.rope_theta = thetas[i];
    if (!std::isfinite(thetas[i]) || thetas[i] <= 0) {
      return fail(Errc::format, "layer {} has the rotary base {}, but it must be positive", i,
                  thetas[i]);
    }
    layer.rope_scaled = !sliding[i];
    layer.clamp = static_cast<float>(clamps[i]);
    layer.clamp_shared = static_cast<float>(shared[i]);
  }
  return {};
}

}  // namespace

uint32_t Config::max_q_width() const {
  uint32_t width = 0;
  for (const LayerConfig& layer : layers) width = std::max(width, layer.n_head * head_dim);
  return width;
}

Result<Config> read_config(const Metadata& metadata, const format::Depth& depth,
                           Warnings& warnings) {
  const Keys keys(metadata);
  Config c;
  c.n_layer = depth.n_layer;
  c.n_mtp = depth.n_mtp;
  c.layers.resize(c.n_layer + c.n_mtp);
  if (!depth.warning.empty()) warnings.push_back(depth.warning);
  if (const auto name = metadata.string("general.name")) c.name = *name;
  STRIDE_TRY(read_sizes(keys, metadata, c));
  STRIDE_TRY(read_experts(keys, c, warnings));
  if (metadata.contains("step35.expert_weights_norm") &&
      !STRIDE_TRY(metadata.boolean("step35.expert_weights_norm"))) {
    return fail(Errc::unsupported,
                "step35.expert_weights_norm is false; only renormalised routing is known");
  }
  c.rope_factor = STRIDE_TRY(keys.positive_or("rope.scaling.factor", 2));
  c.rope_original_context =
      STRIDE_TRY(keys.positive_or("rope.scaling.original_context_length", 131072));
  STRIDE_TRY(read_layers(keys, c, warnings));
  return c;
}

namespace {

// One value a layer of the config, as the array types of metadata want them.
template <class Out, class Field>
std::vector<Out> gather(const Config& c, Field field) {
  std::vector<Out> out;
  for (const LayerConfig& layer : c.layers) out.push_back(static_cast<Out>(field(layer)));
  return out;
}

double base_of(const Config& c, Attention kind, double absent) {
  const auto it = std::ranges::find(c.layers, kind, &LayerConfig::attention);
  return it == c.layers.end() ? absent : it->rope_theta;
}

}  // namespace

void write_config(const Config& c, Metadata& m) {
  m.set_string("general.architecture", "step35");
  if (!c.name.empty()) m.set_string("general.name", c.name);
  const auto u32 = [&](std::string_view key, uint32_t v) { m.set_u32(full_key(key), v); };
  const auto f32 = [&](std::string_view key, double v) {
    m.set_f32(full_key(key), static_cast<float>(v));
  };
  u32("block_count", c.n_layer + c.n_mtp);
  u32("context_length", c.n_ctx_train);
  u32("embedding_length", c.n_embd);
  u32("feed_forward_length", c.n_ff);
  m.set_i32s(full_key("attention.head_count"),
             gather<int64_t>(c, [](auto& l) { return l.n_head; }));
  m.set_i32s(full_key("attention.head_count_kv"),
             gather<int64_t>(c, [](auto& l) { return l.n_head_kv; }));
  u32("attention.key_length", c.head_dim);
  u32("attention.value_length", c.head_dim);
  f32("attention.layer_norm_rms_epsilon", c.rms_eps);
  u32("attention.sliding_window", c.window);
  m.set_bools(full_key("attention.sliding_window_pattern"),
              gather<bool>(c, [](auto& l) { return l.attention == Attention::sliding; }));
  u32("rope.dimension_count", c.head_dim);
  f32("rope.freq_base", base_of(c, Attention::full, 5e6));
  f32("rope.freq_base_swa", base_of(c, Attention::sliding, 1e4));
  if (c.rope_factor != 2) f32("rope.scaling.factor", c.rope_factor);
  if (c.rope_original_context != 131072) {
    u32("rope.scaling.original_context_length", static_cast<uint32_t>(c.rope_original_context));
  }
  u32("expert_count", c.n_expert);
  u32("expert_used_count", c.n_expert_used);
  u32("expert_feed_forward_length", c.n_ff_expert);
  u32("expert_shared_feed_forward_length", c.n_ff_shared);
  f32("expert_weights_scale", c.expert_scale);
  m.set_bool(full_key("expert_weights_norm"), true);
  u32("expert_gating_func", 2);
  const auto dense = std::ranges::find(c.layers, true, &LayerConfig::moe) - c.layers.begin();
  u32("leading_dense_block_count", std::min(static_cast<uint32_t>(dense), c.n_layer));
  u32("moe_every_n_layers", 1);
  m.set_f32s(full_key("swiglu_clamp_exp"), gather<double>(c, [](auto& l) { return l.clamp; }));
  m.set_f32s(full_key("swiglu_clamp_shexp"),
             gather<double>(c, [](auto& l) { return l.clamp_shared; }));
  if (c.n_mtp > 0) u32("nextn_predict_layers", c.n_mtp);
}

std::vector<double> rope_frequencies(const Config& c, const LayerConfig& layer) {
  std::vector<double> out(layer.n_rot / 2);
  for (size_t i = 0; i < out.size(); ++i) {
    const double frequency =
        std::pow(layer.rope_theta, -2.0 * static_cast<double>(i) / layer.n_rot);
    if (!layer.rope_scaled) {
      out[i] = frequency;
      continue;
    }
    // Long wavelengths are slowed by the factor, short ones kept, those between blended linearly in
    // frequency.
    const double wavelength = 2 * std::numbers::pi / frequency;
    const double s = (c.rope_original_context / wavelength - c.rope_low_freq) /
                     (c.rope_high_freq - c.rope_low_freq);
    const double keep = std::clamp(s, 0.0, 1.0);
    out[i] = frequency * ((1 - keep) / c.rope_factor + keep);
  }
  return out;
}

}  // namespace stride::model
