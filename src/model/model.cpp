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

Result<> Sequence::adopt(std::span<const cache::SharedPage>, const RewindPoint&) {
  return fail(Errc::unsupported, "sequences of this kind do not share what they hold");
}

Result<> Model::forward_batch(std::span<const Part> parts, const std::atomic<bool>*) {
  for (const Part& part : parts) STRIDE_TRY(forward(*part.sequence, part.request, *part.out));
  return {};
}

Result<> Model::forward_mtp_batch(uint32_t head, std::span<const Part> parts) {
  for (const Part& part : parts)
    STRIDE_TRY(forward_mtp(*part.sequence, head, part.request, part.hidden, *part.out));
  return {};
}

}  // namespace stride::model
