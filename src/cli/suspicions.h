// SPDX-License-Identifier: Apache-2.0
// What a careful person would ask about a model file: usable, but not as it should be.
#pragma once

#include "cli/model_report.h"

namespace stride::cli {

// Appends to report.suspicious; the rest of the report must be filled in.
void find_suspicions(const format::TensorCatalog& catalog, ModelReport& report);

}  // namespace stride::cli
