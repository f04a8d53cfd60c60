// SPDX-License-Identifier: Apache-2.0
// One GGUF file (version 2 or 3, little endian): header, metadata and tensor table, read from bytes
// in memory and checked, so that whoever holds a GgufFile may use its numbers without further
// checks:
//  - every tensor has 1 to 4 dimensions, none zero, a type that Stride reads, and rows of whole
//    blocks; its bytes lie in the file, aligned, and overlap no other tensor's; if its rows lie in
//    groups, they can, and the order is the one that Stride knows (see layout.h);
//  - keys and tensor names are unique, not empty and without control characters.
// Layout: magic, version, counts; keys and values; tensor table; padding; tensor data.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "format/metadata.h"
#include "format/tensor_catalog.h"

namespace stride::format {

inline constexpr uint32_t kGgufMagic = 0x46554747;  // "GGUF"
inline constexpr uint64_t kGgufDefaultAlignment = 32;

struct GgufFile {
  uint32_t version = 3;
  uint64_t alignment = kGgufDefaultAlignment;  // of tensor offsets; a power of two
  uint64_t data_offset = 0;                    // where the tensor data begin
  Metadata metadata;
  std::vector<Tensor> tensors;    // in file order; `source` is the place in `offsets`
  std::vector<uint64_t> offsets;  // of each tensor's bytes from the start of the file
};

// Errors: format for a damaged file, unsupported for a version or tensor type that Stride does not
// read. They name the key or tensor and the offset.
Result<GgufFile> parse_gguf(std::span<const std::byte> file);

// The size in bytes of a tensor, or why there can be none. Used by readers and writers.
Result<uint64_t> tensor_bytes(quant::Type type, const Shape& shape);

}  // namespace stride::format
