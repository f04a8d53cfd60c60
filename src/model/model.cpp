// SPDX-License-Identifier: Apache-2.0
#include "model/model.h"

#include "model/fast.h"
#include "model/reference.h"
#include "model/weights.h"

namespace stride::model {

Result<std::unique_ptr<Model>> Model::load(const format::TensorCatalog& catalog,
                                           const LoadOptions& options,
                                           std::vector<std::string>& warnings) {
  warnings.insert(warnings.end(), catalog.warnings().begin(), catalog.warnings().end());
  Weights weights = STRIDE_TRY(bind_weights(catalog, options.mtp, warnings));
  return options.path == Path::reference ? make_reference_model(std::move(weights), options)
                                         : make_fast_model(std::move(weights), options);
}

}  // namespace stride::model
