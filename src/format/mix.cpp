// SPDX-License-Identifier: Apache-2.0
#include "format/mix.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "format/layers.h"
#include "quant/codec.h"

namespace stride::format {
namespace {

using quant::Type;

// Numbers that other programs give to files of one type.
struct FileType {
  Type type;
  uint32_t number;
};
constexpr std::array kFileTypes = {
    FileType{Type::f32, 0},     FileType{Type::f16, 1},    FileType{Type::q4_0, 2},
    FileType{Type::q8_0, 7},    FileType{Type::q2_k, 10},  FileType{Type::q3_k, 12},
    FileType{Type::q4_k, 14},   FileType{Type::q5_k, 16},  FileType{Type::q6_k, 18},
    FileType{Type::iq4_nl, 25}, FileType{Type::iq3_s, 26}, FileType{Type::iq4_xs, 30},
    FileType{Type::bf16, 32},   FileType{Type::mxfp4, 38},
};
constexpr uint32_t kFileTypeQ4KS = 14;
constexpr uint32_t kFileTypeMxfp4Moe = 38;

std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return out;
}

bool stays_f32(const Tensor& tensor, std::string_view role) {
  return tensor.n_dims == 1 || role == "ffn_gate_inp.weight" || role.ends_with("norm.weight");
}

bool fits(const Tensor& tensor, Type type) {
  return tensor.shape[0] % quant::type_info(type)->block_values == 0;
}

std::string known_names() {
  std::string out = "Q4_K_S, MXFP4_MOE";
  for (const FileType& entry : kFileTypes) {
    if (quant::can_encode(entry.type)) out += fmt::format(", {}", quant::type_name(entry.type));
  }
  return out;
}

}  // namespace

Result<Mix> Mix::parse(std::string_view name) {
  const std::string wanted = upper(name);
  if (wanted == "Q4_K_S") return Mix(wanted, Recipe::q4_k_s, Type::q4_k, kFileTypeQ4KS);
  if (wanted == "MXFP4_MOE") return Mix(wanted, Recipe::mxfp4_moe, Type::q8_0, kFileTypeMxfp4Moe);
  const auto type = quant::type_from_name(wanted);
  const auto* entry =
      type ? std::ranges::find(kFileTypes, *type, &FileType::type) : kFileTypes.end();
  if (entry == kFileTypes.end() || !quant::can_encode(entry->type))
    return fail(Errc::invalid_argument, "{} is no type or mix that can be written; there are {}",
                name, known_names());
  return Mix(wanted, Recipe::plain, *type, entry->number);
}

Type Mix::wanted(std::string_view role, int layer, uint32_t n_layer) const {
  if (recipe_ == Recipe::plain) return type_;
  if (recipe_ == Recipe::mxfp4_moe) return role.ends_with("_exps.weight") ? Type::mxfp4 : type_;
  const auto trunk = static_cast<int>(n_layer);
  if (role == "output.weight" || role == "nextn.shared_head_head.weight") return Type::q6_k;
  if (role == "attn_v.weight" && layer < 4) return Type::q5_k;
  // Down projections of the first eighth of the layers, and of all dense ones.
  const bool down = role == "ffn_down_exps.weight" || role == "ffn_down_shexp.weight";
  if (down && layer < trunk / 8) return Type::q5_k;
  if (role == "ffn_down.weight" && layer < trunk) return Type::q5_k;
  return type_;
}

Mix::Choice Mix::choose(const Tensor& tensor, uint32_t n_layer) const {
  const std::string_view role = role_of(tensor.name);
  if (stays_f32(tensor, role)) return {Type::f32};
  const Type type = wanted(role, layer_of(tensor.name), n_layer);
  if (fits(tensor, type)) return {type};
  return {fits(tensor, Type::q8_0) ? Type::q8_0 : Type::f16, true};
}

}  // namespace stride::format
