// SPDX-License-Identifier: Apache-2.0
// The production implementation of Model: quantised weights against int8 activations on a thread
// team.
#pragma once

#include <memory>

#include "model/model.h"
#include "model/weights.h"

namespace stride::model {

Result<std::unique_ptr<Model>> make_fast_model(Weights weights, const LoadOptions& options);

}  // namespace stride::model
