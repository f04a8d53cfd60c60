// SPDX-License-Identifier: Apache-2.0
// For tests: what the float64 oracle (tools/step35_oracle.py) computed for a tiny model, read from
// tests/golden/tiny.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "format/tensor_catalog.h"
#include "model/model.h"

namespace stride::model {

struct Golden {
  explicit Golden(const std::string& name);

  // The model by the given path; a test failure and null if it does not load.
  std::unique_ptr<Model> load(const LoadOptions& options) const;

  std::unique_ptr<format::TensorCatalog> catalog;
  std::vector<Token> ids, greedy;
  std::vector<float> logits, hidden;
  std::vector<int32_t> experts;
  std::vector<std::vector<float>> mtp;
};

// ||a - b|| / ||b||
double relative_error(std::span<const float> a, std::span<const float> b);

// The logits of every head over a known sequence, and of the trunk, fed in pieces to one fresh
// sequence.
struct AllOutputs {
  Output trunk;
  std::vector<Output> mtp;
};
AllOutputs run_everything(Model& model, std::span<const Token> ids, size_t piece = SIZE_MAX);

}  // namespace stride::model
