// SPDX-License-Identifier: Apache-2.0
// The shape of a slab: configuration, tensors and keys.
#include <algorithm>
#include <array>

#include "cli/slab.h"
#include "text/byte_alphabet.h"
#include "text/gguf_vocabulary.h"

namespace stride::cli {
namespace {

using format::Tensor;
using text::TokenKind;

constexpr std::array<std::string_view, 11> kSpecialTokens = {
    "<\xef\xbd\x9c"
    "begin\xe2\x96\x81of\xe2\x96\x81sentence\xef\xbd\x9c>",
    "<\xef\xbd\x9c"
    "end\xe2\x96\x81of\xe2\x96\x81sentence\xef\xbd\x9c>",
    "<\xef\xbd\x9c\xe2\x96\x81pad\xe2\x96\x81\xef\xbd\x9c>",
    "<|im_start|>",
    "<|im_end|>",
    "<tool_call>",
    "</tool_call>",
    "<tool_response>",
    "</tool_response>",
    "<think>",
    "</think>",
};
constexpr uint32_t kBegin = 0, kPad = 2, kTurnEnd = 4;  // places in kSpecialTokens

struct Widths {
  uint32_t n_embd, head_dim, heads_full, heads_sliding, n_head_kv, n_ff, n_expert, n_expert_used,
      n_ff_expert, window;
};
constexpr Widths kTrueWidths = {4096, 128, 64, 96, 8, 11264, 288, 8, 1280, 512};
constexpr Widths kSmallWidths = {512, 64, 8, 12, 2, 1024, 16, 4, 256, 64};

// Adds the tensors of one model in file order.
class TensorList {
 public:
  explicit TensorList(const model::Config& config) : c_(config) {}

  std::vector<Tensor> all() && {
    matrix("token_embd.weight", c_.n_embd, c_.n_vocab);
    vector("output_norm.weight", c_.n_embd);
    matrix("output.weight", c_.n_embd, c_.n_vocab);
    vector("rope_freqs.weight", c_.head_dim / 2);
    for (uint32_t i = 0; i < c_.layers.size(); ++i) {
      prefix_ = fmt::format("blk.{}.", i);
      attention(c_.layers[i]);
      c_.layers[i].moe ? experts() : dense();
      if (i >= c_.n_layer) mtp();
    }
    return std::move(tensors_);
  }

 private:
  void add(std::string_view name, format::Shape shape, uint32_t n_dims) {
    Tensor tensor;
    tensor.name = prefix_ + std::string(name);
    tensor.shape = shape;
    tensor.n_dims = n_dims;
    tensor.bytes = tensor.values() * sizeof(float);
    tensors_.push_back(std::move(tensor));
  }
  void vector(std::string_view name, uint64_t n) { add(name, {n, 1, 1, 1}, 1); }
  void matrix(std::string_view name, uint64_t n_in, uint64_t n_out) {
    add(name, {n_in, n_out, 1, 1}, 2);
  }
  void stack(std::string_view name, uint64_t n_in, uint64_t n_out) {
    add(name, {n_in, n_out, c_.n_expert, 1}, 3);
  }

  void attention(const model::LayerConfig& layer) {
    const uint64_t q = uint64_t{layer.n_head} * c_.head_dim;
    const uint64_t kv = uint64_t{layer.n_head_kv} * c_.head_dim;
    vector("attn_norm.weight", c_.n_embd);
    vector("attn_q_norm.weight", c_.head_dim);
    vector("attn_k_norm.weight", c_.head_dim);
    matrix("attn_q.weight", c_.n_embd, q);
    matrix("attn_k.weight", c_.n_embd, kv);
    matrix("attn_v.weight", c_.n_embd, kv);
    matrix("attn_output.weight", q, c_.n_embd);
    matrix("attn_gate.weight", c_.n_embd, layer.n_head);
    vector("ffn_norm.weight", c_.n_embd);
  }

  void dense() {
    matrix("ffn_gate.weight", c_.n_embd, c_.n_ff);
    matrix("ffn_up.weight", c_.n_embd, c_.n_ff);
    matrix("ffn_down.weight", c_.n_ff, c_.n_embd);
  }

  void experts() {
    matrix("ffn_gate_inp.weight", c_.n_embd, c_.n_expert);
    vector("exp_probs_b.bias", c_.n_expert);
    stack("ffn_gate_exps.weight", c_.n_embd, c_.n_ff_expert);
    stack("ffn_up_exps.weight", c_.n_embd, c_.n_ff_expert);
    stack("ffn_down_exps.weight", c_.n_ff_expert, c_.n_embd);
    matrix("ffn_gate_shexp.weight", c_.n_embd, c_.n_ff_shared);
    matrix("ffn_up_shexp.weight", c_.n_embd, c_.n_ff_shared);
    matrix("ffn_down_shexp.weight", c_.n_ff_shared, c_.n_embd);
  }

  void mtp() {
    matrix("nextn.eh_proj.weight", uint64_t{2} * c_.n_embd, c_.n_embd);
    vector("nextn.enorm.weight", c_.n_embd);
    vector("nextn.hnorm.weight", c_.n_embd);
    vector("nextn.shared_head_norm.weight", c_.n_embd);
    matrix("nextn.shared_head_head.weight", c_.n_embd, c_.n_vocab);
  }

  const model::Config& c_;
  std::string prefix_;
  std::vector<Tensor> tensors_;
};

Result<> check_range(std::string_view what, uint32_t n, uint32_t low, uint32_t high) {
  if (n >= low && n <= high) return {};
  return fail(Errc::invalid_argument, "{} is {}, but must be from {} to {}", what, n, low, high);
}

// The bytes, then pairs of frequent letters as far as there is room for them.
void add_text_tokens(text::Vocabulary& v, size_t n_most) {
  for (int byte = 0; byte < 256; ++byte)
    v.tokens.push_back(text::to_byte_alphabet(std::string(1, static_cast<char>(byte))));
  constexpr std::string_view kFrequent = " etaoinshrdlu";
  for (const char left : kFrequent) {
    for (const char right : kFrequent.substr(1)) {
      if (v.tokens.size() >= n_most) return;
      const std::string a = text::to_byte_alphabet(std::string(1, left));
      const std::string b = text::to_byte_alphabet(std::string(1, right));
      v.tokens.push_back(a + b);
      v.merges.push_back(fmt::format("{} {}", a, b));
    }
  }
}

text::Vocabulary slab_vocabulary(uint32_t n_vocab) {
  text::Vocabulary v;
  add_text_tokens(v, n_vocab - kSpecialTokens.size());
  v.kinds.assign(v.tokens.size(), TokenKind::normal);
  const auto first = static_cast<text::Token>(v.tokens.size());
  v.tokens.insert(v.tokens.end(), kSpecialTokens.begin(), kSpecialTokens.end());
  v.kinds.resize(v.tokens.size(), TokenKind::control);
  while (v.tokens.size() < n_vocab) v.tokens.push_back(fmt::format("[PAD{}]", v.tokens.size()));
  v.kinds.resize(n_vocab, TokenKind::unused);
  v.pre = "deepseek-v3";
  v.bos = first + static_cast<text::Token>(kBegin);
  v.eos = first + static_cast<text::Token>(kTurnEnd);
  v.pad = first + static_cast<text::Token>(kPad);
  return v;
}

}  // namespace

Result<model::Config> slab_config(const SlabShape& shape) {
  STRIDE_TRY(check_range("--layers", shape.n_layer, 1, 1024));
  STRIDE_TRY(check_range("--mtp", shape.n_mtp, 0, 64));
  STRIDE_TRY(check_range("--dense", shape.n_dense, 0, shape.n_layer));
  STRIDE_TRY(check_range("--vocab", shape.n_vocab, 256 + kSpecialTokens.size() + 1, 1 << 20));
  const Widths& w = shape.small ? kSmallWidths : kTrueWidths;
  model::Config c;
  c.name = shape.small ? "step35 small slab" : "step35 slab";
  c.n_vocab = shape.n_vocab;
  c.n_embd = w.n_embd;
  c.n_layer = shape.n_layer;
  c.n_mtp = shape.n_mtp;
  c.n_ctx_train = 262144;
  c.head_dim = w.head_dim;
  c.n_ff = w.n_ff;
  c.n_expert = w.n_expert;
  c.n_expert_used = w.n_expert_used;
  c.n_ff_expert = c.n_ff_shared = w.n_ff_expert;
  c.expert_scale = 3;
  c.window = w.window;
  for (uint32_t i = 0; i < shape.n_layer + shape.n_mtp; ++i) {
    const bool mtp = i >= shape.n_layer, sliding = mtp || i % 4 != 0;
    model::LayerConfig layer;
    layer.attention = sliding ? model::Attention::sliding : model::Attention::full;
    layer.n_head = sliding ? w.heads_sliding : w.heads_full;
    layer.n_head_kv = w.n_head_kv;
    layer.n_rot = sliding ? w.head_dim : w.head_dim / 2;
    layer.rope_theta = sliding ? 1e4 : 5e6;
    layer.rope_scaled = !sliding;
    layer.moe = !mtp && i >= shape.n_dense;
    const bool clamped = !mtp && i + 2 >= shape.n_layer;
    layer.clamp = clamped ? 7 : 0;
    layer.clamp_shared = clamped ? 16 : 0;
    c.layers.push_back(layer);
  }
  return c;
}

std::vector<Tensor> model_tensors(const model::Config& config) {
  return TensorList(config).all();
}

format::Metadata slab_metadata(const model::Config& config) {
  format::Metadata metadata;
  model::write_config(config, metadata);
  text::write_vocabulary(slab_vocabulary(config.n_vocab), metadata);
  return metadata;
}

}  // namespace stride::cli
