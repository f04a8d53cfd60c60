// SPDX-License-Identifier: Apache-2.0
// What running rows through a model takes at the least: the bytes that must be read and the
// operations that must be done, counted from the shapes of the model and the experts that its
// router really chose.
//
//   weights  every dense matrix once a step, each distinct expert of a layer once, the embedding
//            rows, the output head if logits were asked for; in the types of the file (the router
//            in f32, as it is run). Norms and biases are left out, a ten-thousandth of the rest.
//   kv       every position that one of the rows sees once a step: all on full layers, the window
//            on sliding ones.
//   int8     2 n_in n_out of each product of a row and a matrix of quantised weights.
//   floats   the same of float matrices, and 4 head_dim of each query head and key: the products
//            with keys and with values.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/error.h"
#include "cache/kv_layer.h"
#include "format/tensor_catalog.h"
#include "model/config.h"

namespace stride::bench {

struct Work {
  uint64_t weight_bytes = 0;
  uint64_t kv_bytes = 0;
  uint64_t int8_ops = 0;
  uint64_t float_ops = 0;

  uint64_t bytes() const { return weight_bytes + kv_bytes; }
  uint64_t ops() const { return int8_ops + float_ops; }
  Work& operator+=(const Work& other);
  bool operator==(const Work&) const = default;
};

class WorkCounter {
 public:
  // Fails if a matrix that the config implies is not in the catalog, which a loaded model excludes.
  static Result<WorkCounter> create(const model::Config& config,
                                    const format::TensorCatalog& catalog, cache::KvType kv_type);

  // One step: n_row rows behind n_past positions, with logits of n_logits of them. `picks` is
  // Output::experts: [n_moe_layer, n_row, n_expert_used].
  Work step(uint64_t n_past, uint64_t n_row, uint64_t n_logits,
            std::span<const int32_t> picks) const {
    return step(n_past, n_row, 1, n_logits, picks);
  }
  // The same for n_row rows of each of n_sequence sequences: picks [n_moe_layer, n_sequence *
  // n_row, n_expert_used].
  Work step(uint64_t n_past, uint64_t n_row, uint64_t n_sequence, uint64_t n_logits,
            std::span<const int32_t> picks) const;

 private:
  struct Part {  // matrices that are read together; operations for one row
    uint64_t bytes = 0, int8_ops = 0, float_ops = 0;
  };
  struct Layer {
    Part dense;   // attention, router, and the dense feed-forward or the shared expert
    Part expert;  // one routed expert; empty without
    bool moe = false;
    bool full = false;
    uint64_t position_bytes = 0;  // of keys and values
    uint64_t ops_per_key = 0;     // of attention, for one row
  };

  static Result<Part> part(const format::TensorCatalog& catalog, std::string_view name,
                           uint64_t n_stack = 1);
  static Result<Layer> layer(const model::Config& config, const format::TensorCatalog& catalog,
                             uint32_t index, cache::KvType kv_type);
  void add_attention(const Layer& layer, uint64_t n_past, uint64_t n_row, Work& work) const;

  std::vector<Layer> layers_;
  Part output_;
  uint64_t embedding_row_bytes_ = 0;
  uint64_t n_expert_used_ = 0;
  uint64_t window_ = 0;
};

}  // namespace stride::bench
