// SPDX-License-Identifier: Apache-2.0
#include "model/weights.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <initializer_list>

#include "quant/codec.h"

namespace stride::model {
namespace {

using format::Tensor;
using format::TensorCatalog;
using Warnings = std::vector<std::string>;

std::string block(uint32_t layer, std::string_view name) {
  return fmt::format("blk.{}.{}", layer, name);
}

std::string shape_text(const format::Shape& shape) {
  std::string text = fmt::format("{}", shape[0]);
  for (size_t i = 1; i < shape.size() && (i < 2 || shape[i] != 1); ++i)
    text += fmt::format(" x {}", shape[i]);
  return text;
}

// Finds tensors of one file, checks their shapes and turns them into matrices and vectors.
class Binder {
 public:
  Binder(const TensorCatalog& catalog, Weights& weights) : catalog_(catalog), weights_(weights) {}

  bool has(std::string_view name) const { return catalog_.find(name) != nullptr; }

  Result<Matrix> matrix(std::string_view name, uint32_t n_in, uint32_t n_out,
                        uint32_t n_stack = 1) {
    const Tensor& tensor = *STRIDE_TRY(find(name, {n_in, n_out, n_stack, 1}));
    std::vector<std::byte> scratch;
    std::span<const std::byte> bytes =
        STRIDE_TRY_AT(name, catalog_.stored(tensor, 0, tensor.rows(), scratch));
    const bool mapped = catalog_.is_mapped(tensor);
    if (!mapped) bytes = keep(bytes);
    weights_.total_bytes += bytes.size();
    return Matrix{.type = tensor.type,
                  .n_in = n_in,
                  .n_out = n_out,
                  .n_stack = n_stack,
                  .row_bytes = quant::row_bytes(tensor.type, n_in),
                  .data = bytes.data(),
                  .layout = tensor.layout,
                  .catalog = mapped ? &catalog_ : nullptr,
                  .tensor = mapped ? &tensor : nullptr};
  }

  // The same, decoded to f32 where the file has another type.
  Result<Matrix> float_matrix(std::string_view name, uint32_t n_in, uint32_t n_out) {
    Matrix m = STRIDE_TRY(matrix(name, n_in, n_out));
    if (m.type == quant::Type::f32) return m;
    std::vector<float> values(size_t{n_in} * n_out);
    std::vector<std::byte> scratch;
    for (uint32_t r = 0; r < n_out; ++r)
      quant::decode(m.type, m.row(0, r, scratch),
                    std::span(values).subspan(size_t{r} * n_in, n_in));
    m.type = quant::Type::f32;
    m.layout = quant::Layout::rows;
    m.row_bytes = n_in * sizeof(float);
    m.data = keep(std::as_bytes(std::span(values))).data();
    m.catalog = nullptr;
    m.tensor = nullptr;
    return m;
  }

  Result<Vector> vector(std::string_view name, uint32_t n) {
    const Tensor& tensor = *STRIDE_TRY(find(name, {n, 1, 1, 1}));
    std::vector<std::byte> scratch;
    const auto bytes = STRIDE_TRY_AT(name, catalog_.bytes(tensor, scratch));
    Vector out(n);
    quant::decode(tensor.type, bytes, out);
    if (!std::ranges::all_of(out, [](float x) { return std::isfinite(x); })) {
      return fail(Errc::format, "{}: holds a value that is not finite", name);
    }
    return out;
  }

 private:
  Result<const Tensor*> find(std::string_view name, const format::Shape& shape) const {
    const Tensor* tensor = catalog_.find(name);
    if (!tensor) return fail(Errc::format, "tensor {} is missing", name);
    if (tensor->shape != shape) {
      return fail(Errc::format, "tensor {} is {}, but the model's metadata asks for {}", name,
                  shape_text(tensor->shape), shape_text(shape));
    }
    return tensor;
  }

  std::span<const std::byte> keep(std::span<const std::byte> bytes) {
    return *weights_.owned.emplace_back(
        std::make_unique<std::vector<std::byte>>(bytes.begin(), bytes.end()));
  }

  const TensorCatalog& catalog_;
  Weights& weights_;
};

Result<AttentionWeights> bind_attention(Binder& binder, const Config& c, uint32_t i) {
  const LayerConfig& layer = c.layers[i];
  const uint32_t q_width = layer.n_head * c.head_dim;
  const uint32_t kv_width = layer.n_head_kv * c.head_dim;
  AttentionWeights w;
  w.norm = STRIDE_TRY(binder.vector(block(i, "attn_norm.weight"), c.n_embd));
  w.q_norm = STRIDE_TRY(binder.vector(block(i, "attn_q_norm.weight"), c.head_dim));
  w.k_norm = STRIDE_TRY(binder.vector(block(i, "attn_k_norm.weight"), c.head_dim));
  w.q = STRIDE_TRY(binder.matrix(block(i, "attn_q.weight"), c.n_embd, q_width));
  w.k = STRIDE_TRY(binder.matrix(block(i, "attn_k.weight"), c.n_embd, kv_width));
  w.v = STRIDE_TRY(binder.matrix(block(i, "attn_v.weight"), c.n_embd, kv_width));
  w.gate = STRIDE_TRY(binder.matrix(block(i, "attn_gate.weight"), c.n_embd, layer.n_head));
  w.output = STRIDE_TRY(binder.matrix(block(i, "attn_output.weight"), q_width, c.n_embd));
  return w;
}

Result<FeedForward> bind_feed_forward(Binder& binder, const Config& c, uint32_t i,
                                      std::string_view suffix, uint32_t width, uint32_t n_stack) {
  const auto name = [&](std::string_view part) {
    return block(i, fmt::format("ffn_{}{}.weight", part, suffix));
  };
  FeedForward w;
  w.gate = STRIDE_TRY(binder.matrix(name("gate"), c.n_embd, width, n_stack));
  w.up = STRIDE_TRY(binder.matrix(name("up"), c.n_embd, width, n_stack));
  w.down = STRIDE_TRY(binder.matrix(name("down"), width, c.n_embd, n_stack));
  return w;
}

Result<Vector> bind_router_bias(Binder& binder, const Config& c, uint32_t i) {
  for (const char* name : {"exp_probs_b.bias", "exp_probs_b"}) {
    if (binder.has(block(i, name))) return binder.vector(block(i, name), c.n_expert);
  }
  return Vector(c.n_expert, 0.0F);
}

Result<LayerWeights> bind_layer(Binder& binder, Config& c, uint32_t i) {
  LayerWeights w;
  w.attention = STRIDE_TRY(bind_attention(binder, c, i));
  w.ffn_norm = STRIDE_TRY(binder.vector(block(i, "ffn_norm.weight"), c.n_embd));
  c.layers[i].moe = binder.has(block(i, "ffn_gate_inp.weight"));
  if (!c.layers[i].moe) {
    w.dense = STRIDE_TRY(bind_feed_forward(binder, c, i, "", c.n_ff, 1));
    return w;
  }
  if (c.n_expert == 0)
    return fail(Errc::format, "layer {} has a router, but step35.expert_count is missing", i);
  w.router = STRIDE_TRY(binder.float_matrix(block(i, "ffn_gate_inp.weight"), c.n_embd, c.n_expert));
  w.router_bias = STRIDE_TRY(bind_router_bias(binder, c, i));
  w.experts = STRIDE_TRY(bind_feed_forward(binder, c, i, "_exps", c.n_ff_expert, c.n_expert));
  w.dense = STRIDE_TRY(bind_feed_forward(binder, c, i, "_shexp", c.n_ff_shared, 1));
  return w;
}

Result<MtpWeights> bind_mtp(Binder& binder, const Config& c, uint32_t i, const Matrix& token_embd) {
  MtpWeights w;
  w.enorm = STRIDE_TRY(binder.vector(block(i, "nextn.enorm.weight"), c.n_embd));
  w.hnorm = STRIDE_TRY(binder.vector(block(i, "nextn.hnorm.weight"), c.n_embd));
  w.eh_proj = STRIDE_TRY(binder.matrix(block(i, "nextn.eh_proj.weight"), 2 * c.n_embd, c.n_embd));
  w.head_norm = STRIDE_TRY(binder.vector(block(i, "nextn.shared_head_norm.weight"), c.n_embd));
  w.head =
      STRIDE_TRY(binder.matrix(block(i, "nextn.shared_head_head.weight"), c.n_embd, c.n_vocab));
  const std::string own_embedding = block(i, "nextn.embed_tokens.weight");
  w.token_embd = binder.has(own_embedding)
                     ? STRIDE_TRY(binder.matrix(own_embedding, c.n_embd, c.n_vocab))
                     : token_embd;
  return w;
}

// Takes the layer shapes of the heads in a separate file, which must fit the trunk.
Result<> join_mtp_config(Config& c, const TensorCatalog& mtp, Warnings& warnings) {
  const auto depth = STRIDE_TRY_AT("MTP file", format::read_depth(mtp.metadata(), mtp.tensors()));
  const Config other = STRIDE_TRY_AT("MTP file", read_config(mtp.metadata(), depth, warnings));
  if (other.n_embd != c.n_embd || other.head_dim != c.head_dim || other.n_vocab != c.n_vocab ||
      other.window != c.window || other.n_layer != c.n_layer) {
    return fail(Errc::invalid_argument,
                "the MTP file belongs to another model: {} layers of width {} and {} tokens, but "
                "the trunk has {}, {} "
                "and {}",
                other.n_layer, other.n_embd, other.n_vocab, c.n_layer, c.n_embd, c.n_vocab);
  }
  if (other.n_mtp == 0)
    return fail(Errc::invalid_argument, "the MTP file holds no MTP layers (blk.{}.nextn.*)",
                c.n_layer);
  c.n_mtp = other.n_mtp;
  c.n_ff = c.n_ff == 0 ? other.n_ff : c.n_ff;
  c.layers.resize(c.n_layer);
  for (uint32_t i = 0; i < c.n_mtp; ++i) c.layers.push_back(other.layers[c.n_layer + i]);
  return {};
}

// Files converted with the wrong rotary width carry a table of nearly no scaling; the table is
// always recomputed, and a file that disagrees deserves a word.
void check_rope_table(Binder& binder, const TensorCatalog& trunk, const Config& c,
                      Warnings& warnings) {
  const Tensor* tensor = trunk.find("rope_freqs.weight");
  const auto full = std::ranges::find(c.layers, Attention::full, &LayerConfig::attention);
  if (!tensor || full == c.layers.end() || tensor->shape[0] > 4096) return;
  const auto table = binder.vector("rope_freqs.weight", static_cast<uint32_t>(tensor->shape[0]));
  const std::vector<double> scaled = rope_frequencies(c, *full);
  if (!table || table->size() < scaled.size()) {
    warnings.emplace_back(
        "rope_freqs.weight is unreadable or too short; the rotary table is computed instead");
    return;
  }
  for (size_t i = 0; i < scaled.size(); ++i) {
    const double plain = std::pow(full->rope_theta, -2.0 * static_cast<double>(i) / full->n_rot);
    const double wanted = plain / scaled[i];
    if (std::abs((*table)[i] - wanted) < 1e-3 * wanted) continue;
    warnings.push_back(fmt::format(
        "rope_freqs.weight holds {:.6f} at {} where {:.6f} is right (a known fault of older "
        "conversions); the right table is used",
        (*table)[i], i, wanted));
    return;
  }
}

}  // namespace

std::span<const std::byte> Matrix::row(uint32_t index, uint32_t r,
                                       std::vector<std::byte>& scratch) const {
  if (layout == quant::Layout::rows) return {matrix(index) + r * row_bytes, row_bytes};
  constexpr uint32_t kRows = quant::kGroupRows;
  scratch.resize(row_bytes);
  quant::ungroup_row(type, n_in, {matrix(index) + r / kRows * kRows * row_bytes, kRows * row_bytes},
                     r % kRows, scratch);
  return scratch;
}

Result<Weights> bind_weights(const TensorCatalog& trunk, const TensorCatalog* mtp,
                             Warnings& warnings) {
  Weights w;
  Config& c = w.config;
  const auto depth = STRIDE_TRY(format::read_depth(trunk.metadata(), trunk.tensors()));
  if (depth.only_mtp) {
    return fail(Errc::invalid_argument,
                "the file holds only MTP layers; load the trunk and give this one with --mtp");
  }
  c = STRIDE_TRY(read_config(trunk.metadata(), depth, warnings));
  if (mtp) {
    STRIDE_TRY(join_mtp_config(c, *mtp, warnings));
  } else if (depth.n_elsewhere > 0) {
    warnings.push_back(
        fmt::format("the file declares {} MTP layers and holds {}; give the others with --mtp FILE",
                    depth.n_mtp + depth.n_elsewhere, depth.n_mtp));
  }

  Binder binder(trunk, w);
  Binder mtp_binder(mtp ? *mtp : trunk, w);
  w.token_embd = STRIDE_TRY(binder.matrix("token_embd.weight", c.n_embd, c.n_vocab));
  w.output_norm = STRIDE_TRY(binder.vector("output_norm.weight", c.n_embd));
  w.output = STRIDE_TRY(binder.matrix("output.weight", c.n_embd, c.n_vocab));
  for (uint32_t i = 0; i < c.n_layer + c.n_mtp; ++i) {
    w.layers.push_back(STRIDE_TRY(bind_layer(i < c.n_layer ? binder : mtp_binder, c, i)));
  }
  // Counts that no tensor backs would size buffers for nothing.
  if (std::ranges::none_of(c.layers, &LayerConfig::moe))
    c.n_expert = c.n_expert_used = c.n_ff_expert = 0;
  if (std::ranges::all_of(c.layers, &LayerConfig::moe)) c.n_ff = 0;
  for (uint32_t k = 0; k < c.n_mtp; ++k) {
    w.mtp.push_back(STRIDE_TRY(bind_mtp(mtp_binder, c, c.n_layer + k, w.token_embd)));
  }
  check_rope_table(binder, trunk, c, warnings);
  return w;
}

}  // namespace stride::model
