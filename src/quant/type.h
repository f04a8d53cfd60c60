// SPDX-License-Identifier: Apache-2.0
// The tensor types Stride reads and their block sizes. Numbers are those of the GGUF format.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace stride::quant {

enum class Type : uint32_t {
  f32 = 0,
  f16 = 1,
  q4_0 = 2,
  q8_0 = 8,
  q2_k = 10,
  q3_k = 11,
  q4_k = 12,
  q5_k = 13,
  q6_k = 14,
  iq4_nl = 20,
  iq3_s = 21,
  iq4_xs = 23,
  bf16 = 30,
  mxfp4 = 39,
};

struct TypeInfo {
  Type type;
  std::string_view name;  // as users write it: "Q4_K"
  uint32_t block_values;  // values a block holds
  uint32_t block_bytes;   // bytes a block takes
};

// Every type, in the order of their numbers.
const TypeInfo* type_info(Type type);              // null for a number that is no Type
std::optional<Type> type_from_number(uint32_t n);  // nullopt for a type that Stride does not read
std::optional<Type> type_from_name(std::string_view name);  // case does not matter
std::string_view type_name(Type type);

// Bytes of n consecutive values. Requires n % block_values == 0.
size_t row_bytes(Type type, size_t n);

}  // namespace stride::quant
