// SPDX-License-Identifier: Apache-2.0
// A trained model seen as a model file: metadata and F32 tensors under the names that files use. So
// the converter writes it in any mix of types, and the runtime loads it without a file.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "format/tensor_catalog.h"
#include "train/parameters.h"

namespace stride::train {

class TrainedCatalog : public format::TensorCatalog {
 public:
  // `weights` must outlive the catalog. `vocabulary` holds the keys tokenizer.*, or nothing.
  TrainedCatalog(const model::Config& config, std::span<const float> weights,
                 const format::Metadata& vocabulary);

  const format::Metadata& metadata() const override { return metadata_; }
  std::span<const format::Tensor> tensors() const override { return tensors_; }
  const format::Tensor* find(std::string_view name) const override;
  // Norms get their +1; matrices that lie apart are brought together.
  Result<std::span<const std::byte>> rows(const format::Tensor& tensor, uint64_t first, uint64_t n,
                                          std::vector<std::byte>& scratch) const override;
  bool is_mapped(const format::Tensor& tensor) const override;
  void release(const format::Tensor&, uint64_t, uint64_t) const override {}
  std::string place(const format::Tensor& tensor) const override;
  std::span<const std::string> warnings() const override { return {}; }

 private:
  void add(const std::string& name, std::span<const uint64_t> shape, size_t source);
  bool lies_together(const Parameter& entry) const;

  ParameterTable table_;
  std::span<const float> weights_;
  format::Metadata metadata_;
  std::vector<format::Tensor> tensors_;
  std::vector<float> rotary_divisors_;  // rope_freqs.weight, which other programs need
};

}  // namespace stride::train
