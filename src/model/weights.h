// SPDX-License-Identifier: Apache-2.0
// The weights of a model, bound by name to the tensors of its file and checked against the config:
// after binding, every matrix has the shape its use needs, so nothing downstream checks again.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/aligned_buffer.h"
#include "base/error.h"
#include "format/tensor_catalog.h"
#include "model/config.h"
#include "quant/row_groups.h"
#include "quant/type.h"

namespace stride::model {

// [n_stack, n_out, n_in] in the type of the file: y = W x. A stack of one is an ordinary matrix.
struct Matrix {
  quant::Type type = quant::Type::f32;
  uint32_t n_in = 0;
  uint32_t n_out = 0;
  uint32_t n_stack = 1;
  size_t row_bytes = 0;
  const std::byte* data = nullptr;  // in the file's mapping, Weights::owned or Weights::arena
  quant::Layout layout = quant::Layout::rows;
  // Where the mapping came from; null once the bytes are ours.
  const format::TensorCatalog* catalog = nullptr;
  const format::Tensor* tensor = nullptr;

  bool empty() const { return data == nullptr; }
  size_t matrix_bytes() const { return row_bytes * n_out; }
  const std::byte* matrix(uint32_t index) const { return data + index * matrix_bytes(); }
  // A row as the type has it: a view, or taken out of its group into `scratch`.
  std::span<const std::byte> row(uint32_t index, uint32_t r, std::vector<std::byte>& scratch) const;
};

using Vector = std::vector<float>;  // norms and biases, decoded

struct AttentionWeights {
  Vector norm;            // [n_embd]
  Vector q_norm, k_norm;  // [head_dim]
  Matrix q, k, v;         // [n_head * head_dim, n_embd], then twice [n_head_kv * head_dim, n_embd]
  Matrix gate;            // [n_head, n_embd]
  Matrix output;          // [n_embd, n_head * head_dim]
};

struct FeedForward {
  Matrix gate, up;  // [width, n_embd], stacked for routed experts
  Matrix down;      // [n_embd, width]
};

struct LayerWeights {
  AttentionWeights attention;
  Vector ffn_norm;     // [n_embd]
  FeedForward dense;   // the dense feed-forward, or the shared expert of a layer with experts
  Matrix router;       // [n_expert, n_embd], always f32; empty in dense layers
  Vector router_bias;  // [n_expert], for the choice only
  FeedForward experts;
};

struct MtpWeights {
  Vector enorm, hnorm;  // [n_embd]
  Matrix eh_proj;       // [n_embd, 2 * n_embd]: embedding half first
  Vector head_norm;     // [n_embd]
  Matrix head;          // [n_vocab, n_embd]
  Matrix token_embd;    // [n_vocab, n_embd]; the trunk's unless the file has its own
};

struct Weights {
  Config config;
  Matrix token_embd;                 // [n_vocab, n_embd]
  Vector output_norm;                // [n_embd]
  Matrix output;                     // [n_vocab, n_embd]
  std::vector<LayerWeights> layers;  // [n_layer + n_mtp]
  std::vector<MtpWeights> mtp;       // [n_mtp]
  uint64_t total_bytes = 0;          // of all matrices
  std::vector<std::unique_ptr<std::vector<std::byte>>>
      owned;                       // tensors that are not views of a file
  AlignedBuffer<std::byte> arena;  // see model/arena.h
};

// Binds the trunk, and the MTP blocks embedded in it or held by `mtp` (null = none). Both catalogs
// must outlive the result. Which layers have experts and which MTP heads exist is decided by the
// tensors that are there.
Result<Weights> bind_weights(const format::TensorCatalog& trunk, const format::TensorCatalog* mtp,
                             std::vector<std::string>& warnings);

}  // namespace stride::model
