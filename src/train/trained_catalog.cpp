// SPDX-License-Identifier: Apache-2.0
// Tensor::source is the index of a tensor's entry in the parameter table; the table of rotary
// divisors comes after them all.
#include "train/trained_catalog.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace stride::train {
namespace {

// How much slower each pair of dimensions turns in the scaled layers: [head_dim / 2], of which the
// layers use the first n_rot / 2. Empty if no layer is scaled.
std::vector<float> rotary_divisors(const model::Config& config) {
  for (const model::LayerConfig& layer : config.layers) {
    if (!layer.rope_scaled) continue;
    model::LayerConfig plain = layer;
    plain.rope_scaled = false;
    const std::vector<double> scaled = model::rope_frequencies(config, layer);
    const std::vector<double> unscaled = model::rope_frequencies(config, plain);
    std::vector<float> divisors(config.head_dim / 2, 1.0F);
    for (size_t i = 0; i < scaled.size(); ++i)
      divisors[i] = static_cast<float>(unscaled[i] / scaled[i]);
    return divisors;
  }
  return {};
}

}  // namespace

TrainedCatalog::TrainedCatalog(const model::Config& config, std::span<const float> weights,
                               const format::Metadata& vocabulary)
    : table_(config), weights_(weights), rotary_divisors_(rotary_divisors(config)) {
  model::write_config(config, metadata_);
  for (const auto& [key, value] : vocabulary.entries()) metadata_.set(key, value);
  for (size_t e = 0; e < table_.entries().size(); ++e) {
    const Parameter& entry = table_.entries()[e];
    std::vector<uint64_t> shape{entry.n_column};
    if (entry.n_row > 1 || entry.n_matrix > 1) shape.push_back(entry.n_row);
    if (entry.n_matrix > 1) shape.push_back(entry.n_matrix);
    add(entry.name, shape, e);
  }
  if (!rotary_divisors_.empty())
    add("rope_freqs.weight", std::array{uint64_t{rotary_divisors_.size()}},
        table_.entries().size());
}

void TrainedCatalog::add(const std::string& name, std::span<const uint64_t> shape, size_t source) {
  format::Tensor tensor;
  tensor.name = name;
  tensor.n_dims = static_cast<uint32_t>(shape.size());
  std::ranges::copy(shape, tensor.shape.begin());
  tensor.bytes = tensor.values() * sizeof(float);
  tensor.source = source;
  tensors_.push_back(std::move(tensor));
}

const format::Tensor* TrainedCatalog::find(std::string_view name) const {
  const auto found = std::ranges::find(tensors_, name, &format::Tensor::name);
  return found == tensors_.end() ? nullptr : &*found;
}

bool TrainedCatalog::lies_together(const Parameter& entry) const {
  return entry.n_matrix == 1 || entry.stride == entry.n_row * entry.n_column;
}

bool TrainedCatalog::is_mapped(const format::Tensor& tensor) const {
  if (tensor.source == table_.entries().size()) return true;
  const Parameter& entry = table_.entries()[tensor.source];
  return entry.rule != Rule::norm && lies_together(entry);
}

std::string TrainedCatalog::place(const format::Tensor& tensor) const {
  return fmt::format("{} of the trained weights", tensor.name);
}

Result<std::span<const std::byte>> TrainedCatalog::rows(const format::Tensor& tensor,
                                                        uint64_t first, uint64_t n,
                                                        std::vector<std::byte>& scratch) const {
  const size_t width = tensor.shape[0];
  if (tensor.source == table_.entries().size())
    return std::as_bytes(std::span(rotary_divisors_).subspan(first * width, n * width));
  const Parameter& entry = table_.entries()[tensor.source];
  if (is_mapped(tensor))
    return std::as_bytes(weights_.subspan(entry.offset + first * width, n * width));
  std::vector<float> values(width);
  scratch.resize(n * width * sizeof(float));
  for (uint64_t row = first; row < first + n; ++row) {
    const auto from = weights_.subspan(
        entry.offset + row / entry.n_row * entry.stride + row % entry.n_row * width, width);
    for (size_t i = 0; i < width; ++i) values[i] = from[i] + (entry.rule == Rule::norm ? 1 : 0);
    std::memcpy(scratch.data() + (row - first) * width * sizeof(float), values.data(),
                width * sizeof(float));
  }
  return std::span<const std::byte>(scratch);
}

}  // namespace stride::train
