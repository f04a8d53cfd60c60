// SPDX-License-Identifier: Apache-2.0
#include "train/read_weights.h"

#include <fmt/ranges.h>

#include <array>

#include "quant/codec.h"

namespace stride::train {
namespace {

Result<> check_shape(const format::Tensor& tensor, const Parameter& entry) {
  const format::Shape wanted{entry.n_column, entry.n_row, entry.n_matrix, 1};
  if (tensor.shape == wanted) return {};
  return fail(Errc::invalid_argument, "{} has the shape [{}], but the configuration asks for [{}]",
              tensor.name, fmt::join(tensor.shape, ", "), fmt::join(wanted, ", "));
}

// Norms are stored with their +1 in files.
Result<> read_parameter(const format::TensorCatalog& catalog, const format::Tensor& tensor,
                        const Parameter& entry, std::span<float> weights) {
  const float centre = entry.rule == Rule::norm ? 1 : 0;
  std::vector<std::byte> scratch;
  for (size_t m = 0; m < entry.n_matrix; ++m)
    for (size_t r = 0; r < entry.n_row; ++r) {
      const auto bytes = STRIDE_TRY(catalog.rows(tensor, m * entry.n_row + r, 1, scratch));
      const auto row =
          weights.subspan(entry.offset + m * entry.stride + r * entry.n_column, entry.n_column);
      quant::decode(tensor.type, bytes, row);
      for (float& value : row) value -= centre;
    }
  return {};
}

}  // namespace

Result<> read_weights(const format::TensorCatalog& catalog, const ParameterTable& table,
                      std::span<float> weights) {
  for (const Parameter& entry : table.entries()) {
    const format::Tensor* tensor = catalog.find(entry.name);
    if (tensor == nullptr && entry.mtp_head >= 0) continue;
    if (tensor == nullptr) return fail(Errc::not_found, "the tensor {} is missing", entry.name);
    STRIDE_TRY(check_shape(*tensor, entry));
    STRIDE_TRY(read_parameter(catalog, *tensor, entry, weights));
  }
  return {};
}

}  // namespace stride::train
