// SPDX-License-Identifier: Apache-2.0
// How a GGUF file says that the rows of a tensor lie in groups (quant/row_groups.h), the order that
// `stride convert --repack` writes and the fast kernels read without a copy.
//
// Such a tensor has the number of its type plus kGroupTypes. No other program gives meaning to
// these numbers, so one that does not know groups refuses the file; under the type's own number it
// would compute nonsense. The key stride.layout, which a file with such tensors must have, is the
// version of the order inside a group.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "format/metadata.h"
#include "format/tensor_catalog.h"

namespace stride::format {

inline constexpr std::string_view kLayoutKey = "stride.layout";
inline constexpr uint32_t kLayoutVersion = 1;
inline constexpr uint32_t kGroupTypes = 0x53470000;

struct StoredType {
  quant::Type type = quant::Type::f32;
  quant::Layout layout = quant::Layout::rows;
};

// What the number of a tensor's type means; nullopt for what Stride does not read.
std::optional<StoredType> stored_type(uint32_t number);
uint32_t type_number(StoredType stored);

// Fails (unsupported) for a file in another version of the order.
Result<> check_layout_version(const Metadata& metadata);

// Fails (format) if the tensor is in groups that it cannot be in, or that no key tells about.
Result<> check_layout(const Metadata& metadata, const Tensor& tensor);

// Whether a repacked file has this tensor in groups: matrices that activations are multiplied with,
// of types and heights that can. Embeddings are read a row at a time, and the router in f32.
bool repacks(const Tensor& tensor);

// Rows [first, first + n) of a tensor whose bytes as stored are given: a view of them, or taken out
// of their groups into `scratch`.
std::span<const std::byte> take_rows(const Tensor& tensor, std::span<const std::byte> stored,
                                     uint64_t first, uint64_t n, std::vector<std::byte>& scratch);

}  // namespace stride::format
