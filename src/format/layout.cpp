// SPDX-License-Identifier: Apache-2.0
#include "format/layout.h"

#include <utility>

#include "format/layers.h"

namespace stride::format {

using quant::Layout;

std::optional<StoredType> stored_type(uint32_t number) {
  constexpr uint32_t kTypeBits = 0xffff;
  const bool groups = (number & ~kTypeBits) == kGroupTypes;
  const auto type = quant::type_from_number(groups ? number & kTypeBits : number);
  if (!type) return {};
  return StoredType{*type, groups ? Layout::groups : Layout::rows};
}

uint32_t type_number(StoredType stored) {
  return std::to_underlying(stored.type) + (stored.layout == Layout::groups ? kGroupTypes : 0);
}

Result<> check_layout_version(const Metadata& metadata) {
  if (!metadata.contains(kLayoutKey)) return {};
  const int64_t version = STRIDE_TRY(metadata.integer(kLayoutKey));
  if (version == kLayoutVersion) return {};
  return fail(Errc::unsupported,
              "its rows are in groups of version {} (key {}), only version {} is read", version,
              kLayoutKey, kLayoutVersion);
}

Result<> check_layout(const Metadata& metadata, const Tensor& tensor) {
  if (tensor.layout == Layout::rows) return {};
  if (!metadata.contains(kLayoutKey))
    return fail(Errc::format, "is in groups of rows, but key {}, which says how, is missing",
                kLayoutKey);
  if (!quant::can_group(tensor.type, tensor.shape[1]))
    return fail(Errc::format, "is in groups of {} rows, in which {} rows of {} cannot be",
                quant::kGroupRows, tensor.shape[1], quant::type_name(tensor.type));
  return {};
}

bool repacks(const Tensor& tensor) {
  const std::string_view role = role_of(tensor.name);
  return quant::can_group(tensor.type, tensor.shape[1]) && role != "token_embd.weight" &&
         role != "nextn.embed_tokens.weight" && role != "ffn_gate_inp.weight";
}

std::span<const std::byte> take_rows(const Tensor& tensor, std::span<const std::byte> stored,
                                     uint64_t first, uint64_t n, std::vector<std::byte>& scratch) {
  const uint64_t row_bytes = tensor.bytes / tensor.rows();
  if (tensor.layout == Layout::rows) return stored.subspan(first * row_bytes, n * row_bytes);
  scratch.resize(n * row_bytes);
  const uint64_t group_bytes = quant::kGroupRows * row_bytes;
  for (uint64_t i = 0; i < n; ++i) {
    const uint64_t row = first + i;
    quant::ungroup_row(tensor.type, tensor.shape[0],
                       stored.subspan(row / quant::kGroupRows * group_bytes, group_bytes),
                       row % quant::kGroupRows,
                       std::span(scratch).subspan(i * row_bytes, row_bytes));
  }
  return scratch;
}

}  // namespace stride::format
