// SPDX-License-Identifier: Apache-2.0
// The reference implementation of Model: see reference.cpp, which is meant to be read.
#pragma once

#include <memory>

#include "model/model.h"
#include "model/weights.h"

namespace stride::model {

Result<std::unique_ptr<Model>> make_reference_model(Weights weights, const LoadOptions& options);

}  // namespace stride::model
