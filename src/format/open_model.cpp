// SPDX-License-Identifier: Apache-2.0
// Chooses the reader for a path.
#include "format/gguf_catalog.h"
#include "format/safetensors_catalog.h"
#include "format/tensor_catalog.h"

namespace stride::format {

Result<std::unique_ptr<TensorCatalog>> open_model(const std::filesystem::path& path) {
  return is_safetensors_path(path) ? open_safetensors(path) : open_gguf(path);
}

}  // namespace stride::format
