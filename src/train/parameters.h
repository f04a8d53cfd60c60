// SPDX-License-Identifier: Apache-2.0
// Where each weight of a model lies in one flat float array. Model replicas, optimiser, checkpoint
// and export all address weights through this table, under the names that model files use.
//
// Matrices that a single product computes lie together: attn_q, attn_k, attn_v and attn_gate of a
// layer are one [rows, n_embd] matrix, ffn_gate and ffn_up are another, and each expert has its
// gate and up rows side by side. Norms are stored zero-centred.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "model/config.h"

namespace stride::train {

enum class Rule : uint8_t {
  muon,     // matrices
  adam,     // embeddings, heads, routers: AdamW with decay
  norm,     // AdamW without decay
  balance,  // selection biases: moved by load, not by gradient
};

struct Parameter {
  std::string name;   // "blk.3.ffn_up_exps.weight"
  size_t offset = 0;  // of the first matrix
  size_t n_matrix = 1;
  size_t stride = 0;  // from one matrix to the next
  size_t n_row = 1;   // output dimension
  size_t n_column = 0;
  Rule rule = Rule::muon;
  double deviation = 0;   // of the initial values
  int32_t mtp_head = -1;  // the head it belongs to, or -1 for the trunk

  size_t size() const { return n_matrix * n_row * n_column; }
};

class ParameterTable {
 public:
  explicit ParameterTable(const model::Config& config);

  std::span<const Parameter> entries() const { return entries_; }
  size_t size() const { return size_; }  // floats in the flat array
  const Parameter* find(std::string_view name) const;
  // Offset of a weight that must exist.
  size_t at(std::string_view name) const;

  // Normal values of each parameter's deviation; norms and biases zero.
  void initialise(std::span<float> values, Random& random) const;

  // Copies one MTP head onto another.
  void copy_head(std::span<float> values, uint32_t from, uint32_t to) const;

 private:
  void add_attention(const model::Config& config, uint32_t layer);
  void add_feed_forward(const model::Config& config, uint32_t layer);
  void add_mtp(const model::Config& config, uint32_t head);
  void add(Parameter parameter);
  void add_matrix(std::string name, size_t n_row, size_t n_column, Rule rule, double deviation);
  void add_experts(const std::string& prefix, const model::Config& config, double out_scale);

  std::vector<Parameter> entries_;
  size_t size_ = 0;
  int32_t head_ = -1;
};

}  // namespace stride::train
