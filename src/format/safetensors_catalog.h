// SPDX-License-Identifier: Apache-2.0
// A Hugging Face checkpoint folder of Step-3.5 or Step-3.7 as a TensorCatalog: GGUF keys, names and
// shapes. Matrices are views of the mapped files; norms (stored less one), routers and block-scaled
// FP8 become F32 when they are asked for. The vision tower is left out.
#pragma once

#include <filesystem>
#include <memory>

#include "base/error.h"
#include "format/tensor_catalog.h"

namespace stride::format {

// True for a folder, an index file (*.safetensors.index.json) or a *.safetensors file.
bool is_safetensors_path(const std::filesystem::path& path);

Result<std::unique_ptr<TensorCatalog>> open_safetensors(const std::filesystem::path& path);

}  // namespace stride::format
