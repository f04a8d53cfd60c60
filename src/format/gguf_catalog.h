// SPDX-License-Identifier: Apache-2.0
// A GGUF model in one file or in the shards that gguf-split makes of it: NAME-00001-of-0000N.gguf,
// the first of which carries the metadata and may hold no tensors.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "format/tensor_catalog.h"

namespace stride::format {

// What the name of a shard says: "model-00002-of-00003.gguf" is {"model", 2, 3}.
struct ShardName {
  std::string stem;
  uint32_t number = 1;  // from 1
  uint32_t count = 1;

  static std::optional<ShardName> parse(std::string_view file_name);
  std::string with_number(uint32_t n) const;  // the name of another shard
};

// Maps the file and, if it is one of several, its siblings in the same folder.
Result<std::unique_ptr<TensorCatalog>> open_gguf(const std::filesystem::path& path);

}  // namespace stride::format
