// SPDX-License-Identifier: Apache-2.0
// The way back from a model file to the trainer's weights, so that a run can begin with a model
// that has been trained before.
#pragma once

#include <span>

#include "format/tensor_catalog.h"
#include "train/parameters.h"

namespace stride::train {

// Fills `weights` (as laid out by the table) from the tensors of the same names, whatever their
// type. MTP heads that the file does not hold keep the weights they have. Fails, naming the tensor,
// if one of the trunk is missing or a shape is not the table's.
Result<> read_weights(const format::TensorCatalog& catalog, const ParameterTable& table,
                      std::span<float> weights);

}  // namespace stride::train
