// SPDX-License-Identifier: Apache-2.0
// One safetensors file: u64 header length, a JSON header, tensor data. Read from bytes in memory
// and checked: names are unique, every tensor has exactly the bytes that its type and shape need,
// and together they cover the data without overlap, hole or rest.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace stride::format {

enum class Dtype : uint8_t { f32, f16, bf16, f8_e4m3, other };

std::string_view dtype_name(Dtype dtype);

struct SafeTensor {
  std::string name;
  Dtype dtype = Dtype::other;   // other: stored, but no type that holds weights
  std::vector<uint64_t> shape;  // as in PyTorch: the last dimension is contiguous
  uint64_t offset = 0;          // from the start of the file
  uint64_t bytes = 0;
};

struct SafetensorsFile {
  std::vector<SafeTensor> tensors;  // in the order of their data
};

// Errors name the tensor and what was wanted.
Result<SafetensorsFile> parse_safetensors(std::span<const std::byte> file);

}  // namespace stride::format
