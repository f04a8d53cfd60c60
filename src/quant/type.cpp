// SPDX-License-Identifier: Apache-2.0
#include "quant/type.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "base/check.h"

namespace stride::quant {
namespace {

constexpr std::array kTypes = {
    TypeInfo{Type::f32, "F32", 1, 4},         TypeInfo{Type::f16, "F16", 1, 2},
    TypeInfo{Type::q4_0, "Q4_0", 32, 18},     TypeInfo{Type::q8_0, "Q8_0", 32, 34},
    TypeInfo{Type::q2_k, "Q2_K", 256, 84},    TypeInfo{Type::q3_k, "Q3_K", 256, 110},
    TypeInfo{Type::q4_k, "Q4_K", 256, 144},   TypeInfo{Type::q5_k, "Q5_K", 256, 176},
    TypeInfo{Type::q6_k, "Q6_K", 256, 210},   TypeInfo{Type::iq4_nl, "IQ4_NL", 32, 18},
    TypeInfo{Type::iq3_s, "IQ3_S", 256, 110}, TypeInfo{Type::iq4_xs, "IQ4_XS", 256, 136},
    TypeInfo{Type::bf16, "BF16", 1, 2},       TypeInfo{Type::mxfp4, "MXFP4", 32, 17},
};

bool same_name(std::string_view a, std::string_view b) {
  return std::ranges::equal(
      a, b, [](unsigned char x, unsigned char y) { return std::toupper(x) == std::toupper(y); });
}

}  // namespace

const TypeInfo* type_info(Type type) {
  const auto* it = std::ranges::find(kTypes, type, &TypeInfo::type);
  return it == kTypes.end() ? nullptr : it;
}

std::optional<Type> type_from_number(uint32_t n) {
  const TypeInfo* info = type_info(static_cast<Type>(n));
  return info ? std::optional(info->type) : std::nullopt;
}

std::optional<Type> type_from_name(std::string_view name) {
  for (const TypeInfo& info : kTypes) {
    if (same_name(info.name, name)) return info.type;
  }
  return std::nullopt;
}

std::string_view type_name(Type type) {
  const TypeInfo* info = type_info(type);
  return info ? info->name : "unknown";
}

size_t row_bytes(Type type, size_t n) {
  const TypeInfo* info = type_info(type);
  STRIDE_CHECK(info && n % info->block_values == 0);
  return n / info->block_values * info->block_bytes;
}

}  // namespace stride::quant
